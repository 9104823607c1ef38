"""Carries out the acts of operators that are stored until they are due; one that fails holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from runtime.clock import Clock
from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.model.act import Act, ActState, outcome
from runtime.store.ports.acts import Acts

log = get_logger(__name__)


class StoredActs:
    """The stored acts of one store."""

    def __init__(self, acts: Acts, carry_out: Callable[[Act], None], clock: Clock) -> None:
        """Carry acts out by `carry_out`, which also stores what came of them."""
        self._acts = acts
        self._carry_out = carry_out
        self._clock = clock

    async def carry_out_due(self) -> int:
        """Carry out what is due, oldest first; returns how many. Raises StoreUnavailable: what is left stays due."""
        due = await asyncio.to_thread(self._acts.due, self._clock.now())
        for act in due:
            try:
                await asyncio.to_thread(self._carry_out, act)
            except StoreUnavailable:
                raise
            except Exception as problem:
                log.exception("act.failed", act=act.id)
                failed = replace(act, outcome=outcome(ActState.REFUSED, f"{type(problem).__name__}: {problem}")[:2_000])
                await asyncio.to_thread(self._acts.put, failed)
        return len(due)


def acts_are_stored(acts: Acts) -> bool:
    """Whether an act is still to be carried out, however late it is due; raises StoreUnavailable."""
    return bool(acts.due(datetime.max.replace(tzinfo=UTC)))
