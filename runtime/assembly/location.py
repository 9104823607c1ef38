"""Where a store is, and all that depends on the kind of place: a directory of this machine or a PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from runtime.settings import Settings
from runtime.store.embedded.opening import IfMissing as IfMissing
from runtime.store.ports.store import Store


class StoreLocation(Protocol):
    """The place a person named as `--store`; nothing is opened or made before it is asked for."""

    @property
    def shared(self) -> bool:
        """Whether workers of several machines can drive the store together."""
        ...

    @property
    def address(self) -> str:
        """What a command names the store by; never with a password."""
        ...

    @property
    def identity(self) -> str:
        """The same text for the same store, whoever names it from wherever."""
        ...

    @property
    def display_name(self) -> str:
        """What the store is called on screen; never with a password."""
        ...

    @property
    def holds_password(self) -> bool:
        """Whether the text that names the store seems to hold a password, so that it must not be shown."""
        ...

    def machine_directory(self, directory: str = "") -> Path:
        """The directory for jobs, locks and logs of this machine; `directory` is the one that was set, if any."""
        ...

    def open(self, *, read_only: bool = False, if_missing: IfMissing = "make") -> Store:
        """Open the store; raises StoreUnavailable, or InvalidInput for what cannot be the name of one."""
        ...

    def prepare(self, machine_directory: Path) -> None:
        """Make what a scheduler or worker needs beside the store on this machine."""
        ...

    def upgrade(self) -> str:
        """Make the store, or bring it to the format of this program; returns the sentence to show.

        Raises:
            StoreUnavailable: It cannot be used.
            Refused: It is being driven.
        """
        ...

    def require(self) -> None:
        """Raise StoreUnavailable where it can be seen without opening it that there is no store."""
        ...

    def make_target(self) -> None:
        """Make an empty store for a copy if opening the location would not make one."""
        ...

    def at_rest(self, store: Store) -> AbstractContextManager[Callable[[], None]]:
        """Keep schedulers and workers away from the open store while the context lasts.

        The value is a check that raises StoreUnavailable if that right was lost meanwhile. Entering raises Refused
        while a scheduler or worker is there.
        """
        ...


def location_of(store: str | Path) -> StoreLocation:
    """The location a text names; whatever holds `://` is a URL, everything else a directory."""
    text = os.fspath(store)
    if "://" in text:
        from runtime.assembly.database_location import DatabaseLocation

        return DatabaseLocation(text)
    from runtime.assembly.directory_location import DirectoryLocation

    return DirectoryLocation(text)


def open_store(store: str | Path, *, read_only: bool = False, if_missing: IfMissing = "make") -> Store:
    """Open the store in a directory, or that of a URL; errors as `StoreLocation.open`."""
    return location_of(store).open(read_only=read_only, if_missing=if_missing)


def directory_of(settings: Settings) -> Path:
    """The directory in which jobs, locks and logs of this machine lie: for an embedded store, the store itself."""
    return location_of(settings.store).machine_directory(settings.directory)


def store_name(settings: Settings) -> str:
    """What the store of these settings is called on screen; never with a password."""
    return location_of(settings.store).display_name
