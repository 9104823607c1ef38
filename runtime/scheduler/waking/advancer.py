"""Advances one run by the engine; an exception of our own code becomes a saved failure of that run alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from runtime.clock import Clock
from runtime.engine.advance import Advance, advance
from runtime.engine.apply import Observed
from runtime.engine.draft import Situation
from runtime.engine.explain.lateness import Durations
from runtime.errors import StoreUnavailable
from runtime.flow.program import Program
from runtime.logs import get_logger
from runtime.model.act import Hold
from runtime.model.clock_setting import ClockSetting
from runtime.model.run import Run
from runtime.model.stored import Stored
from runtime.scheduler.waking.calls import Slot
from runtime.scheduler.waking.failed_advance import failed_advance

log = get_logger(__name__)
ProgramOf = Callable[[Run], tuple[Program, str | None]]
"""Returns the program of a run and the hash of its task code; raises StoreUnavailable."""


def _reaches_all(system: str) -> bool:
    return True


class Advancer:
    """The engine with what it needs to know of this process."""

    def __init__(
        self,
        program_of: ProgramOf,
        clock: Clock,
        *,
        durations: Callable[[], Durations] = dict,
        owner: str = "scheduler",
        reaches: Callable[[str], bool] = _reaches_all,
        clock_settings: Callable[[], Sequence[ClockSetting]] = tuple,
    ) -> None:
        """`durations` gives past durations of steps, `reaches` says which systems can be called from here.

        `owner` is the name under which runs are leased while they have calls under way; `clock_settings` says by how
        much the wall clock was set.
        """
        self.program_of = program_of
        self.reaches = reaches
        self._clock = clock
        self._durations = durations
        self._owner = owner
        self._clock_settings = clock_settings

    def advance(
        self, stored: Stored, observations: Sequence[Observed], slots: Collection[Slot] | None, holds: Sequence[Hold]
    ) -> Advance:
        """One step of a run; `slots` are its calls under way, None plans no more of them. Raises StoreUnavailable."""
        now = self._clock.now()
        try:
            program, code_hash = self.program_of(stored.run)
            return advance(
                Situation(program, now, holds, self._durations(), self._clock_settings()),
                stored,
                observations,
                in_flight=slots,
                owner=self._owner,
                code_hash=code_hash,
                reaches=self.reaches,
            )
        except StoreUnavailable:
            raise
        except Exception as problem:
            log.exception("wake.failed", run=stored.run.id)
            return failed_advance(stored, problem, now)
