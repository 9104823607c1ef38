"""How the workers of a PostgreSQL store are, from the heartbeat of all that one of them writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SILENT_SECONDS = 4.0
LAGGING_SECONDS = 5.0


def workers_of(beat: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The workers a heartbeat tells of, silent ones first; none if one scheduler drives the store alone."""
    return sorted(beat.get("workers") or (), key=lambda w: (-silent_for(w) if is_silent(w) else 0, str(w.get("name"))))


def silent_for(worker: Mapping[str, Any]) -> float:
    """Seconds since a worker was heard of."""
    return float(worker.get("silent_s") or 0)


def is_silent(worker: Mapping[str, Any]) -> bool:
    """Whether it was not heard of for longer than it should be."""
    return silent_for(worker) > SILENT_SECONDS


def lag_of(beat: Mapping[str, Any]) -> float:
    """For how many seconds the run that is due longest waits for a worker."""
    return float((beat.get("queue") or {}).get("oldest_due_s") or 0)


def troubles(beat: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with them, each with a name and a sentence."""
    found = []
    silent = [str(w.get("name", "?")) for w in workers_of(beat) if is_silent(w)]
    if silent:
        found.append(("workers", f"{', '.join(silent)} silent; their runs go to the others after six seconds"))
    if lag_of(beat) > LAGGING_SECONDS:
        due = (beat.get("queue") or {}).get("due") or 0
        found.append(("queue", f"{due:.0f} runs are due, the oldest for {lag_of(beat):.0f} s: more workers would help"))
    return found
