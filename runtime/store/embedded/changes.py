"""Changes of a file: SQLite tells of those of other connections, the storage counts our own."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from runtime.store.embedded.error_translation import guarded
from runtime.store.embedded.query_sql import column
from runtime.store.embedded.store_database import StoreDatabase

LOOK_SECONDS = 1.0
"""How often a wait looks at the token, which costs next to nothing."""


class EmbeddedChanges:
    """Changes of a file."""

    def __init__(self, database: StoreDatabase) -> None:
        self.database = database
        self._runs = database.records("runs")
        self._stopped = threading.Event()

    @guarded
    def token(self) -> int:
        rows = self.database.rows
        rows.look_again()
        return rows.change_version() * 1_000_000_007 + rows.own_changes

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
        return [i for (i,) in self._runs.select(("id",), column("updated_ts") >= moment.timestamp())]

    def settled(self, transaction: str) -> bool:
        """A transaction of a file has ended when its call has."""
        return True
