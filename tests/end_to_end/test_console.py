"""The console as an engineer uses it at night: the installed command, a real terminal, real keys, the real screen."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.terminal import FORKJOIN, needs_tmux, terminal
from tests.scheduling import environment, opened, scheduler

pytestmark = [needs_tmux, pytest.mark.xdist_group("terminal")]


def only(store: Path, *words: str) -> list[str]:
    return [*FORKJOIN, "--store", str(store), *words]


def test_the_demo_is_understood_and_repaired_from_the_keyboard_alone(tmp_path: Path) -> None:
    store = tmp_path / "demo"
    with terminal(only(store, "demo"), 110, 34, folder=tmp_path) as desk:
        desk.wait("runs, attention first")
        desk.wait(r"✗ failed|1 failed")
        # Find one failing branch and learn why.
        desk.keys("/")
        desk.type("id:failing-0001")
        desk.keys("Enter")
        desk.wait(r"1 of \d+ runs")
        desk.wait("1 failed: send-email-notification")
        desk.press_until("e", "mailbox of user-1042 is full")
        # Repair it: the dialog says what the system says now, and what will happen.
        desk.press_until("R", r"\(\*\) 1 new-attempt")
        desk.wait("it has failed: TaskFailed")
        desk.wait("join-tasks opens again")
        desk.keys("Tab")
        desk.type("mailbox emptied")
        desk.keys("Tab", "Tab", "Enter")
        desk.wait("accepted, act|: carried out")
        desk.wait(lambda seen: "✓✓" in seen and "1 failed" not in seen)
        # Approve a release.
        desk.press_until("Escape", "no filter")
        desk.press_until("/", "filter, like status")
        desk.type("id:release-0001")
        desk.keys("Enter")
        desk.wait(r"1 of \d+ runs")
        desk.wait("waits for the event approve")
        desk.press_until("W", "approved is needed")
        desk.keys("Space", "Tab")
        desk.type("mia")
        desk.keys("Tab", "Tab", "Tab", "Tab", "Enter")
        desk.wait("accepted, act|: carried out")
        desk.wait(lambda seen: "waits for the event approve" not in seen)
        # Hold a system, see it everywhere, release it.
        desk.press_until("4", "External systems: ")
        desk.wait("simulated")
        desk.press_until("H", "Effect +Starts, polls")
        desk.keys("Tab")
        desk.type("provider outage")
        desk.keys("Tab", "Tab", "Enter")
        desk.wait("provider outage")
        desk.press_until("6", "held system=")
        desk.press_until("q", "EXIT=0")
        assert "will not be woken" in desk.screen
        assert f"scheduler--store{store}keeps" in "".join(desk.screen.split())
    with opened(store) as runtime:
        assert [h.reason for h in runtime.store.holds.all()] == ["provider outage"]
        assert runtime.store.runs.get("failing-0001").failed_branches == 0  # type: ignore[union-attr]


def test_quitting_or_killing_a_console_harms_no_run(tmp_path: Path) -> None:
    with opened(tmp_path / "s") as runtime, scheduler(tmp_path / "s"):
        runtime.commands.start("profile_update", {"emailOutcome": "completed", "emailDuration": "6 seconds"}, "a")
        with (
            terminal(only(tmp_path / "s"), 80, 24, folder=tmp_path) as first,
            terminal(only(tmp_path / "s"), 160, 48, folder=tmp_path) as second,
        ):
            for desk in (first, second):
                desk.wait("a +profile_update|a  ")
                desk.wait("scheduler alive")
            os.kill(first.pid, signal.SIGKILL)
            second.press_until("H", "Hold or release")
            second.press_until("Escape", "enter open")
            second.press_until("q", "EXIT=0")
        until = time.monotonic() + 30
        while runtime.store.runs.get("a").status != "completed" and time.monotonic() < until:  # type: ignore[union-attr]
            time.sleep(0.1)
        assert runtime.store.runs.get("a").status == "completed"  # type: ignore[union-attr]


def test_two_consoles_and_a_scheduler_see_one_store(tmp_path: Path) -> None:
    store = tmp_path / "s"
    with opened(store) as runtime, scheduler(store) as driving:
        runtime.commands.start("release_approval", {}, "rel")
        with (
            terminal(only(store, "--as", "mia", "console", "--no-scheduler"), 120, 30, folder=tmp_path) as mia,
            terminal(only(store, "--as", "jo", "--read-only"), 80, 24, folder=tmp_path) as jo,
        ):
            mia.wait("waits for the event")
            jo.wait("forkjoin RO")
            mia.press_until("H", "Effect +Starts, polls")
            mia.keys("Tab")
            mia.type("mine")
            mia.keys("Tab", "Tab", "Enter")
            jo.wait("held run=rel by mia")
            jo.press_until("C", "Read-only. From a shell: forkjoin cancel rel")
            driving.kill()
            mia.wait("no scheduler|No scheduler", 40)
            jo.wait("no scheduler|No scheduler", 40)


def test_signals_restore_the_terminal_and_stopped_consoles_come_back(tmp_path: Path) -> None:
    with opened(tmp_path / "s") as runtime:
        runtime.commands.start("profile_update", {}, "a")
        with terminal(only(tmp_path / "s", "--read-only"), 80, 24, folder=tmp_path) as desk:
            desk.wait("forkjoin RO")
            os.kill(desk.pid, signal.SIGTERM)
            desk.wait("EXIT=143")
            assert "forkjoin RO" not in desk.screen, "the screen of before is back"
        with terminal(["bash", "--norc"], 80, 24, folder=tmp_path) as shell:
            command = " ".join([*only(tmp_path / "s"), "console", "--no-scheduler"])
            shell.type(command)
            shell.keys("Enter")
            shell.wait("forkjoin RW")
            shell.keys("C-z")
            shell.wait("Stopped")
            shell.type("fg")
            shell.keys("Enter")
            shell.wait("forkjoin RW")
            shell.resize(160, 48)
            shell.wait("Branches of a")
            shell.resize(60, 16)
            shell.wait("forkjoin RW")
            shell.keys("q")
            shell.wait(lambda seen: "forkjoin RW" not in seen and "EXIT" not in seen)


@pytest.mark.parametrize(
    ("term", "more"),
    [
        ("linux", {}),
        ("screen", {"NO_COLOR": "1"}),
        ("tmux", {"LANG": "C", "LC_ALL": "C"}),
        ("xterm", {"COLORTERM": ""}),
    ],
)
def test_poor_terminals_show_the_same(tmp_path: Path, term: str, more: dict[str, str]) -> None:
    with opened(tmp_path / "s") as runtime:
        runtime.commands.start("profile_update", {}, "a")
        words = only(tmp_path / "s", "console", "--no-scheduler", "--slow-link")
        with terminal(words, 80, 24, folder=tmp_path, TERM=term, **more) as desk:
            seen = desk.wait("profile_update")
            assert "pending" in seen or "sleeping" in seen
            if term in ("linux", "tmux"):
                assert seen.isascii()
            desk.press_until("q", "EXIT=0")


def test_without_a_screen_a_sentence_names_the_command_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        only(tmp_path / "s"), env=environment(tmp_path / "s"), capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 2
    assert f"forkjoin --store {tmp_path / 's'} list shows the runs" in ended.stderr
    with terminal(only(tmp_path / "s"), 80, 24, folder=tmp_path, TERM="dumb") as desk:
        desk.wait("TERM=dumb: this terminal cannot draw a screen")
        desk.wait("EXIT=2")
