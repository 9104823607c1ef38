"""Text from outside is shown, never interpreted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.masking import mask
from runtime.safe_text import clean, encodable, json_text

UNSAFE = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u200b", "\u2066", "\ufeff"}


@pytest.mark.parametrize(
    ("nasty", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\nb\tc", "a␊b    c"),
        ("\x7f", "␡"),
        ("\x9b", "\\u{9b}"),
        ("\u202eevil", "\\u{202e}evil"),
        ("\ud800", "\\u{d800}"),
        ("[@click=quit]x[/]", "[@click=quit]x[/]"),
        ("e" + "\u0301" * 9, "e\u0301\u0301"),
        ("x" * 10, "xxxxx... (10 characters)"),
    ],
)
def test_nasty_text_is_visible_and_harmless(nasty: str, shown: str) -> None:
    assert clean(nasty, 5 if nasty == "x" * 10 else 500) == shown


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 40))
def test_nothing_unsafe_is_left_and_the_length_is_bounded(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert not UNSAFE & set(shown)
    shown.encode()
    assert len(shown) <= 10 * limit + 40


@given(st.text(st.characters(exclude_categories=())))
def test_json_text_is_exact_and_harmless(text: str) -> None:
    written = json_text({"v": text}, indent=None)
    assert not UNSAFE & set(written)
    assert json.loads(written) == {"v": text}


def test_secrets_are_masked_deep_and_short_ones_left() -> None:
    value = {"k": ["token hunter2!", {"hunter2!": "abc"}]}
    assert mask(value, {"hunter2!", "abc"}) == {"k": ["token ***", {"***": "abc"}]}


def test_what_stdout_cannot_encode() -> None:
    assert encodable("ok ✓", "ascii") == "ok \\u{2713}"
    assert encodable("ok ✓", "utf-8") == "ok ✓"
