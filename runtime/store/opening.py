"""Opens the store a person named, or says in one sentence why it cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.clock import Clock
from runtime.errors import StoreUnavailable
from runtime.store.base import RunStore
from runtime.store.tinydb_store import TinyDBStore

STORE_FILE = "store.db"


def open_store(location: str | Path, *, read_only: bool = False, clock: Clock | None = None) -> RunStore:
    """Open the store in a directory, making directory (0700) and file (0600) if they are missing.

    Raises StoreUnavailable: not a directory, not writable, missing for a read-only session, or not a store.
    """
    del clock
    text = os.fspath(location)
    if "://" in text:
        raise StoreUnavailable(f"{text.split('://')[0]} stores are not built in yet; name a directory as --store.")
    directory = Path(text).expanduser()
    file = directory / STORE_FILE
    if directory.exists() and not directory.is_dir():
        raise StoreUnavailable(f"{directory} is a file, not the directory of a store. Name another --store.")
    if read_only:
        if not file.exists():
            raise StoreUnavailable(f"There is no store in {directory}, and a read-only session makes none.")
        return TinyDBStore(file, read_only=True)
    before = os.umask(0o077)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return TinyDBStore(file)
    except OSError as problem:
        raise StoreUnavailable(
            f"The store {directory} cannot be made: {problem.strerror or problem}. Check the path and its owner."
        ) from problem
    finally:
        os.umask(before)
