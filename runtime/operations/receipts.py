"""What an act changed, and the act as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from runtime.errors import StoreUnavailable, Unconfirmed
from runtime.model.act import Act
from runtime.model.run import Run
from runtime.store.ports.acts import Acts

LOOKED_THROUGH = 50


class Receipt(msgspec.Struct, frozen=True):
    """What an act changed, or would change."""

    message: str
    effects: tuple[str, ...] = ()
    act: Act | None = None
    run: Run | None = None
    dry_run: bool = False


@contextmanager
def recording(act: Act | None, *, partly: str = "") -> Iterator[None]:
    """Have `Unconfirmed` say which act was to be recorded, and what of it, as a sentence, was saved before."""
    try:
        yield
    except StoreUnavailable as problem:
        if partly:
            text = f"{partly}, but the rest of it may not be saved: look before you repeat it. {problem.message}"
            raise Unconfirmed(text, partly=partly) from problem
        if isinstance(problem, Unconfirmed) and problem.act is None:
            problem.act = act
        raise


def recorded(acts: Acts, act: Act) -> Act | None:
    """The act of this actor, verb, target and moment as the store has it, numbered; None if it has none."""
    known = acts.newest(target=act.target, limit=LOOKED_THROUGH)
    return next((a for a in known if _identity(a) == _identity(act)), None)


def _identity(act: Act) -> tuple[object, ...]:
    return act.actor, act.source, act.verb, act.target, act.at
