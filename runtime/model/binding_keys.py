"""What the binding of a task may hold: each external system says it once, checks and warnings read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec


class Key(msgspec.Struct, frozen=True):
    """One key of a binding."""

    within: Mapping[str, Key] | None = None
    """The keys of the object it holds; None where that may be anything."""
    reading: tuple[str, ...] = ()
    """For JavaScript over an answer: what the answer is called in it; empty for a value with templates."""
    env: bool = False
    """Whether its templates may read the environment."""


KeysOf = Callable[[str], Mapping[str, Key] | None]
"""What the binding of an external system may hold, by its name; None where it does not say."""
