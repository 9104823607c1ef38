"""Reading what stands around the panes, and noticing that the store changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.snapshot import Snapshot, read_snapshot
from runtime.errors import ForkjoinError

if TYPE_CHECKING:
    from console.app import ForkjoinApp

UNSEEN_SECONDS = 5
OF_THE_OPERATOR = (2, 3, 4)
"""Exit codes of problems with what was asked; others are problems of the store."""


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

    def wanted(self) -> bool:
        """A second passed: whether to draw. Where nobody looks every fifth is enough."""
        self._seconds += 1
        return not self.unseen or self._seconds % UNSEEN_SECONDS == 0

    def look(self) -> None:
        """Ask whether the store changed."""
        self._app.feed.read("token", lambda runtime: runtime.store.change_token(), self._take_token, self.trouble)

    def forget(self) -> None:
        """Take the next answer for a change."""
        self._token = -1

    def _take_token(self, token: int) -> None:
        self._readable()
        if token != self._token:
            self._token = token
            self._app.view.changed()
            self._app.receipts.changed()

    def read(self) -> None:
        """Read what header, tabs and banner show."""
        self._app.feed.read("around", read_snapshot, self._take, self.trouble)

    def _take(self, snapshot: Snapshot) -> None:
        self._readable()
        self.snapshot = snapshot
        self._app.update_chrome()

    def _readable(self) -> None:
        if self.problem:
            self.problem = ""
            self._app.update_chrome()

    def trouble(self, problem: Exception) -> None:
        """Reading failed: the header keeps saying so until it works again."""
        text = problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
        if getattr(problem, "exit_code", 5) in OF_THE_OPERATOR:
            self._app.say(text, trouble=True)
        else:
            self.problem = text
        self._app.update_chrome()
