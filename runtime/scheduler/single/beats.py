"""Work that is done again and again beside the wakes, each with a beat of its own: none of it waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from runtime.errors import LostRight, StoreUnavailable
from runtime.logs import get_logger

log = get_logger(__name__)
LONGEST_PAUSE_SECONDS = 5.0
END_SECONDS = 3.0


class Beat(NamedTuple):
    """One kind of work."""

    name: str
    seconds: float
    """The pause after it has been done."""
    work: Callable[[], Awaitable[object]]
    """May raise StoreUnavailable and LostRight; any other failure is logged and stops nothing."""


class Beats:
    """Several kinds of work, each repeated by a task of its own."""

    def __init__(self, beats: Sequence[Beat]) -> None:
        self._beats = beats
        self._lost: LostRight | None = None

    def check(self) -> None:
        """Raise LostRight if one of them has found that another process drives the store."""
        lost, self._lost = self._lost, None
        if lost is not None:
            raise lost

    async def once(self) -> None:
        """Do all of it once, one after the other; raises StoreUnavailable and LostRight."""
        for beat in self._beats:
            await _contained(beat)

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Do all of it as long as the context lasts; work that has begun has a few seconds to end."""
        ending = asyncio.Event()
        tasks = [asyncio.ensure_future(self._repeat(beat, ending)) for beat in self._beats]
        try:
            yield
        finally:
            ending.set()
            await asyncio.wait(tasks, timeout=END_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, beat: Beat, ending: asyncio.Event) -> None:
        pause = beat.seconds
        while not ending.is_set():
            try:
                await _contained(beat)
                pause = beat.seconds
            except LostRight as problem:
                self._lost = problem
            except StoreUnavailable:
                # The wakes meet the same, and say so.
                pause = min(max(pause, 0.5) * 2, LONGEST_PAUSE_SECONDS)
            await _rest(ending, pause)


async def _contained(beat: Beat) -> None:
    try:
        await beat.work()
    except (LostRight, StoreUnavailable):
        raise
    except Exception:
        log.exception("beat.failed", work=beat.name)


async def _rest(ending: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await ending.wait()
    except TimeoutError:
        pass
