"""Opens the embedded store of a directory, or says in one sentence why it cannot be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from runtime.errors import StoreUnavailable
from runtime.store.embedded.place import (
    STORE_FILE,
    cannot_make,
    left_behind,
    may_change,
    missing,
    refusal,
    store_is_there,
)
from runtime.store.embedded.store import memory_store, open_file
from runtime.store.ports.store import Store
from runtime.store.private import make_private, refuse_open

IfMissing = Literal["make", "refuse", "pretend"]
"""What to do where no store is: make one, refuse, or work on an empty one that is gone afterwards."""


def open_embedded(directory: Path, *, read_only: bool = False, if_missing: IfMissing = "make") -> Store:
    """Open the store in a directory.

    Where none is, `if_missing` decides; a directory that is made is 0700, its file 0600. Whoever would make one
    wants to write: a store that may only be read is refused then, else it is opened for reading.

    Raises StoreUnavailable: not a directory, not ours to read or write, missing, or not a store.
    """
    file = directory / STORE_FILE
    if store_is_there(directory):
        if read_only or may_change(directory):
            return open_file(file, read_only=read_only)
        if if_missing == "make":
            raise StoreUnavailable(refusal(directory, "change"))
        return open_file(file, read_only=True)
    if if_missing == "refuse" or left_behind(directory):
        raise missing(directory, read_only=read_only)
    if if_missing == "pretend":
        return memory_store()
    if read_only:
        raise missing(directory, read_only=True)
    before = os.umask(0o077)
    try:
        make_private(directory)
        refuse_open(directory)
        return open_file(file)
    except OSError as problem:
        raise cannot_make(directory, problem) from problem
    finally:
        os.umask(before)
