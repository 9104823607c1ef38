"""Changes of a file: SQLite tells of those of other connections, the storage counts our own."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.rows import Rows

LOOK_SECONDS = 1.0
"""How often a wait looks at the token, which costs next to nothing."""


class EmbeddedChanges:
    """Changes of a file."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._stopped = threading.Event()

    @guarded
    def token(self) -> int:
        self.rows.look_again()
        version: int = self.rows.one("PRAGMA data_version")[0]
        return version * 1_000_000_007 + self.rows.own_changes

    def wait(self, token: int, seconds: float) -> int:
        end = time.monotonic() + seconds
        while (present := self.token()) == token:
            left = end - time.monotonic()
            if left <= 0 or self._stopped.wait(min(left, LOOK_SECONDS)):
                break
        return present

    def stop(self) -> None:
        self._stopped.set()

    @guarded
    def since(self, moment: datetime) -> list[str]:
        return [i for (i,) in self.rows.all("SELECT id FROM t_runs WHERE updated_ts>=?", moment.timestamp())]

    def settled(self, transaction: str) -> bool:
        """A transaction of a file has ended when its call has."""
        return True
