"""A store that lives as long as its object: for tests, and for playing a run."""

from __future__ import annotations

from runtime.store.embedded.tinydb_store import TinyDBStore


class MemoryStore(TinyDBStore):
    """The embedded store without a file."""

    def __init__(self) -> None:
        """Make an empty store."""
        super().__init__(":memory:")
