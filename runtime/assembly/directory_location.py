"""A store in a directory of this machine: one scheduler drives it, held apart by a lock of the operating system."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import msgspec

from runtime.errors import Refused
from runtime.store.embedded.opening import IfMissing, open_embedded
from runtime.store.embedded.place import directory_at, missing, store_is_there
from runtime.store.ports.store import Store


class DirectoryLocation(msgspec.Struct, frozen=True):
    """The directory of an embedded store, as it was written."""

    text: str
    shared: ClassVar[bool] = False
    holds_password: ClassVar[bool] = False

    @property
    def directory(self) -> Path:
        """The directory itself; raises InvalidInput if the text cannot be the name of one."""
        return directory_at(self.text)

    @property
    def address(self) -> str:
        """The absolute path."""
        return str(self.directory.absolute())

    @property
    def identity(self) -> str:
        """The machine and the path with links resolved: a path alone names another store on another machine."""
        return f"{os.uname().nodename}:{self.directory.resolve()}"

    @property
    def display_name(self) -> str:
        """The last part of the path; `store` for what looks like an address, which may hold a password."""
        from runtime.store.url_text import like_an_address

        if like_an_address(self.text) and not os.path.isdir(self.text):
            return "store"
        return Path(self.text).name or self.text

    def machine_directory(self, directory: str = "") -> Path:
        """The directory that was set, else the store itself."""
        return directory_at(directory) if directory else self.directory

    def open(self, *, read_only: bool = False, if_missing: IfMissing = "make") -> Store:
        """Open the store; `if_missing` decides what becomes of a directory without one."""
        return open_embedded(self.directory, read_only=read_only, if_missing=if_missing)

    def prepare(self, machine_directory: Path) -> None:
        """Nothing: opening the store made its directory, for its owner alone."""

    def upgrade(self) -> str:
        """Open the store, which makes or upgrades it."""
        self.open().close()
        return f"The store in {self.text} has the format of this forkjoin; opening it upgrades it."

    def require(self) -> None:
        """Raise StoreUnavailable if the directory holds no store."""
        if not store_is_there(self.directory):
            raise missing(self.directory)

    def make_target(self) -> None:
        """Nothing: opening makes it."""

    @contextmanager
    def at_rest(self, store: Store) -> Iterator[Callable[[], None]]:
        """Hold the driving lock, which cannot be lost while this process lives."""
        from runtime.scheduler.single.driving_lock import DrivingLock

        lock = DrivingLock(self.directory)
        if not lock.acquire():
            raise Refused(f"A scheduler works on {self.address}; stop it, then copy.")
        try:
            yield lambda: None
        finally:
            lock.release()
