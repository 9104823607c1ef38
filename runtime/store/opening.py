"""Opens the store a person named, or says in one sentence why it cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.errors import StoreUnavailable
from runtime.store.base import RunStore
from runtime.store.tinydb_store import TinyDBStore

STORE_FILE = "store.db"


def is_url(location: str | Path) -> bool:
    """Whether a location names a database server rather than a directory."""
    return "://" in os.fspath(location)


def _open_url(url: str, *, read_only: bool) -> RunStore:
    scheme = url.split("://")[0]
    if scheme not in ("postgresql", "postgres"):
        raise StoreUnavailable(f"There are no {scheme} stores; name a directory or a postgresql:// URL as --store.")
    try:
        from runtime.store.postgres.opening import open_postgres
    except ImportError as problem:
        raise StoreUnavailable(
            f"PostgreSQL stores need more than is installed here ({problem.name} is missing): "
            "pip install 'forkjoin-console[postgres]'."
        ) from problem
    return open_postgres(url, read_only=read_only)


def open_store(location: str | Path, *, read_only: bool = False) -> RunStore:
    """Open the store in a directory, making directory (0700) and file (0600) if they are missing, or that of a URL.

    Raises StoreUnavailable: not a directory, not writable, missing for a read-only session, or not a store.
    """
    text = os.fspath(location)
    if is_url(text):
        return _open_url(text, read_only=read_only)
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
