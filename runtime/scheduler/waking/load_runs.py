"""Reading runs to be moved, with all it takes to move them: so the event loop itself never waits for the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.errors import Damaged, StoreUnavailable
from runtime.logs import get_logger
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Stored
from runtime.store.base import RunStore
from runtime.store.documents import rootless

log = get_logger(__name__)
PAGE = 500


def read_runs(store: RunStore, ids: Sequence[str], programs: Callable[[Run], object]) -> list[Stored]:
    """Runs with all their records; their programs are at hand afterwards. Raises StoreUnavailable.

    A run of which something cannot be read is marked as damaged, and so not offered again; the others are given.
    """
    found, damaged = _readable(store, ids, programs)
    if damaged:
        store.mark_damaged(list(damaged))
        for run_id, said in damaged.items():
            log.error("run.damaged", run=run_id, problem=said)
    return found


def look_again(store: RunStore, programs: Callable[[Run], object]) -> int:
    """Let runs that were marked as damaged, and can be read by now, go on; gives how many."""
    count, after = 0, None
    while True:
        where = RunFilter(statuses=frozenset({RunStatus.DAMAGED}))
        ids = [run.id for run in store.query(where, order="id", descending=False, limit=PAGE, after=after)]
        whole, _ = _readable(store, ids, programs)
        if whole:
            store.mend([stored.run for stored in whole])
            count += len(whole)
        for stored in whole:
            log.info("run.readable_again", run=stored.run.id)
        left = [run_id for run_id in ids if run_id not in {stored.run.id for stored in whole}]
        if len(ids) < PAGE or not left:
            return count
        after = left[-1]


def _readable(
    store: RunStore, ids: Sequence[str], programs: Callable[[Run], object]
) -> tuple[list[Stored], dict[str, str]]:
    """What can be read of these runs, and what is said of those that cannot."""
    found = store.load(ids, skip_damaged=True)
    missing = [run_id for run_id in ids if run_id not in {stored.run.id for stored in found}]
    damaged = {i: one.sentence for i, one in store.damage(missing).items()} if missing else {}
    flows: dict[tuple[str, str, bool, str | None], str] = {}
    for run in {(s.run.flow_hash, s.run.workflow, s.run.simulated, s.run.code_path): s.run for s in found}.values():
        try:
            programs(run)
        except Damaged as problem:
            flows[run.flow_hash, run.workflow, run.simulated, run.code_path] = problem.message
        except StoreUnavailable:
            raise
        except Exception as problem:
            # It is met again, and saved, when the run is moved.
            log.debug("wake.no_program", run=run.id, problem=str(problem))
    whole = []
    for stored in found:
        run = stored.run
        if (lost := rootless(stored)) is not None:
            damaged[run.id] = lost.sentence
            continue
        said = flows.get((run.flow_hash, run.workflow, run.simulated, run.code_path))
        if said is None:
            whole.append(stored)
        else:
            damaged[run.id] = said
    return whole, damaged
