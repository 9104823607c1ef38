"""A setting of the wrong kind in the settings file is refused with its name, the file and what it must be."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import FieldInfo, fields

from console.saved_views import saved_views
from runtime.errors import InvalidInput
from runtime.settings import Settings

KINDS: dict[type, tuple[str, list[str], list[str]]] = {
    bool: ("true or false", ["true", "false"], ['"true"', "1", "0.5", "[true]", "{a = 1}"]),
    int: ("a whole number", ["20"], ['"20"', "true", "2.5", "[20]", "2026-01-01"]),
    float: ("a number", ["20", "2.5"], ['"20"', "true", "[2.5]"]),
    tuple: ("a list of texts", ['["/a", "/b"]', '"/a"'], ["5", "true", "[5]", '[["/a"]]']),
    str: ("text", ['"info"', "'text'"], ["5", "true", '["info"]', "2026-01-01"]),
}


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda f: f.name)
def test_every_setting_has_a_kind(tmp_path: Path, setting: FieldInfo) -> None:
    file = tmp_path / "settings.toml"
    said, good, bad = KINDS[type(setting.default)]
    for value in bad:
        file.write_text(f"{setting.name} = {value}\n")
        with pytest.raises(InvalidInput) as problem:
            Settings.load(env={}, file=file)
        assert problem.value.exit_code == 2
        for part in (str(file), setting.name, said):
            assert part in problem.value.message, problem.value.message
    taken = 0
    for value in good:
        file.write_text(f"{setting.name} = {value}\n")
        try:
            Settings.load(env={}, file=file)
            taken += 1
        except InvalidInput as problem_:
            assert "must be" not in problem_.message  # Of the right kind, but no such level or format.
    assert taken


def test_the_environment_has_text_only(tmp_path: Path) -> None:
    env = {"FORKJOIN_READ_ONLY": "yes", "FORKJOIN_BATCH_SIZE": "20", "FORKJOIN_SWEEP_SECONDS": "2.5"}
    made = Settings.load(env=env, file=tmp_path / "none.toml")
    assert (made.read_only, made.batch_size, made.sweep_seconds) == (True, 20, 2.5)


@pytest.mark.parametrize(
    ("line", "said"),
    [("views = 5", "views"), ("[views]\nnight = 5", "views.night"), ('[views]\nnight = "is:blue"', "views.night")],
)
def test_saved_views_are_filters(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line + "\n")
    with pytest.raises(InvalidInput) as problem:
        saved_views(file)
    assert str(file) in problem.value.message
    assert said in problem.value.message
    file.write_text('[views]\nnight = "is:lost"\n')
    assert [view.where for view in saved_views(file) if view.name == "night"] == ["is:lost"]
