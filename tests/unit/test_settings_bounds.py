"""Settings have ends: no number that is none, none that is huge, no bytes that are no text, wherever they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields

from runtime.errors import InvalidInput
from runtime.settings import Settings

NUMBERS = [f.name for f in fields(Settings) if isinstance(f.default, int | float) and not isinstance(f.default, bool)]
TEXTS = [f.name for f in fields(Settings) if isinstance(f.default, str)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "1e400", "9" * 30, "1e30", "x", "\udcff", "٣x"])
def test_a_number_that_is_none_or_has_no_end_is_refused(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=name):
        Settings.load(env={f"FORKJOIN_{name.upper()}": value}, file=tmp_path / "none")
    with pytest.raises(InvalidInput):
        Settings.load({name: value}, env={}, file=tmp_path / "none")


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "1" * 40])
@pytest.mark.parametrize("name", NUMBERS)
def test_the_settings_file_has_the_same_ends(name: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f"{name} = {value}\n")
    with pytest.raises(InvalidInput, match="settings"):
        Settings.load(env={}, file=tmp_path / "settings.toml")


@pytest.mark.parametrize("text", [b"store = '\xff\xfe'\n", b"store = \n", b"[" * 100_000, b"\x00", b"a = 1\na = 2"])
def test_a_settings_file_that_cannot_be_read_is_a_sentence(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(text)
    with pytest.raises(InvalidInput, match="settings file"):
        Settings.load(env={}, file=tmp_path / "settings.toml")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["\udcff\udcfe", "x" * 5_000, "a\0b"])
def test_a_text_that_is_none_is_refused(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=name):
        Settings.load(env={f"FORKJOIN_{name.upper()}": value}, file=tmp_path / "none")
