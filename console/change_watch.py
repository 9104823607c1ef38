"""Waiting for the store to change, in a thread of its own that also tries a store that is away again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from console.messages import StoreEvent

if TYPE_CHECKING:
    from textual.message import Message

    from runtime.assembly.runtime import Runtime

AWAIT_SECONDS = 2.0
"""The longest wait at once; after it the token is asked for, whatever was heard."""
PACE_SECONDS = 0.25
STEADY_SECONDS = 1.0
"""The pace while the store changes without end: a screen need not be drawn more often than it is read."""
UNSEEN_SECONDS = 5.0
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 8.0
END_SECONDS = 2.0


class Listener(Protocol):
    """Who is told, in the app's thread."""

    def stirred(self, token: int, *, came_back: bool) -> None:
        """The store changed, or can be reached again."""

    def lost(self, problem: Exception, next_try: float) -> None:
        """The store cannot be reached; it is tried again at a moment of the monotonic clock."""


class Watch:
    """Tells of changes at most four times a second, of a lasting storm of them once a second."""

    def __init__(self, open_reader: Callable[[], Runtime], post: Callable[[Message], Any], listener: Listener) -> None:
        self._open = open_reader
        self._post = post
        self._listener = listener
        self._runtime: Runtime | None = None
        self._nudged = threading.Event()
        self._ended = False
        self._doubted = False
        self.unseen = False
        """Whether nobody looks: then a change may wait for seconds."""
        self._thread = threading.Thread(target=self._run, name="forkjoin-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def doubt(self) -> None:
        """Somebody could not reach the store: say once more whether it is there."""
        self._doubted = True

    def look_now(self) -> None:
        """End a pause: somebody looks again."""
        self._nudged.set()

    def end(self) -> None:
        """Wait no more; a store that does not even let go is left to its thread."""
        self._ended = True
        self._nudged.set()
        runtime = self._runtime
        if runtime is not None:
            runtime.queries.changes.stop()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        token, retry, pace, away = -1, FIRST_RETRY_SECONDS, PACE_SECONDS, False
        while not self._ended:
            asked_at = time.monotonic()
            try:
                present = self._await(token)
            except Exception as problem:
                away = True
                self._post(StoreEvent(partial(self._listener.lost, problem, time.monotonic() + retry)))
                self._pause(retry)
                retry = min(retry * 2, LAST_RETRY_SECONDS)
                continue
            if self._ended:
                break
            came_back, away, retry = away, False, FIRST_RETRY_SECONDS
            if self._doubted:
                # Not together with the question above: a doubt that comes in between would be forgotten.
                came_back, self._doubted = True, False
            if came_back or present != token:
                token = present
                self._post(StoreEvent(partial(self._listener.stirred, present, came_back=came_back)))
                at_once = time.monotonic() - asked_at < PACE_SECONDS / 2
                pace = min(pace * 2, STEADY_SECONDS) if at_once else PACE_SECONDS
                self._pause(UNSEEN_SECONDS if self.unseen else pace)
        if self._runtime is not None:
            self._runtime.close()

    def _await(self, token: int) -> int:
        if self._runtime is None:
            self._runtime = self._open()
        return self._runtime.queries.changes.wait(token, 0.0 if self._ended else AWAIT_SECONDS)

    def _pause(self, seconds: float) -> None:
        if not self._ended:
            self._nudged.wait(seconds)
            if not self._ended:
                self._nudged.clear()
