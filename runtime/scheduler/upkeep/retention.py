"""Removes runs that have ended and whose time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from runtime.catalog import Catalog, Workflow
from runtime.errors import InvalidInput
from runtime.flow.durations import LONGEST_RETENTION, retention_seconds
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter
from runtime.store.ports.store import Store
from runtime.store.removed_work import remove_runs

log = get_logger(__name__)
ENDED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})
PAGE = 500


class Retention:
    """Completed and cancelled runs are kept as long as their flow says, else as long as the setting says."""

    def __init__(self, store: Store, catalog: Catalog, retention_days: float) -> None:
        self._store, self._catalog = store, catalog
        self._general = min(retention_days * 86_400, LONGEST_RETENTION)
        self._told: dict[str, str] = {}

    def remove(self, now: datetime) -> int:
        """Remove runs whose time is over; gives how many. One that was changed later is kept as much longer.

        Where it cannot be read how long a workflow keeps its runs, they are kept.
        """
        kept_for: dict[str, float] = {}
        for workflow in self._catalog.known():
            try:
                written = _written(workflow)
                if written is not None:
                    kept_for[workflow.name] = retention_seconds(written)
                self._told.pop(workflow.name, None)
            except InvalidInput as problem:
                kept_for[workflow.name] = 0.0
                self._tell(workflow.name, problem.message)
        spans = [span for span in (self._general, *kept_for.values()) if span]
        if not spans:
            return 0
        gone: list[Run] = []
        for status in ENDED:
            where = RunFilter(statuses=frozenset({status}), older_than=now - timedelta(seconds=min(spans)))
            for run in _pages(self._store, where):
                keep = kept_for.get(run.workflow, self._general) if run.flow_file is None else self._general
                ended = run.ended_at if run.next_wake_at is None else None
                if keep and ended is not None and ended < now - timedelta(seconds=keep):
                    gone.append(run)
        return remove_runs(self._store, gone)

    def _tell(self, name: str, said: str) -> None:
        if self._told.get(name) != said:
            self._told[name] = said
            log.warning("retention.unusable", workflow=name, problem=said, removed="nothing of it")


def _written(workflow: Workflow) -> object:
    """`metadata.retention` as it is written, None without one; raises InvalidInput where that cannot be told."""
    if workflow.source is None:
        raise InvalidInput("Its flow cannot be read; forkjoin validate says why.")
    metadata = workflow.source.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise InvalidInput("Its `metadata` is no object.")
    if not metadata or "retention" not in metadata:
        return None
    return "null" if metadata["retention"] is None else metadata["retention"]


def _pages(store: Store, where: RunFilter) -> Iterator[Run]:
    """All runs that match, a page of them in memory at a time."""
    after = None
    while page := store.runs.query(where, order="id", descending=False, limit=PAGE, after=after):
        yield from page
        after = page[-1].id
