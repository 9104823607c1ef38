"""Carrying out stored acts: one that cannot be carried out says so, and holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from runtime.errors import StoreUnavailable
from runtime.logs import get_logger
from runtime.model.act import Act
from runtime.store.base import RunStore

log = get_logger(__name__)


async def carry_out_due(store: RunStore, carry_out: Callable[[Act], None], now: datetime) -> int:
    """Carry out what is due, oldest first; gives how many. Raises StoreUnavailable: what is left stays due."""
    due = await asyncio.to_thread(store.due_acts, now)
    for act in due:
        try:
            await asyncio.to_thread(carry_out, act)
        except StoreUnavailable:
            raise
        except Exception as problem:
            log.exception("act.failed", act=act.id)
            failed = replace(act, outcome=f"refused: {type(problem).__name__}: {problem}"[:2_000])
            await asyncio.to_thread(store.add_act, failed)
    return len(due)
