"""Noticing that a store changed, whoever changed it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Changes(Protocol):
    """A token that differs after every change, and waiting for the next one."""

    def token(self) -> int:
        """A number that differs after any process changed the store; cheap."""
        ...

    def wait(self, token: int, seconds: float) -> int:
        """Wait until the change token differs from `token`, at most so long; returns the present one.

        For one thread at a time, beside any other use. It may be a little late: only the token is the truth.
        """
        ...

    def stop(self) -> None:
        """End every `wait` at once, those to come too; from any thread."""
        ...

    def since(self, moment: datetime) -> list[str]:
        """Ids of runs whose `updated_at` lies at or after `moment`."""
        ...

    def settled(self, transaction: str) -> bool:
        """Whether a transaction that was not confirmed (`Unconfirmed.transaction`) has come to an end, either way."""
        ...
