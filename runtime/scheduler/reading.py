"""Reading runs to be moved, with all it takes to move them: so the event loop itself never waits for the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.errors import StoreAway
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.store.base import RunStore, Stored

log = get_logger(__name__)


def read_runs(store: RunStore, ids: Sequence[str], programs: Callable[[Run], object]) -> list[Stored]:
    """Runs with all their records; their programs are at hand afterwards. Raises StoreUnavailable."""
    found = store.load(ids)
    for run in {(s.run.flow_hash, s.run.workflow, s.run.simulated, s.run.code_path): s.run for s in found}.values():
        try:
            programs(run)
        except StoreAway:
            raise
        except Exception as problem:
            # It is met again, and saved, when the run is moved.
            log.debug("wake.no_program", run=run.id, problem=str(problem))
    return found
