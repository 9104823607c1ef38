"""Noticing that somebody changed the store."""

from __future__ import annotations

from runtime.store.ports.changes import Changes


class StoreChanges:
    """A token that differs after every change, whichever process made it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def token(self) -> int:
        """The present token; cheap."""
        return self._changes.token()

    def wait(self, token: int, seconds: float) -> int:
        """Wait until the token differs from this one, at most so long; returns the present one."""
        return self._changes.wait(token, seconds)

    def stop(self) -> None:
        """End every wait at once, those to come too; from any thread."""
        self._changes.stop()
