"""Runs in PostgreSQL: the same promises as the embedded store, for any number of machines."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from runtime.store.ports.store import Store
from runtime.store.postgres.acts import PostgresActs
from runtime.store.postgres.change_feed import ChangeFeed
from runtime.store.postgres.changes import PostgresChanges
from runtime.store.postgres.database import Database
from runtime.store.postgres.documents import PostgresDocuments
from runtime.store.postgres.due_runs import PostgresDueRuns
from runtime.store.postgres.holds import PostgresHolds
from runtime.store.postgres.keyed import PostgresFacts, PostgresFlows, PostgresSchedules
from runtime.store.postgres.ledger import PostgresLedger
from runtime.store.postgres.listing import PostgresListing
from runtime.store.postgres.questions import PostgresQuestions
from runtime.store.postgres.runs import PostgresRuns
from runtime.store.postgres.saving_right import SavingRight


class PostgresServer:
    """The database under a store."""

    def __init__(self, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    def may_write(self) -> bool:
        """Whether this role may write the tables, on a server that takes writes."""
        return bool(self._database.one("may_write")[0])

    def now(self) -> datetime:
        """The moment by the clock of the database."""
        moment: datetime = self._database.one("database_now")[0]
        return moment

    def alone(self) -> AbstractContextManager[None]:
        """Nothing is promised: a lock over a connection of its own would keep our own saves out."""
        return nullcontext()

    def close(self) -> None:
        self._feed.close()
        self._database.close()


class PostgresStore(Store, frozen=True):
    """A store in a database."""

    database: Database
    right: SavingRight


def store_in(database: Database) -> PostgresStore:
    """The store in a database whose format was checked."""
    right, feed = SavingRight(), ChangeFeed(database)
    return PostgresStore(
        place=database.name,
        medium=PostgresServer(database, feed),
        runs=PostgresRuns(database, right),
        due_runs=PostgresDueRuns(database, right),
        listing=PostgresListing(database),
        ledger=PostgresLedger(database),
        acts=PostgresActs(database),
        holds=PostgresHolds(database),
        flows=PostgresFlows(database),
        schedules=PostgresSchedules(database),
        questions=PostgresQuestions(database),
        facts=PostgresFacts(database),
        changes=PostgresChanges(database, feed),
        documents=PostgresDocuments(database),
        database=database,
        right=right,
    )
