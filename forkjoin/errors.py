"""The errors that commands, queries and an open store raise; the message of each is a sentence for an operator."""

from runtime.errors import (
    Conflict,
    Damaged,
    ExpressionError,
    FlowProblems,
    ForkjoinError,
    InvalidInput,
    LostRight,
    NotFound,
    Refused,
    StoreAway,
    StoreUnavailable,
    TimedOut,
    Unconfirmed,
    Unreachable,
)

__all__ = [
    "Conflict",
    "Damaged",
    "ExpressionError",
    "FlowProblems",
    "ForkjoinError",
    "InvalidInput",
    "LostRight",
    "NotFound",
    "Refused",
    "StoreAway",
    "StoreUnavailable",
    "TimedOut",
    "Unconfirmed",
    "Unreachable",
]
