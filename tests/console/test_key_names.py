"""A remapped key is named as it is, wherever keys are named; what a remapping takes from others is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.commands.registry import BY_ID, COMMANDS
from console.key_bindings import PLAIN, keymap_of, remapped, said
from runtime.errors import InvalidInput
from tests.console.world import at_night, story

OTHER = {
    "retry": "f5",
    "skip": "ctrl+k",
    "poll": "f6",
    "actions": "f7",
    "cancel": "ctrl+x",
    "why": "f8",
    "enter": "f9",
    "help": "f10",
    "filter": "ctrl+f",
    "prompt": "f11",
    "problems": "ctrl+a",
    "palette": "f12",
    "hold": "ctrl+h",
    "wake": "ctrl+t",
    "start": "ctrl+b",
    "ack": "ctrl+e",
    "send": "ctrl+w",
    "go_prefix": "ctrl+g",
    "back": "ctrl+o",
    "screen_workflows": "ctrl+v",
}


def names_of(text: str) -> list[str]:
    """Commands named by their own key in a text, like `R retry` or `esc clears`, though they have another."""
    wrong = []
    for command_id in OTHER:
        command = BY_ID[command_id]
        old, label = re.escape(command.key_shown()), re.escape(command.label or command_id)
        if re.search(rf"(?<![\w+:/]){old} +({label}|{re.escape(command_id)}|clears|shows the runs)\b", text):
            wrong.append(f"{command.key_shown()} {command_id}")
    return wrong


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_wherever_keys_are_named(tmp_path: Path, size: tuple[int, int]) -> None:
    async def told() -> None:
        async with at_night(tmp_path, size, keys=OTHER) as desk:
            keys = ("2", "3", "4", "ctrl+v", "6", "7", "1")
            screens = [desk.screen, *[await desk.press(key) for key in keys]]
            for opened in ("f7", "f10", "f12"):
                screens.append(await desk.press(opened))
                await desk.press("escape")
            screens.append(await desk.press("f5"))
            assert "Retry" in screens[-1] or "retry" in desk.message
            await desk.press("escape")
            for screen in screens:
                assert names_of(screen) == [], screen
            assert any("f5" in screen for screen in screens)
            assert "ctrl+k" in "".join(screens)
            await desk.press("R")
            assert "Retry" not in desk.screen.split("\n")[8:]

    story(told())


def test_no_text_of_a_command_names_a_key_of_another_by_itself() -> None:
    for command in COMMANDS:
        filled = keymap_of(OTHER).fill(command.text())
        assert names_of(filled) == [], command.id
        assert "{" not in PLAIN.fill(command.text())


def test_every_key_is_shown_as_people_write_it() -> None:
    for command in COMMANDS:
        if command.key and not command.key_display:
            assert said(command.key.split(",")[0]).isprintable()
        assert PLAIN.shown(command.id) == (command.key_shown() or f":{command.id}")


@pytest.mark.parametrize(
    ("keys", "sentences", "named"),
    [
        ({"retry": "f5"}, [], {"retry": "f5"}),
        (
            {"retry": "x"},
            ["x is retry now, no longer failure", "failure has no key, :failure"],
            {"failure": ":failure"},
        ),
        ({"retry": "x", "failure": "R"}, [], {"retry": "x", "failure": "R"}),
        ({"retry": "f5", "skip": "f5"}, ["f5 is given to retry and skip", "skip has no key"], {"skip": ":skip"}),
        ({"retry": ""}, ["retry has no key, :retry does it"], {"retry": ":retry"}),
        ({"next_pane": "f3"}, [], {"history": "f3"}),
        ({"go_prefix": "h"}, [], {"graph": "h f", "go_prefix": "h h"}),
        ({"follow": "f4"}, [], {"graph": "g f4"}),
        ({"help": "question_mark"}, [], {"help": "?"}),
        ({"prompt": "", "retry": ""}, ["retry has no key"], {"retry": "retry"}),
        ({"stop_bulk": "R"}, [], {"retry": "R", "stop_bulk": "R"}),
    ],
)
def test_what_a_remapping_takes_is_told(keys: dict[str, str], sentences: list[str], named: dict[str, str]) -> None:
    made = keymap_of(keys)
    assert len(made.told) >= len(sentences)
    assert bool(made.told) is bool(sentences)
    for sentence in sentences:
        assert any(sentence in told for told in made.told), made.told
    assert {name: made.shown(name) for name in named} == named


def test_it_is_told_at_the_start(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, keys={"retry": "x"}) as desk:
            assert "x is retry now, no longer failure" in desk.message

    story(told())


@pytest.mark.parametrize(
    "line", ["retry = 5", 'retry = "F55"', 'retry = "Ctrl+R"', "retry = true", 'retry = ["f5"]', 'fly = "f5"']
)
def test_what_cannot_be_a_key_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"[keys]\n{line}\n")
    with pytest.raises(InvalidInput) as problem:
        remapped(file)
    assert str(file) in problem.value.message
    assert line.split()[0] in problem.value.message


def test_keys_are_named_as_they_are_or_by_their_character(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[keys]\nhelp = "?"\nretry = "f5, ctrl+r"\nskip = "plus"\nfilter = ","\n')
    found = {"help": "question_mark", "retry": "f5,ctrl+r", "skip": "plus", "filter": "comma"}
    assert remapped(file) == found
