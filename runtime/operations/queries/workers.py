"""How the workers of a PostgreSQL store are, from the heartbeat of all that one of them writes."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.model.heartbeat import Heartbeat, WorkerState

SILENT_SECONDS = 4.0
LAGGING_SECONDS = 5.0


def workers_of(beat: Heartbeat | None) -> Sequence[WorkerState]:
    """The workers in a heartbeat, silent ones first; none if one scheduler drives the store alone."""
    workers = (beat.workers if beat is not None else None) or ()
    return sorted(workers, key=lambda w: (-w.silent_s if is_silent(w) else 0, w.name))


def is_silent(worker: WorkerState) -> bool:
    """Whether it was not heard of for longer than it should be."""
    return worker.silent_s > SILENT_SECONDS


def lag_of(beat: Heartbeat) -> float:
    """For how many seconds the run that is due longest waits for a worker."""
    return beat.queue.oldest_due_s if beat.queue is not None else 0.0


def troubles(beat: Heartbeat) -> list[tuple[str, str]]:
    """What is wrong with them, each with a name and a sentence."""
    found = []
    silent = [worker.name for worker in workers_of(beat) if is_silent(worker)]
    if silent:
        found.append(("workers", f"{', '.join(silent)} silent; their runs go to the others after six seconds"))
    if beat.queue is not None and lag_of(beat) > LAGGING_SECONDS:
        due = beat.queue.due
        found.append(("queue", f"{due:.0f} runs are due, the oldest for {lag_of(beat):.0f} s: more workers would help"))
    return found
