"""Whatever bytes a terminal sends: they are keys and pastes, or nothing, in whatever pieces they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import AppBlur, AppFocus, Key, Paste
from textual.message import Message

from console.incoming import PASTE_LIMIT, Incoming
from console.widgets.line import PASTE_LIMIT as LINE_LIMIT
from console.widgets.line import one_line


def told(messages: list[Message]) -> list[str]:
    return [
        m.key if isinstance(m, Key) else f"paste {m.text!r}" if isinstance(m, Paste) else type(m).__name__
        for m in messages
    ]


def read(*pieces: bytes) -> list[str]:
    incoming = Incoming()
    messages = [m for piece in pieces for m in incoming.feed(piece)]
    return told([*messages, *incoming.rest()])


CASES: list[tuple[bytes, list[str]]] = [
    (b"jk", ["j", "k"]),
    ("é漢".encode(), ["é", "漢"]),
    (b"\xff", ["replacement_character"]),
    (b"\xc3(", ["replacement_character", "left_parenthesis"]),
    (b"\xe6\xbc", []),
    (b"\x1b", ["escape"]),
    (b"\x1b\x1b", ["escape", "escape"]),
    (b"\x1bC", ["escape", "C"]),
    (b"\x1b\xc3\xa9", ["escape", "é"]),
    (b"\x1b[A\x1b[6~\x1bOP\x1b[1;5C", ["up", "pagedown", "f1", "ctrl+right"]),
    (b"\x1b[[A", ["f1"]),
    (b"\x1b[M !!j", ["j"]),
    (b"\x1b[M \x80\xffj", ["j"]),
    (b"\x1b[M\x1b[A", []),
    (b"\x1b[<0;10;5Mj", ["MouseDown", "j"]),
    (b"\x1b[<0;999999999999999999999;5Mj", ["MouseDown", "j"]),
    (b"\x1b[32;10;5Mj", ["j"]),
    (b"\x1b[I\x1b[O", ["AppFocus", "AppBlur"]),
    (b"\x1b[97;5u", ["ctrl+a"]),
    (b"\x1b[1114112u\x1b[99999999999999999999uj", ["j"]),
    (b"\x1b[97;1:3uj", ["j"]),
    (b"\x1b[5;5Xj", ["j"]),
    (b"\x1b[48;50000;50000;1;1tj", ["j"]),
    (b"\x1b[" + b"9;" * 500 + b"Cj", ["j"]),
    (b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07j", ["j"]),
    (b"\x1b]52;c;" + b"Q" * 100_000 + b"\x1b\\j", ["j"]),
    (b"\x1bP1$r0m\x1b\\\x1b_Gi=1;OK\x1b\\j", ["j"]),
    (b"\x1b]0;never ends", []),
    (b"\x1b[200~one\x00\r\ntwo \x1b[31mred\x1b[0m\x1b[201~j", ["paste 'one\\r\\ntwo \\x1b[31mred\\x1b[0m'", "j"]),
    (b"\x1b[200~never ends q", ["paste 'never ends q'"]),
    (b"\x1b[201~j", ["j"]),
    (b"\x1b[200~\xff\xfe\x1b[201~", ["paste '\ufffd\ufffd'"]),
    (b"\x00\x1c\x1d\x1e\x1f", [""] * 5),
]


@pytest.mark.parametrize(("data", "keys"), CASES)
def test_bytes_mean_keys_pastes_or_nothing(data: bytes, keys: list[str]) -> None:
    got = read(data)
    assert len(got) == len(keys), got
    assert all(k in ("", g) for k, g in zip(keys, got, strict=True)), got


@pytest.mark.parametrize("data", [case for case, _ in CASES])
def test_pieces_of_any_size_mean_the_same(data: bytes) -> None:
    if len(data) > 5_000:
        pytest.skip("byte by byte is enough of the short ones")
    assert read(*(data[n : n + 1] for n in range(len(data)))) == read(data)
    for n in range(len(data)):
        assert read(data[:n], data[n:]) == read(data)


PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\x1b", b"\x1b[", b"\x1b[M", b"\x1b[<", b"\x1b[200~", b"\x1b[201~", b"\x1b]", b"\x1bO", b"u", b";"]
    ),
)


@given(st.lists(PIECES, max_size=20))
def test_nothing_raises_and_pieces_do_not_matter(pieces: list[bytes]) -> None:
    assert read(*pieces) == read(b"".join(pieces))


def test_a_paste_is_bounded_and_its_line_is_clean() -> None:
    (message,) = list(Incoming().feed(b"\x1b[200~" + b"x" * (PASTE_LIMIT + 10) + b"\x1b[201~"))
    assert isinstance(message, Paste) and len(message.text) == PASTE_LIMIT
    assert one_line("\n".join(["a\x1b[31m\x00", "  ", "b\u202e"] * 10_000))[:12] == "a[31m b a[31"
    assert len(one_line("word\n" * 100_000)) == LINE_LIMIT
    assert one_line("\n\x00\n") == ""


def test_focus_is_told() -> None:
    messages = list(Incoming().feed(b"\x1b[I\x1b[O"))
    assert isinstance(messages[0], AppFocus) and isinstance(messages[1], AppBlur)
