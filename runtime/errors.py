"""Errors an operator can meet: each message is a sentence, each class has an exit code.

See docs/command-line.md, Exit codes.
"""

from __future__ import annotations

from typing import Any


class ForkjoinError(Exception):
    """Something an operator must know; the message is the sentence to show."""

    exit_code = 5

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class InvalidInput(ForkjoinError):
    """Usage or input that cannot be used as given."""

    exit_code = 2


class FlowProblems(InvalidInput):
    """A flow that has problems; `problems` holds all of them."""

    def __init__(self, message: str, problems: list[Any]) -> None:
        super().__init__(message)
        self.problems = problems


class ExpressionError(InvalidInput):
    """A condition or template that could not be evaluated."""


class NotFound(ForkjoinError):
    """No such run, branch or flow."""

    exit_code = 3


class Refused(ForkjoinError):
    """The state of things does not allow it."""

    exit_code = 4


class Conflict(Refused):
    """Somebody saved the run first."""


class StoreUnavailable(ForkjoinError):
    """The store cannot be used: unreadable, not ours, corrupt, wrong version or disk full."""

    exit_code = 5


class StoreAway(StoreUnavailable):
    """The server of the store does not answer: nothing was saved, and it may come back; `cause` says what it was."""

    def __init__(self, message: str, *, store: str, cause: str) -> None:
        super().__init__(message, store=store, cause=cause)
        self.store = store
        self.cause = cause


class Damaged(ForkjoinError):
    """A stored record cannot be read: it stops what needs it alone, the store is usable beside it."""


class Unconfirmed(StoreUnavailable):
    """It is not known whether something was saved, or only a part of it was: to be looked at before it is repeated."""

    def __init__(self, message: str, *, transaction: str | None = None, act: Any = None, partly: str = "") -> None:
        super().__init__(message, transaction=transaction)
        self.transaction = transaction
        """The store's name for it: Store.settled tells when it has come to an end, either way."""
        self.act = act
        """The act that was to be recorded with it, not numbered; None if there was none."""
        self.partly = partly
        """What of it is known to be saved, as a sentence without its full stop."""


class LostRight(StoreUnavailable):
    """Another scheduler drives the store now (its epoch is newer)."""


class TimedOut(ForkjoinError):
    """It took longer than was allowed."""

    exit_code = 6


class Unreachable(ForkjoinError):
    """An external system could not be reached; says nothing about its work."""

    def __init__(self, message: str, retry_after: float | None = None, *, sent: bool = True) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.sent = sent
        """Whether the request may have been carried out; False says that it certainly was not."""
