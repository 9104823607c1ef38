"""Reads runs that are to be moved, with all it takes to move them, so that the event loop never waits for the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from runtime.errors import Damaged, StoreUnavailable
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Stored
from runtime.store.documents import rootless
from runtime.store.ports.runs import Runs

log = get_logger(__name__)
PAGE = 500
ProgramKey = tuple[str, str, bool, str | None]
"""Runs with the same key have the same program."""


class RunLoader:
    """Reads runs; damaged ones are set apart, so that all others go on."""

    def __init__(self, runs: Runs, program_of: Callable[[Run], object]) -> None:
        self._runs = runs
        self._program_of = program_of

    def load(self, ids: Sequence[str]) -> list[Stored]:
        """Runs with all their records; their programs are in the cache of the catalog afterwards.

        A run of which something cannot be read is marked as damaged, and so not offered again. Raises
        StoreUnavailable.
        """
        readable, damaged = self._read(ids)
        if damaged:
            self._runs.mark_damaged(list(damaged))
            for run_id, problem in damaged.items():
                log.error("run.damaged", run=run_id, problem=problem)
        return readable

    def recheck_damaged(self) -> int:
        """Let runs that were marked as damaged, and can be read by now, go on; returns how many."""
        count = 0
        after: str | None = None
        where = RunFilter(statuses=frozenset({RunStatus.DAMAGED}))
        while True:
            ids = [run.id for run in self._runs.query(where, order="id", descending=False, limit=PAGE, after=after)]
            readable, _ = self._read(ids)
            if readable:
                self._runs.mend([stored.run for stored in readable])
                count += len(readable)
            for stored in readable:
                log.info("run.readable_again", run=stored.run.id)
            mended = {stored.run.id for stored in readable}
            still_damaged = [run_id for run_id in ids if run_id not in mended]
            if len(ids) < PAGE or not still_damaged:
                return count
            after = still_damaged[-1]

    def _read(self, ids: Sequence[str]) -> tuple[list[Stored], dict[str, str]]:
        """The runs that can be read, and for each of the others the sentence that says why it cannot."""
        loaded = self._runs.load(ids, skip_damaged=True)
        loaded_ids = {stored.run.id for stored in loaded}
        missing = [run_id for run_id in ids if run_id not in loaded_ids]
        damaged: dict[str, str] = {}
        if missing:
            damaged = {run_id: damage.sentence for run_id, damage in self._runs.damage(missing).items()}
        programs = self._damaged_programs(stored.run for stored in loaded)
        readable: list[Stored] = []
        for stored in loaded:
            lost = rootless(stored)
            problem = lost.sentence if lost is not None else programs.get(_program_key(stored.run))
            if problem is None:
                readable.append(stored)
            else:
                damaged[stored.run.id] = problem
        return readable, damaged

    def _damaged_programs(self, runs: Iterable[Run]) -> dict[ProgramKey, str]:
        """Fetch the program of each run; returns why some cannot be read."""
        damaged: dict[ProgramKey, str] = {}
        for key, run in {_program_key(run): run for run in runs}.items():
            try:
                self._program_of(run)
            except Damaged as problem:
                damaged[key] = problem.message
            except StoreUnavailable:
                raise
            except Exception as problem:
                # It is met again, and saved, when the run is moved.
                log.debug("wake.no_program", run=run.id, problem=str(problem))
        return damaged


def _program_key(run: Run) -> ProgramKey:
    return run.flow_hash, run.workflow, run.simulated, run.code_path
