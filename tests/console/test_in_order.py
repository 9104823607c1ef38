"""What is typed means the same however fast it comes; marks, ids and edits are what the operator saw."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste

from console.commands import editing
from console.feed import Lane
from tests.console.test_every_key import SIGNS
from tests.console.world import Desk, World, at_night, console, story

SEQUENCES: dict[str, tuple[str, ...]] = {
    "filter, then act": ("slash", *"mail", "enter", "C"),
    "filter of none, then act": ("slash", *"nothing", "enter", "C"),
    "another screen, then a key of Runs": ("3", "w"),
    "another screen, then down": ("2", "j", "R"),
    "command line": ("colon", *"acts", "enter", "j", "j"),
    "command line with a dialog": ("colon", *"hold", "enter", "j", "2"),
    "down, then act": ("j", "j", "W"),
    "end, then act": ("G", "C"),
    "marks, then act": ("space", "j", "V", "P"),
    "all, then act": ("asterisk", "R"),
    "attention, then its runs, then act": ("2", "enter", "p", "C"),
    "a form": ("5", "j", "ctrl+n", "tab", "tab", "x"),
    "a choice of forms": ("ctrl+n", "j", "enter", "tab", *"abc"),
    "a pane, then the list": ("w", "j", "j", "escape", "j", "C"),
    "a pane, found": ("w", "slash", *"needs", "enter", "n"),
    "help, then another": ("question_mark", "slash", *"copy", "enter"),
    "palette": ("ctrl+p", *"wake", "down", "enter"),
    "compare": ("space", "space", "equals_sign"),
    "sort, then act": ("s", "s", "G", "C"),
    "a chord": ("j", "g", "f", "bracketleft", "escape"),
    "pause, then resume": ("P", "tab", "tab", "tab", "enter", "P"),
    "hold": ("H", "down", "tab", *"why", "tab", "tab", "enter", "6"),
    "undo": ("j", "R", "tab", "tab", "tab", "enter", "u"),
    "out and in": ("C", "escape", "slash", "escape", "w", "q", "j", "x"),
}


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Desk]:
    """A console on a few runs: one has failed, one waits, one works."""
    world = World(folder)
    start = world.runtime.commands.start
    start("profile_update", {"emailOutcome": "failed"}, "mail-7")
    start("release_approval", {}, "rel-2.14")
    start("profile_update", {"emailOutcome": "completed", "emailDuration": "1 hour"}, "slow-3")
    await world.run_for(6, step=2)
    try:
        async with console(world) as desk:
            yield desk
    finally:
        await world.close()


def send(desk: Desk, keys: tuple[str, ...]) -> None:
    for key in keys:
        desk.app.post_message(Key(key, SIGNS.get(key, key if len(key) == 1 else None)))


def seen(desk: Desk) -> list[str]:
    """The screen, without ids that are made up anew and receipts that come when they come."""
    app: Any = desk.app
    runs: Any = app.query_one("#view-runs")
    return [
        app.view.name_id,
        type(app.screen).__name__,
        str(getattr(getattr(app.screen, "plan", None), "title", "")),
        str(getattr(app.screen, "menu_title", "")),
        str(getattr(app.screen, "option", "")),
        str(getattr(app.focused, "id", "")),
        str(getattr(app.focused, "value", "")),
        str(runs.run.id if runs.run else None),
        str(runs.area.pane.id),
        runs.state.whole_filter,
        str(runs.source.marks.ids),
        runs.state.sort,
        str([a.verb for a in desk.world.runtime.store.acts.newest()]),
        str([h.scope for h in desk.world.runtime.store.holds.all()]),
    ]


@pytest.mark.parametrize("name", SEQUENCES)
def test_keys_in_one_piece_mean_what_they_mean_one_by_one(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> None:
        keys = SEQUENCES[name]
        async with at_work(tmp_path / "slow") as desk:
            await desk.press(*keys)
            wanted = seen(desk)
        ask = Lane._next

        def late(lane: Lane) -> Any:
            # A store that takes its time: every answer comes after the next key.
            work = ask(lane)
            time.sleep(0.02)
            return work

        monkeypatch.setattr(Lane, "_next", late)
        async with at_work(tmp_path / "fast") as desk:
            send(desk, keys)
            await desk.settle()
            assert seen(desk) == wanted, desk.screen

    story(told())


def test_a_range_is_of_runs_not_of_places(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        for n in range(8):
            world.runtime.commands.start("profile_update", {"emailOutcome": "completed"}, f"r-{n}")
        async with console(world) as desk:
            runs: Any = desk.app.view
            refused = await desk.press("j", "V")
            assert "no run was marked before" in desk.message and " marked" not in desk.row("8 runs"), refused
            while runs.state.sort != "id":
                await desk.press("s")
            await desk.press("home", "j", "space")
            assert runs.source.marks.ids == ("r-1",)
            for n in range(4):
                world.runtime.commands.start("profile_update", {}, f"a-{n}")
            await desk.press("full_stop")
            await desk.press("G", "V")
            assert runs.source.marks.ids == tuple(f"r-{n}" for n in range(1, 8)), "none that nobody chose"
            await desk.press("slash")
            await desk.type("r-3")
            await desk.press("enter")
            assert "7 marked, 6 out of sight of the filter" in desk.screen
            assert "r-1, marked last, is not in this list" in (await desk.press("V")) + desk.message
            dialog = await desk.press("C")
            assert "7 marked, 6 out of sight of the filter; all of them are meant" in dialog
            await desk.press("escape", "p")
            assert "7 marked, 6 out of sight of the filter" in desk.message
            await desk.press("escape")
            assert "marked" not in desk.row("runs")
        await world.close()

    story(told())


def test_a_run_gets_the_id_its_dialog_promised_or_none(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            known = {r.id for r in desk.world.runtime.store.runs.query(limit=None)}
            app: Any = desk.app
            for keys in (("5", "down", "ctrl+n"), ("1", "ctrl+r")):
                await desk.press(*keys)
                promised = str(app.screen.effects)
                assert promised in (promised, "")
                words = app.screen.plan.command(app.screen.answers()[0])
                wanted = words[words.index("--id") + 1]
                assert wanted in promised, "the effect names it, and the command gives it"
                await desk.confirm()
                (new,) = {r.id for r in desk.world.runtime.store.runs.query(limit=None)} - known
                assert new == wanted
                known.add(new)
            await desk.press("1", "ctrl+r")
            words = app.screen.plan.command(app.screen.answers()[0])
            taken = words[words.index("--id") + 1]
            desk.world.runtime.commands.start("profile_update", {}, taken)
            await desk.confirm()
            assert f"The run id {taken} is taken" in desk.message
            assert len(desk.world.runtime.store.runs.query(limit=None)) == len(known) + 1

    story(told())


def test_what_was_edited_is_kept_until_it_is_saved_or_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            given: list[str] = []

            def write(app: Any, text: str) -> str:
                given.append(text)
                return text.replace("user-1042", "user-7")

            monkeypatch.setattr(editing, "edited", write)
            await desk.press("E")
            (path,) = desk.app.drafts.files
            assert path.stat().st_mode & 0o777 == 0o600 and "user-7" in path.read_text()
            assert str(path)[:30] in desk.screen
            await desk.press("escape")
            assert "Not saved yet" in desk.screen
            await desk.press("escape")
            assert "Save the state of blind-5" in desk.screen, "escape goes back to it"
            await desk.press("escape", "enter")
            assert f"is kept in {path}" in desk.message
            assert path.exists()
            await desk.press("E")
            assert "An edit of blind-5 was not saved" in desk.screen
            await desk.press("enter")
            assert "user-7" in given[-1], "what was written is offered again"
            changed = {**desk.world.runtime.store.runs.get("blind-5").state, "userId": "user-9"}  # type: ignore[union-attr]
            desk.world.runtime.commands.edit("blind-5", changed)
            await desk.confirm()
            assert "was changed by others while it was edited" in desk.message
            (path,) = desk.app.drafts.files
            assert "user-7" in path.read_text() and str(path) in desk.message
            await desk.press("escape", "enter", "E", "enter")
            await desk.confirm()
            await desk.look()
            assert desk.world.runtime.store.runs.get("blind-5").state["userId"] == "user-7"  # type: ignore[union-attr]
            assert not desk.app.drafts and not path.exists()

    story(told())


def test_a_paste_goes_into_fields_only(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            before = seen(desk)
            desk.app.post_message(Paste("C\nR\nq\n" * 10_000))
            await desk.settle()
            assert "Nothing was pasted" in desk.message
            assert seen(desk) == before
            await desk.press("slash")
            desk.app.post_message(Paste("id:mail-7\n\x1b[31m\n"))
            await desk.settle()
            assert getattr(desk.app.focused, "value", "") == "id:mail-7 [31m"

    story(told())


def test_a_long_wait_can_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console import typed

    async def told() -> None:
        async with at_night(tmp_path) as desk:
            monkeypatch.setattr(typed, "PATIENCE_SECONDS", 0.0)
            desk.app.feed.hold()
            await desk.pilot.press("s")
            send(desk, ("C", "C"))
            await desk.pilot.pause()
            assert not desk.app.typed.idle
            send(desk, ("escape",))
            for _ in range(50):
                await desk.pilot.pause()
            assert desk.app.typed.idle and len(desk.app.screen_stack) == 1
            assert "dropped" in desk.message
            desk.app.feed.release()
            await desk.settle()

    story(told())
