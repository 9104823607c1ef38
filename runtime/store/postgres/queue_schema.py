"""The tables of the queue (procrastinate) beside ours: which of its migrations a store has, and which it lacks.

Procrastinate names each migration after the release it came with, and says whether it belongs before (`pre`) or after
(`post`) the upgrade of the code: code works on tables that have all its `pre` migrations, and on tables that have
`pre` migrations of the next release. So a store is opened whatever its queue is like: commands and consoles never
touch the queue. A worker does, and refuses (`unfit`) when a migration that is not `post` is missing, or one that is
not `pre` comes from a newer procrastinate. `forkjoin store upgrade` applies all that are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from procrastinate.schema import SchemaManager

from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import sql

OLDEST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The last migration of procrastinate 3.10, the oldest we use. Format 1 did not note what its queue was made by."""


def installed() -> list[str]:
    """The migrations of the installed procrastinate, in the order in which they are applied."""
    return sorted(file.name for file in _folder().glob("*.sql"))


def make(con: Connection) -> None:
    """Make the queue as the installed procrastinate wants it."""
    con.execute(_statements(SchemaManager.get_schema()))


def note(con: Connection, names: list[str]) -> None:
    """Note migrations as applied."""
    con.execute(sql("note_migrations"), (names,))


def missing(con: Connection) -> list[str]:
    """Migrations of the installed procrastinate that the store has not."""
    noted = _noted(con)
    return [name for name in installed() if name not in noted]


def catch_up(con: Connection) -> list[str]:
    """Apply what is missing, and make the queue light; gives the names of what was applied.

    Each is applied in a transaction of its own together with its note. One transaction for all would not do: PostgreSQL
    lets nobody use a new word of an enumeration in the transaction that added it. Interrupted, it goes on where it was.
    """
    names = missing(con)
    for name in names:
        with con.transaction():
            con.execute(_statements((_folder() / name).read_text(encoding="utf-8")))
            note(con, [name])
    with con.transaction():
        con.execute(sql("lighten_queue"))
    return names


def unfit(con: Connection) -> str | None:
    """Why a worker with the installed procrastinate cannot work on the queue of this store; None if it can."""
    ours, noted = set(installed()), _noted(con)
    lacking = sorted(name for name in ours - noted if "_post_" not in name)
    if lacking:
        return (
            f"its queue lacks what the procrastinate installed here needs ({lacking[0]}). Stop all workers, then run"
            " forkjoin store upgrade"
        )
    ahead = sorted(name for name in noted - ours if "_pre_" not in name)
    if ahead:
        return f"its queue belongs to a newer procrastinate ({ahead[-1]}). Upgrade procrastinate on this machine"
    return None


def _noted(con: Connection) -> set[str]:
    return {name for (name,) in con.execute(sql("noted_migrations")).fetchall()}


def _folder() -> Path:
    return Path(SchemaManager.get_migrations_path())


def _statements(text: str) -> Any:
    # As bytes: a percent sign in it is no placeholder.
    return text.encode()
