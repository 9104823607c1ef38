"""Reading what stands around the panes, noticing that the store changed, and that it is away."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from console.snapshot import Snapshot, read_snapshot
from runtime.errors import ForkjoinError, StoreAway

if TYPE_CHECKING:
    from console.desk import Desk

UNSEEN_SECONDS = 5
OF_THE_OPERATOR = (2, 3, 4)
"""Exit codes of problems with what was asked; others are problems of the store."""


@dataclass(frozen=True)
class Away:
    """A store that does not answer; spans are of the monotonic clock."""

    text: str
    since_at: datetime
    since: float
    next_try: float


class StatusListener(Protocol):
    """What is told of the store, in the app's thread."""

    def store_changed(self) -> None:
        """The store changed: what is in sight is out of date."""

    def store_returned(self) -> None:
        """The store can be reached again."""


class StoreStatus:
    """Asks the change token first: nothing is read again while it stays the same."""

    def __init__(self, desk: Desk, listener: StatusListener) -> None:
        self._desk = desk
        self._listener = listener
        self._token = -1
        self.snapshot = Snapshot(desk.options.now())
        self.unseen = False
        """Whether the terminal has lost the focus."""
        self._seconds = 0
        self.problem = ""
        """Why the store cannot be read at the moment."""
        self._compared = False
        """Whether the environment was compared with that of a scheduler that was there before."""
        self.away: Away | None = None
        """Since when the store does not answer; nothing but the watch asks it then."""

    @property
    def stale(self) -> bool:
        """Whether what is shown is of a time when the store could be read."""
        return bool(self.problem or self.away)

    def wanted(self) -> bool:
        """A second passed: whether to draw. Where nobody looks every fifth is enough."""
        self._seconds += 1
        return not self.unseen or self._seconds % UNSEEN_SECONDS == 0

    def looked_at(self, *, seen: bool) -> None:
        """The terminal got or lost the focus."""
        self.unseen = not seen
        watch = self._desk.feed.watch
        if watch is not None:
            watch.unseen = not seen
            watch.look_now()

    def look(self) -> None:
        """Ask whether the store changed, where no watch does."""
        if self._desk.feed.watch is not None:
            return
        self._desk.feed.release()
        self._desk.feed.read("token", lambda runtime: runtime.queries.changes.token(), self._take_token, self.trouble)

    def forget(self) -> None:
        """Take the next answer for a change."""
        self._token = -1

    def _take_token(self, token: int) -> None:
        self._readable()
        if token != self._token:
            self._token = token
            self._listener.store_changed()

    def stirred(self, token: int, *, came_back: bool) -> None:
        """The watch has seen a change, or reached a store that was away: then everything is read anew."""
        if came_back or self.away:
            self.away = None
            self.forget()
            self._desk.feed.release()
            self.read()
            self._desk.update_frame()
            self._listener.store_returned()
        self._take_token(token)

    def lost(self, problem: Exception, next_try: float) -> None:
        """The watch could not reach the store; until it can, nobody else tries."""
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if isinstance(problem, StoreAway):
            # The reason comes last in what a server's library says, and first here: a narrow screen cuts the rest.
            where, _, why = problem.cause.rpartition(" failed: ")
            text = f"The store {self._desk.options.store_name} cannot be used: {why}{f' ({where})' if where else ''}."
        if self.away is None:
            self.away = Away(text, self._desk.options.now(), time.monotonic(), next_try)
        else:
            self.away = replace(self.away, text=text, next_try=next_try)
        self._desk.feed.hold()
        self._desk.update_frame()

    def read(self) -> None:
        """Read what header, tabs and banner show."""
        self._desk.feed.read("around", read_snapshot, self._take, self.trouble)

    def _take(self, snapshot: Snapshot) -> None:
        self._readable()
        self.snapshot = snapshot
        self._desk.update_frame()
        if not self._compared and not self._desk.options.read_only:
            self._compared = True
            self._desk.feed.read(
                "environment", lambda runtime: runtime.queries.other_environment(), self._told, lambda _: None
            )

    def _told(self, text: str) -> None:
        if text:
            self._desk.say(text, trouble=True)

    def _readable(self) -> None:
        if self.problem:
            self.problem = ""
            self._desk.update_frame()

    def trouble(self, problem: Exception) -> None:
        """Reading failed: the header keeps saying so until it works again."""
        watch = self._desk.feed.watch
        if watch is not None and isinstance(problem, StoreAway):
            watch.doubt()
            if self.away is None:
                self.lost(problem, time.monotonic())
            return
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if isinstance(problem, ForkjoinError) and problem.exit_code in OF_THE_OPERATOR:
            self._desk.say(text, trouble=True)
        else:
            self.problem = text
        self._desk.update_frame()
