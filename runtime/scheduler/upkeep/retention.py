"""Removes runs that have ended and whose time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from runtime.catalog.catalog import Catalog
from runtime.catalog.workflow import Workflow
from runtime.durations import LONGEST_RETENTION, retention_seconds
from runtime.errors import InvalidInput
from runtime.logs import get_logger
from runtime.model.clock_setting import ClockSetting, corrected
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.store.ports.runs import Runs
from runtime.store.ports.store import Store
from runtime.store.removed_work import remove_runs

log = get_logger(__name__)
ENDED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})
PAGE = 500


class Retention:
    """Completed and cancelled runs are kept as long as their flow says, else as long as the setting says."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        retention_days: float,
        clock_settings: Callable[[], Sequence[ClockSetting]] = tuple,
    ) -> None:
        """With 0 `retention_days` runs are kept for ever where their flow does not say otherwise.

        `clock_settings` says by how much the wall clock was set: a year that was only set is no year of keeping.
        """
        self._clock_settings = clock_settings
        self._store = store
        self._catalog = catalog
        self._general_seconds = min(retention_days * 86_400, LONGEST_RETENTION)
        self._logged: dict[str, str] = {}
        """The problem that was logged last, by workflow."""

    def remove(self, now: datetime) -> int:
        """Remove runs whose time is over; returns how many. Raises StoreUnavailable.

        The time begins with the end of a run. Where it cannot be read how long a workflow keeps its runs, they are
        kept for ever.
        """
        seconds_of = self._seconds_by_workflow()
        limits = [seconds for seconds in (self._general_seconds, *seconds_of.values()) if seconds]
        if not limits:
            return 0
        over: list[Run] = []
        settings = self._clock_settings()
        for status in ENDED:
            where = RunFilter(statuses=frozenset({status}), older_than=now - timedelta(seconds=min(limits)))
            for run in _pages(self._store.runs, where):
                # A run that was started from a file has no workflow in the folders, whatever its name.
                from_folder = run.flow_file is None
                seconds = seconds_of.get(run.workflow, self._general_seconds) if from_folder else self._general_seconds
                ended_at = run.ended_at if run.next_wake_at is None else None
                if not seconds or ended_at is None:
                    continue
                if corrected(ended_at, settings) < now - timedelta(seconds=seconds):
                    over.append(run)
        return remove_runs(self._store, over)

    def _seconds_by_workflow(self) -> dict[str, float]:
        """How long the workflows that say so keep their runs; 0 for ever."""
        seconds_of: dict[str, float] = {}
        for workflow in self._catalog.known():
            try:
                written = _written(workflow)
                if written is not None:
                    seconds_of[workflow.name] = retention_seconds(written)
                self._logged.pop(workflow.name, None)
            except InvalidInput as problem:
                seconds_of[workflow.name] = 0.0
                self._log_once(workflow.name, problem.message)
        return seconds_of

    def _log_once(self, name: str, problem: str) -> None:
        if self._logged.get(name) != problem:
            self._logged[name] = problem
            log.warning("retention.unusable", workflow=name, problem=problem, removed="nothing of it")


def _written(workflow: Workflow) -> object:
    """`metadata.retention` as it is written, None without one; raises InvalidInput where it cannot be read."""
    if workflow.source is None:
        raise InvalidInput("Its flow cannot be read; forkjoin validate says why.")
    metadata = workflow.source.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise InvalidInput("Its `metadata` is no object.")
    if not metadata or "retention" not in metadata:
        return None
    return "null" if metadata["retention"] is None else metadata["retention"]


def _pages(runs: Runs, where: RunFilter) -> Iterator[Run]:
    """All runs that match, a page of them in memory at a time."""
    after = None
    while page := runs.query(where, order="id", descending=False, limit=PAGE, after=after):
        yield from page
        after = page[-1].id
