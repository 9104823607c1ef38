"""Reading what stands around the panes, noticing that the store changed, and that it is away."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from console.dialogs.base import Dialog
from console.snapshot import Snapshot, read_snapshot
from runtime.errors import ForkjoinError, StoreAway

if TYPE_CHECKING:
    from console.app import ForkjoinApp

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


class Around:
    """Asks the change token first: nothing is read again while it stays the same."""

    def __init__(self, app: ForkjoinApp) -> None:
        self._app = app
        self._token = -1
        self.snapshot = Snapshot(app.now())
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
        watch = self._app.feed.watch
        if watch is not None:
            watch.unseen = not seen
            watch.look_now()

    def look(self) -> None:
        """Ask whether the store changed, where no watch does."""
        if self._app.feed.watch is not None:
            return
        self._app.feed.release()
        self._app.feed.read("token", lambda runtime: runtime.queries.changes.token(), self._take_token, self.trouble)

    def forget(self) -> None:
        """Take the next answer for a change."""
        self._token = -1

    def _take_token(self, token: int) -> None:
        self._readable()
        if token != self._token:
            self._token = token
            self._app.view.changed()
            self._app.receipts.changed()

    def stirred(self, token: int, *, came_back: bool) -> None:
        """The watch has seen a change, or reached a store that was away: then everything is read anew."""
        if came_back or self.away:
            self.away = None
            self.forget()
            self._app.feed.release()
            self.read()
            self._app.update_chrome()
            if isinstance(self._app.screen, Dialog):
                self._app.screen.rehearse()
        self._take_token(token)

    def lost(self, problem: Exception, next_try: float) -> None:
        """The watch could not reach the store; until it can, nobody else tries."""
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if isinstance(problem, StoreAway):
            # The reason comes last in what a server's library says, and first here: a narrow screen cuts the rest.
            where, _, why = problem.cause.rpartition(" failed: ")
            text = f"The store {self._app.store_name} cannot be used: {why}{f' ({where})' if where else ''}."
        if self.away is None:
            self.away = Away(text, self._app.now(), time.monotonic(), next_try)
        else:
            self.away = replace(self.away, text=text, next_try=next_try)
        self._app.feed.hold()
        self._app.update_chrome()

    def read(self) -> None:
        """Read what header, tabs and banner show."""
        self._app.feed.read("around", read_snapshot, self._take, self.trouble)

    def _take(self, snapshot: Snapshot) -> None:
        self._readable()
        self.snapshot = snapshot
        self._app.update_chrome()
        if not self._compared and not self._app.read_only:
            self._compared = True
            self._app.feed.read(
                "environment", lambda runtime: runtime.queries.other_environment(), self._told, lambda _: None
            )

    def _told(self, text: str) -> None:
        if text:
            self._app.say(text, trouble=True)

    def _readable(self) -> None:
        if self.problem:
            self.problem = ""
            self._app.update_chrome()

    def trouble(self, problem: Exception) -> None:
        """Reading failed: the header keeps saying so until it works again."""
        watch = self._app.feed.watch
        if watch is not None and isinstance(problem, StoreAway):
            watch.doubt()
            if self.away is None:
                self.lost(problem, time.monotonic())
            return
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if getattr(problem, "exit_code", 5) in OF_THE_OPERATOR:
            self._app.say(text, trouble=True)
        else:
            self.problem = text
        self._app.update_chrome()
