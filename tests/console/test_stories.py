"""What an on-call engineer does at the console, on a manual clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.commands.registry import COMMANDS
from tests.console import world as worlds
from tests.console.world import World, at_night, console, night, story
from tests.postgres import new_database


@pytest.fixture(params=["embedded", "postgres"], autouse=True)
def _store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every story is told twice: over the embedded store, and over PostgreSQL."""
    if request.param == "postgres":
        url = new_database()
        monkeypatch.setattr(worlds, "MAKE_STORE", lambda _: url)


def test_the_console_opens_on_the_worst_run_with_its_why_and_keys_on_screen(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            rows = [
                line for line in desk.lines if (line[1:2] in "✗z✓◊" and "profile_update" in line) or "rel-2.14" in line
            ]
            assert "blind-5" in rows[0]
            assert rows[0].startswith(">"), "the cursor stands on it"
            assert "[stale]" in rows[0]
            assert "join-tasks needs 2 of 2 (allSettled): 1 completed, 0 failed, 1 open" in desk.screen
            assert "You can:" in desk.screen
            assert "p poll now" in desk.screen

    story(told())


def test_a_failed_branch_is_found_understood_and_retried_until_the_run_is_whole(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j")
            assert "mail-7" in desk.row(">")
            shown = await desk.press("e")
            assert "mailbox of user-1042 is full" in shown
            assert "Runbook" in shown
            dialog = await desk.press("R")
            assert "(*) 1 new-attempt" in dialog
            assert "start again as attempt 2" in dialog
            assert "forkjoin retry mail-7" in dialog
            await desk.later(1)
            assert "it has failed" in desk.screen, "the scheduler asked the system"
            assert "Effect" in desk.screen
            await desk.confirm()
            assert "accepted, act" in desk.message
            await desk.later(7)
            await desk.later(4)
            assert desk.world.runtime.store.runs.get("mail-7").failed_branches == 0  # type: ignore[union-attr]
            assert "completed" in desk.row("mail-7")

    story(told())


def test_an_act_is_taken_back_within_its_window(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j", "R")
            await desk.confirm()
            assert "accepted, act" in desk.message
            await desk.press("u")
            assert "undone" in desk.message
            await desk.later(10)
            assert desk.world.runtime.store.runs.get("mail-7").failed_branches == 1  # type: ignore[union-attr]
            await desk.press("u")
            assert "Too late to undo" in desk.message

    story(told())


def test_an_approval_is_sent_with_a_form_made_from_the_schema(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j", "j")
            form = await desk.press("W")
            assert "Send event approve to rel-2.14" in form
            assert "( ) true" in form
            before = desk.world.runtime.store.runs.get("rel-2.14")
            await desk.press("space", "tab")
            await desk.type("mia")
            await desk.confirm()
            assert "accepted" in desk.message, desk.screen
            await desk.later(2)
            after = desk.world.runtime.store.runs.get("rel-2.14")
            assert before is not None and after is not None
            assert after.revision > before.revision
            assert "decide" in str(after.visits)

    story(told())


def test_a_hold_is_seen_on_every_screen_and_released_again(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("H", "down", "down", "down", "tab")
            await desk.type("provider outage")
            await desk.confirm()
            await desk.look()
            assert desk.world.runtime.store.holds.all()
            for key in ("2", "4", "6", "1"):
                assert "provider outage" in await desk.press(key)
            await desk.press("H")
            assert "release: held by mia" in desk.screen
            await desk.confirm()
            assert not desk.world.runtime.store.holds.all()

    story(told())


def test_what_is_impossible_says_why_and_what_is_possible_instead(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j", "j", "j", "j")
            await desk.press("C")
            assert "fine-1 is completed; there is nothing to cancel" in desk.message
            await desk.press("R")
            assert "nothing to retry in fine-1, no branch has failed" in desk.message
            menu = await desk.press("a")
            assert "Not possible now" in menu
            assert "restart as a new run" in menu
            await desk.press("escape", "W")
            assert "fine-1 waits for no event" in desk.message

    story(told())


def test_somebody_else_was_first_and_nothing_is_overwritten(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j", "R")
            jo = desk.world.runtime.commands
            jo.skip("mail-7", "send-email-notification", {"messageId": "by hand"}, reason="told by phone")
            await desk.confirm()
            await desk.later(6)
            (act, *_) = [a for a in desk.world.runtime.store.acts.newest() if a.verb == "retry"]
            assert act.outcome.startswith("refused")
            assert "refused" in desk.message
            found = desk.world.runtime.store.runs.load(["mail-7"])[0]
            assert {str(b.status) for b in found.branches.values()} >= {"skipped"}

    story(told())


def test_the_filter_narrows_explains_itself_and_is_cleared(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("slash")
            await desk.type("label:env=prod")
            shown = await desk.press("enter")
            assert "1 of 5 runs" in shown
            assert "mail-7" in shown
            await desk.press("slash", *["backspace"] * 20)
            await desk.type("wake<5")
            await desk.press("enter")
            assert "needs a unit, like wake<5m" in desk.message
            await desk.press("escape")
            assert "5 runs, attention first, no filter" in desk.screen
            await desk.press("exclamation_mark")
            assert "3 of 5 runs" in desk.screen

    story(told())


def test_letters_typed_into_a_field_are_no_commands(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("slash")
            await desk.type("CRSq1")
            assert desk.app.is_running
            assert len(desk.app.screen_stack) == 1
            await desk.press("escape")
            assert not [a for a in desk.world.runtime.store.acts.newest() if a.verb != "start"]

    story(told())


def test_a_read_only_console_shows_everything_and_changes_nothing(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, read_only=True) as desk:
            assert "forkjoin RO" in desk.screen
            for command in COMMANDS:
                if command.writes and command.key:
                    await desk.press(command.key.split(",")[0])
                    assert len(desk.app.screen_stack) == 1, command.id
                    assert "Read-only. From a shell: forkjoin" in desk.message, command.id
            menu = await desk.press("a")
            assert "read-only. From a shell" in menu
            await desk.press("escape", "ctrl+p")
            assert "retry" not in desk.screen.split("Commands")[1]
            assert not [a for a in desk.world.runtime.store.acts.newest() if a.verb != "start"]

    story(told())


def test_many_failed_runs_are_retried_one_first(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        world.runtime.commands.start("profile_update", {"emailOutcome": "failed"}, "mail", count=25)
        await world.run_for(6)
        async with console(world) as desk:
            shown = await desk.press("2")
            assert "25" in desk.row("failed branch")
            assert "mailbox of user-# is full" in shown
            dialog = await desk.press("R")
            assert "(*) 1 one first" in dialog
            await desk.confirm()
            assert "type 25 to go on" in desk.message
            await desk.press("shift+tab", "shift+tab")
            await desk.type("25")
            await desk.confirm()
            assert "act" in desk.message
            for _ in range(25):
                await desk.later(2)
            await desk.press("6")
            while "bulk" not in str(getattr(desk.app.view, "data", None)) or "25 runs" not in desk.row(">"):
                await desk.press("j")
            assert "25 of 25: 25 accepted, 25 completed" in desk.row(">")
            failed = [r for r in world.runtime.store.runs.query(limit=None) if r.failed_branches]
            assert failed == []
        await world.close()

    story(told())


def test_the_wake_is_moved_from_the_board(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            shown = await desk.press("3")
            assert "now 02:00:20" in shown or "slow-3" in shown
            run_id = desk.app.view.here().run_id
            await desk.press("T", "backspace", "backspace")
            await desk.type("10s")
            await desk.confirm()
            assert "wake" in desk.message
            run = desk.world.runtime.store.runs.get(run_id)
            assert run is not None and run.next_wake_at is not None
            assert (run.next_wake_at - desk.world.clock.now()).total_seconds() == 10

    story(told())


def test_a_run_is_started_with_a_form(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            shown = await desk.press("5")
            assert "profile_update" in shown
            while "profile_update" not in desk.row(">"):
                await desk.press("j")
            form = await desk.press("ctrl+n")
            assert "Start profile_update" in form
            await desk.press("escape")

    story(told())


def test_the_state_is_edited_only_after_its_difference_was_shown(tmp_path: Path, monkeypatch: object) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            from console.commands import editing

            def write(desk: object, text: str) -> str:
                return text.replace("user-1042", "user-7")

            monkeypatch.setattr(editing, "edited", write)  # type: ignore[attr-defined]
            dialog = await desk.press("E")
            assert '-  "userId": "user-1042"' in dialog
            assert '+  "userId": "user-7"' in dialog
            await desk.confirm()
            await desk.look()
            run = desk.world.runtime.store.runs.get("blind-5")
            assert run is not None and run.state["userId"] == "user-7"
            dialog = await desk.press("j", "E")
            assert "Save the state of mail-7" in dialog  # What can be retried can be edited first.
            await desk.press("escape", "enter", "j", "j", "j", "E")
            assert "fine-1 is completed; nothing is left to edit" in desk.message

    story(told())


def test_new_runs_never_move_rows_under_a_hand_and_show_on_demand(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("j")
            desk.world.runtime.commands.start("profile_update", {"emailOutcome": "failed"}, "new-1")
            await desk.later(1)
            assert "mail-7" in desk.row(">")
            assert "1 new: . shows them" in desk.screen
            await desk.press("full_stop")
            assert "6 runs" in desk.screen
            assert "mail-7" in desk.row(">")

    story(told())


def test_a_narrow_terminal_reaches_every_pane(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (80, 24)) as desk:
            seen = await desk.press("enter")
            for _ in range(8):
                seen += await desk.press("right_square_bracket")
            for title in (
                "[Why]",
                "[Branches]",
                "[Failure]",
                "[Timeline]",
                "[Graph]",
                "[History]",
                "[Polls]",
                "[Logs]",
                "[State]",
            ):
                assert title in seen, title
            back = await desk.press("escape")
            assert "STATUS" in back and "RUN" in back

    story(told())


def test_help_lists_every_key_of_the_screen_and_finds_one(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, (120, 60)) as desk:
            await desk.press("question_mark", "slash")
            found = await desk.type("retry")
            assert "A new attempt of the failed branch" in found
            await desk.press("escape")

    story(told())


def test_a_store_that_cannot_be_read_is_said_and_comes_back(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            from runtime.errors import StoreUnavailable

            desk.app.read_failed(StoreUnavailable("Cannot read prod.db: disk I/O error."))
            await desk.pilot.pause()
            assert "[as of 02:00:20]" in desk.screen
            assert "disk I/O error" in desk.screen
            await desk.look()
            assert "disk I/O error" not in desk.screen

    story(told())


def test_two_consoles_see_each_others_acts(tmp_path: Path) -> None:
    async def told() -> None:
        world = World(tmp_path)
        await night(world)
        async with console(world, who="mia") as mia, console(world, who="jo", size=(80, 24)) as jo:
            await mia.press("H", "tab")
            await mia.type("mine")
            await mia.confirm()
            assert "held run=blind-5 by mia" in await jo.look()
        await world.close()

    story(told())


def test_keys_are_remapped_by_their_ids(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path, keys={"retry": "f5"}) as desk:
            await desk.press("j", "f5")
            assert "Retry" in desk.screen

    story(told())


def test_systems_and_polls_tell_what_is_not_seen_from_what_failed(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            systems = await desk.press("4")
            assert "[unsure]" in desk.row("simulated")
            assert "Longest not seen: a job of blind-5. It may still run" in systems
            await desk.press("enter")
            assert "system:simulated" in desk.screen
            await desk.press("escape", "l", "l")
            assert "unreachable" in desk.screen
            assert "6 polls" in desk.screen or "Polls of send-email-notification" in desk.screen

    story(told())


def test_what_is_typed_ahead_of_the_screen_belongs_to_the_line_that_was_opened(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.pilot.press("slash", *("colon" if c == ":" else c for c in "flow:profileRSC"), "enter")
            await desk.settle()
            assert len(desk.app.screen_stack) == 1
            assert "flow:profileRSC" in desk.screen

    story(told())


def test_what_is_copied_is_cleaned_and_said(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            copied: list[str] = []
            desk.app.copy_to_clipboard = copied.append  # type: ignore[method-assign,assignment]
            await desk.press("j", "y", "slash")
            await desk.type("failure")
            await desk.press("enter")
            assert copied == ["TaskFailed: the mail server refused the message: mailbox of user-1042 is full"]
            assert "Copied 1 line" in desk.message

    story(told())


def test_two_marked_runs_are_compared(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path) as desk:
            await desk.press("equals_sign")
            assert "0 runs are marked" in desk.message
            await desk.press("j", "space", "j", "j", "space")
            shown = await desk.press("equals_sign")
            assert "mail-7   |   fine-1" in shown or "fine-1   |   mail-7" in shown
            assert "emailOutcome" in shown

    story(told())


def test_a_store_is_exported_from_the_health_screen(tmp_path: Path) -> None:
    async def told() -> None:
        async with at_night(tmp_path / "store") as desk:
            file = tmp_path / "out.json"
            await desk.press("7", "colon")
            await desk.type("export")
            await desk.press("enter")
            for char in str(file):
                await desk.pilot.press(
                    {"/": "slash", ".": "full_stop", "-": "minus", "_": "underscore"}.get(char, char)
                )
            await desk.settle()
            await desk.confirm()
            assert "Exported" in desk.message
            assert '"mail-7"' in file.read_text()

    story(told())
