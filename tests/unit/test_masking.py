"""A secret is masked however it is spelt, and nothing else is."""

from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.masking import MASK, mask, masker
from tests.secrets import ODD, spellings


@pytest.mark.parametrize(("secret", "name"), [(s, name) for s in ODD for name in spellings(s)])
def test_every_spelling_is_masked_and_what_stands_around_it_is_kept(secret: str, name: str) -> None:
    text = spellings(secret)[name]
    if len(text) > 10:  # Each piece of a short one could be anything.
        shown = masker([secret]).text(f"before [{text}] after")
        assert MASK in shown
        assert shown.startswith("before [") and shown.endswith("] after")
        assert text not in shown
        left = re.sub(r"Basic|dXNlcj|ValueError|bad|user", "", shown[8:-7].replace(MASK, ""))
        assert not any(piece in left for piece in _pieces(text)) or "in lines" in name


def _pieces(text: str) -> list[str]:
    """Runs of 8 characters: half a secret is one too."""
    return [text[at : at + 8] for at in range(3, len(text) - 11, 4)]


def test_what_a_value_is_made_of_is_masked_too() -> None:
    cases = {
        "https://admin:hunter2!@jobs.example/x": ["hunter2!", base64.b64encode(b"admin:hunter2!").decode()],
        "https://admin:p%40ss%2Fword@jobs.example": ["p@ss/word", "p%40ss%2Fword"],
        "Bearer abc.def-ghi": ["abc.def-ghi"],
        "Basic " + base64.b64encode(b"bob:opensesame").decode(): ["opensesame"],
        "  padded-token\n": ["padded-token"],
        "first line of it\nsecond line of it": ["second line of it"],
    }
    for value, shown in cases.items():
        for text in shown:
            assert text not in masker([value]).text(f"it said {text}!"), text


def test_numbers_keys_and_nested_values_are_masked_and_keys_stay_apart() -> None:
    value = {"a 12345678": [12345678, 1234567, True], "a 12345678\n": {"12345678": None}}
    assert mask(value, {"12345678"}) == {f"a {MASK}": [MASK, 1234567, True], f"a {MASK}\n": {MASK: None}}
    assert len(mask({"k1secret": 1, "k1\\u0073ecret": 2}, {"secret"})) == 2


def test_a_secret_that_was_cut_in_two_is_masked_at_both_edges() -> None:
    hide = masker(["s3cret-token-value"])
    assert hide.text("says s3cret-tok", cut_after=True) == f"says {MASK}"
    assert hide.text("n-value is it", cut_before=True) == f"{MASK} is it"
    assert hide.text("says s3cret-tok") == "says s3cret-tok"
    for limit in range(1, 40):
        shown = hide.tail("x" * 30 + "s3cret-token-value and more", limit)
        assert "value"[-1] not in shown.replace("x", "").replace(" and more", "") or limit <= 9
        assert not any("s3cret-token-value"[at : at + 4] in shown for at in range(14))


def test_a_tail_of_nothing_but_secrets_does_not_show_the_edge() -> None:
    shown = masker(["s3cret-token-value"]).tail("token-value" + "s3cret-token-value" * 500, 100)
    assert set(shown) == {"*"}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(ODD))
def test_text_without_the_secret_is_left_as_it_is(text: str, secret: str) -> None:
    if len(secret) > 4 and secret not in text:
        assert masker([secret]).text(text) == text


@given(st.text(min_size=8, max_size=30), st.text(max_size=20), st.text(max_size=20), st.integers(0, 3))
def test_any_secret_is_found_in_json_of_json(secret: str, before: str, after: str, levels: int) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    text = f"{before}{secret}{after}".encode("utf-8", "replace").decode()
    for _ in range(levels):
        text = json.dumps(text)
    shown = masker([secret]).text(text)
    for _ in range(levels):
        try:
            shown = json.loads(shown)
        except ValueError:
            break
    assert secret not in shown or secret in MASK


def test_a_long_text_full_of_escapes_is_left_as_it_is() -> None:
    text = '\\"%41&amp;\n' * 5_000
    assert masker(ODD).text(text) == text
