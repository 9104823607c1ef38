"""Keys that a slow line brings in one piece, in a real terminal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.end_to_end.terminal import FORKJOIN, Terminal, needs_tmux, terminal
from tests.scheduling import opened

pytestmark = [needs_tmux, pytest.mark.xdist_group("terminal")]
PIECES = {
    "/flaky-0002\rC": "Cancel flaky-0002",
    "3w": "w: not on this screen",
    "1:hold\r": "Hold or release",
    ":schedu\r": "There is no command schedu",
    "a/restart\r": "Restart flaky-000",
}


def send(desk: Terminal, text: str) -> None:
    """Write bytes into the terminal at once."""
    desk.tmux("send-keys", "-t", "m", "-H", *(f"{ord(c):02x}" for c in text))


def test_keys_written_in_one_piece_end_where_they_end_one_by_one(tmp_path: Path) -> None:
    with opened(tmp_path / "s") as runtime:
        runtime.commands.start("profile_update", {}, "flaky", count=3)
    command = [*FORKJOIN, "--store", str(tmp_path / "s"), "console", "--no-scheduler"]
    with terminal(command, 100, 30, folder=tmp_path) as desk:
        desk.wait("3 runs")
        for text, wanted in PIECES.items():
            for pieces in ([text], list(text)):
                # Out of whatever is open, to Runs without a filter.
                for key in ("\x1b", "\x1b", "1", "\x1b"):
                    send(desk, key)
                    time.sleep(0.3)
                desk.wait("3 runs, attention first, no filter")
                for piece in pieces:
                    send(desk, piece)
                    time.sleep(0.2 if len(pieces) > 1 else 0)
                desk.wait(wanted)
        desk.keys("C-q")
        desk.wait("EXIT=0")
