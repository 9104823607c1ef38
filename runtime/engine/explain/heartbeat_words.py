"""Whether a store is driven, by the last heartbeat in it, and the sentence that says so."""

from __future__ import annotations

from datetime import datetime

from runtime.engine.explain.words import ago
from runtime.model.heartbeat import Heartbeat

SCHEDULER_SILENT_SECONDS = 10.0
OVERLOAD_SECONDS = 5.0
OVERLOAD_DUE = 10
"""Fewer that are due are late for reasons of their own."""


def overload(beat: Heartbeat) -> str:
    """How far behind its work a scheduler is, in a few words; empty if it keeps up."""
    if beat.due < OVERLOAD_DUE or beat.oldest_due_s < OVERLOAD_SECONDS:
        return ""
    slowest = f"; slowest system {beat.slowest}" if beat.slowest else ""
    return f"overloaded: wakes are {beat.oldest_due_s:,.0f} s late, {beat.due:,} due{slowest}"


def scheduler_state(beat: Heartbeat | None, now: datetime) -> tuple[bool, str]:
    """Whether a scheduler is alive by its heartbeat, and the sentence that says so."""
    if beat is not None and beat.moved_to:
        return False, f"The runs of this store were moved to {beat.moved_to} and are driven there, not here."
    if beat is None or beat.beat_at is None:
        return (
            False,
            "No scheduler has driven this store: nothing is started, polled or joined. Run forkjoin scheduler.",
        )
    who = f"on {beat.host or '?'}, pid {beat.pid or '?'}"
    # A heartbeat from ahead was written before the clock was set back: a living scheduler soon writes another.
    if abs((now - beat.beat_at).total_seconds()) > SCHEDULER_SILENT_SECONDS or beat.stopped:
        what = "scheduler" if beat.workers is None else "worker"
        return False, (
            f"No {what} for {ago(now, beat.beat_at)}: nothing is started, polled or joined. "
            f"Last alive {who}. Run forkjoin {what}."
        )
    late = overload(beat) or f"{beat.lateness_s:.1f} s late"
    workers = beat.workers or ()
    if len(workers) > 1:
        leads = next((f", led by {worker.name}" for worker in workers if worker.leads), "")
        return True, f"{len(workers)} workers share the wakes{leads}, {late}."
    return True, f"The scheduler is alive {who}, {late}."
