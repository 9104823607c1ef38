"""A store in a PostgreSQL database, named by a URL: any number of workers on any number of machines drive it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from runtime.errors import StoreUnavailable
from runtime.masking import remember
from runtime.store.embedded.opening import IfMissing
from runtime.store.embedded.place import directory_at
from runtime.store.ports.store import Store
from runtime.store.private import make_private
from runtime.store.url_text import database_name, read_url
from runtime.user_directories import state_directory

_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@|password=")
INSTALL = "pip install 'forkjoin-console[postgres]'"


@dataclass(frozen=True, slots=True)
class DatabaseLocation:
    """The URL of a database; its library is loaded only when it is connected to."""

    url: str = field(repr=False)
    shared: ClassVar[bool] = True

    @property
    def address(self) -> str:
        """The URL without its password; raises StoreUnavailable where the library is not installed."""
        try:
            from runtime.store.postgres.connection_url import without_password
        except ImportError:
            raise StoreUnavailable(f"PostgreSQL stores need more than is installed here: {INSTALL}.") from None
        return without_password(self.url)

    @property
    def identity(self) -> str:
        """The address."""
        return self.address

    @property
    def display_name(self) -> str:
        """The name of the database."""
        return database_name(self.url) or "postgresql"

    @property
    def holds_password(self) -> bool:
        """Whether something in the URL looks like a password, also where the URL cannot be read."""
        return _PASSWORD.search(self.url) is not None

    def machine_directory(self, directory: str = "") -> Path:
        """The directory that was set, else one for each database below the state of the user.

        Whoever connects to a database, two workers of one machine share its directory.
        """
        if directory:
            return directory_at(directory)
        place = self.url.partition("://")[2].rpartition("@")[2]
        name = hashlib.sha256(place.encode()).hexdigest()[:12]
        return state_directory() / f"postgresql-{name}"

    def open(self, *, read_only: bool = False, if_missing: IfMissing = "make") -> Store:
        """Open the store; one that is missing is never made by opening it."""
        remember(read_url(self.url).secrets)
        try:
            from runtime.store.postgres.opening import open_postgres
        except ImportError as problem:
            raise StoreUnavailable(
                f"PostgreSQL stores need more than is installed here ({problem.name} is missing): {INSTALL}."
            ) from problem
        return open_postgres(self.url, read_only=read_only)

    def prepare(self, machine_directory: Path) -> None:
        """Make the directory of this machine for its owner alone: nobody else may look into its folders and files."""
        make_private(machine_directory)

    def upgrade(self) -> str:
        """Make or upgrade the store, and its queue with it."""
        from runtime.store.postgres.opening import upgrade_postgres

        found, name = upgrade_postgres(self.url)
        queue = f" Its queue caught up with {len(found.migrations)} migrations." if found.migrations else ""
        if found.before == 0:
            return f"Made a store of format {found.now} in {name}."
        if found.before == found.now:
            return f"The store {name} has format {found.now} already.{queue}"
        return f"Upgraded {name} from format {found.before} to {found.now}.{queue}"

    def require(self) -> None:
        """Nothing: whether there is a store is seen when it is opened."""

    def make_target(self) -> None:
        """Make a store in a database that has none; one of another format is left, and refused when it is opened."""
        from runtime.store.postgres.opening import make_postgres

        make_postgres(self.url)

    @contextmanager
    def at_rest(self, store: Store) -> Iterator[Callable[[], None]]:
        """Hold the maintenance lock of the database, which is lost with its connection."""
        from runtime.store.postgres.maintenance_lock import standstill
        from runtime.store.postgres.store import PostgresStore

        if not isinstance(store, PostgresStore):
            raise StoreUnavailable("This store is not in PostgreSQL.")
        with standstill(store.database) as still:
            yield still.assure
