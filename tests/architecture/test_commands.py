"""Every command of the console explains itself, has a key of its own, and names a command line that exists."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from console.cli.main import NAMES
from console.commands.base import Command, Group
from console.commands.registry import BY_ID, COMMANDS
from console.key_bindings import bindings, remapped
from console.panes.registry import PANES
from console.screens.registry import VIEWS
from runtime.errors import InvalidInput


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.id)
def test_a_command_explains_itself(command: type[Command]) -> None:
    assert command.text().endswith("."), command.id
    if command.writes:
        assert command.group is Group.ACT
        assert command.cli.split()[1] in NAMES, command.cli


def test_ids_and_keys_are_not_given_twice() -> None:
    assert len(BY_ID) == len(COMMANDS)
    for view in VIEWS:
        here = [c for c in COMMANDS if not c.screens or view.screen_name.id in c.screens]
        keys = Counter(key for c in here for key in c.key.split(",") if key)
        assert [key for key, count in keys.items() if count > 1] == [], view.screen_name.id


def test_every_key_has_an_id_and_nothing_destructive_is_on_ctrl_and_a_letter() -> None:
    assert all(binding.id for binding in bindings())
    on_ctrl = {c.id for c in COMMANDS if c.writes and "ctrl+" in c.key}
    assert on_ctrl == {"start", "restart"}, "both only make a new run, and ask first"


def test_lower_case_looks_and_upper_case_asks_first() -> None:
    harmless = {"poll", "undo"}
    for command in COMMANDS:
        if command.writes and len(command.key) == 1 and command.id not in harmless:
            assert command.key.isupper(), command.id


def test_screens_are_numbered_in_order_and_panes_have_names_of_their_own() -> None:
    assert [view.screen_name.number for view in VIEWS] == list(range(1, len(VIEWS) + 1))
    assert len({pane.id for pane in PANES}) == len(PANES)


def test_a_key_for_an_unknown_command_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[keys]\nretry = "f5"\nrun_away = "x"\n')
    with pytest.raises(InvalidInput, match="run_away"):
        remapped(file)
    file.write_text('[keys]\nretry = "f5"\n')
    assert remapped(file) == {"retry": "f5"}
