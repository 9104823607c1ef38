"""How often the watch tells of changes, and how often it tries a store that is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.change_watch import Watch
from console.messages import StoreEvent
from runtime.errors import StoreAway


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def stirred(self, token: int, *, came_back: bool) -> None:
        self.told.append(f"back at {token}" if came_back else f"changed to {token}")

    def lost(self, problem: Exception, next_try: float) -> None:
        self.told.append("lost")


class Runtime:
    """A runtime whose store gives these answers; it is its own queries and changes too."""

    def __init__(self, answer: Callable[[int], int]) -> None:
        self.queries = self.changes = self
        self.wait = lambda token, _: answer(token)

    def stop(self) -> None:
        """Nobody waits here."""

    def close(self) -> None:
        """Nothing is open."""


def watched(answer: Callable[[int], int], rounds: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[float], Any]:
    """The pauses of a watch over a store that answers like this, and what was told."""
    pauses: list[float] = []
    listener = Listener()
    watch = Watch(lambda: Runtime(answer), take, listener)  # type: ignore[arg-type, return-value]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        watch._ended = len(pauses) >= rounds
        watch.unseen = len(pauses) >= rounds - 1

    monkeypatch.setattr(watch, "_pause", pause)
    watch.start()
    watch._thread.join(60)
    return pauses, listener.told


def take(message: Any) -> None:
    assert isinstance(message, StoreEvent)
    message.take()


def test_a_storm_of_changes_is_told_once_a_second_and_less_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses, told = watched(lambda token: token + 1, 6, monkeypatch)
    assert pauses == [0.5, 1.0, 1.0, 1.0, 1.0, 5.0]
    assert told[:2] == ["changed to 0", "changed to 1"]


def test_a_store_that_is_away_is_tried_less_and_less(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter(range(100))

    def answer(token: int) -> int:
        if next(tries) < 7:
            raise StoreAway("away", store="db", cause="away")
        return 3

    pauses, told = watched(answer, 8, monkeypatch)
    assert pauses[:7] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert told == [*["lost"] * 7, "back at 3"]
