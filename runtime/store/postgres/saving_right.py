"""Who saves here, and whether it still may: workers that were taken out, and schedulers of older epochs, may not."""

from __future__ import annotations

from collections.abc import Callable

from runtime.errors import LostRight
from runtime.store.facts import epoch_in
from runtime.store.postgres.database import Connection
from runtime.store.postgres.queries import sql


class SavingRight:
    """The worker that a store saves for."""

    def __init__(self) -> None:
        self.number: int | None = None
        """Of the worker; once it is taken out, its saves and leases are refused. None: nobody's."""

    def check(self, con: Connection, *, epoch: int | None = None, owner: str | None = None) -> None:
        """In the transaction that writes: LostRight unless this worker is there, and the epoch the present one."""
        self.ask(con, epoch=epoch, owner=owner)()

    def ask(self, con: Connection, *, epoch: int | None = None, owner: str | None = None) -> Callable[[], None]:
        """Send what `check` asks; gives what raises by the answers, so that other statements may travel with it."""
        number = self.number
        here = None if number is None else con.execute(sql("worker_here"), (number,))
        present = None if epoch is None else con.execute(sql("meta_shared"), ("epoch",))

        def raise_if_lost() -> None:
            if here is not None and (here.fetchone() is None or (owner is not None and owner != str(number))):
                raise LostRight("This worker was silent for too long; others have taken over its runs.")
            if present is not None:
                row = present.fetchone()
                if (epoch_in(row[0]) if row else 0) != epoch:
                    raise LostRight("Another scheduler drives this store now; this one stands by.")

        return raise_if_lost
