"""Changes of a database: a counter in it is the token, notifications wake who waits."""

from __future__ import annotations

from datetime import datetime

from runtime.store.postgres.change_feed import ChangeFeed
from runtime.store.postgres.database import Database


class PostgresChanges:
    """Changes of a database."""

    def __init__(self, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    def token(self) -> int:
        return int(self._database.one("change_token")[0])

    def wait(self, token: int, seconds: float) -> int:
        return self._feed.wait(token, seconds)

    def stop(self) -> None:
        self._feed.stop()

    def since(self, moment: datetime) -> list[str]:
        return [i for (i,) in self._database.all("changes_since", moment)]

    def settled(self, transaction: str) -> bool:
        """Whether a transaction has ended, by the server's own record."""
        return self._database.ended(transaction)
