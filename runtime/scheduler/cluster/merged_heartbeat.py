"""The heartbeats of all workers of a store, put together into one as a single scheduler would write it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from runtime.engine.explain.lateness import KEPT
from runtime.model.heartbeat import Heartbeat, QueueState, TargetCalls, WorkerState
from runtime.store.postgres.cluster import Member


@dataclass(frozen=True, slots=True)
class Merged:
    """What consoles and `why` read of all workers together."""

    heartbeat: Heartbeat
    systems: dict[str, TargetCalls]
    durations: dict[str, list[float]]


def combined(members: Sequence[Member], queue: QueueState, now: datetime, rates: Iterable[float]) -> Merged:
    """The heartbeat of now; `rates` are the wakes a second of all workers at the heartbeats before, oldest first."""
    beats = [member.beat for member in members]
    systems: dict[str, TargetCalls] = {}
    durations: dict[str, list[float]] = {}
    for member in members:
        for name, calls in member.report.systems.items():
            systems[name] = _both(systems[name], calls) if name in systems else calls
        for name, seconds in member.report.durations.items():
            kept = durations.setdefault(name, [])
            kept += [s for s in seconds if s not in kept]
            del kept[:-KEPT]
    rate = round(sum(beat.wakes_per_second for beat in beats), 3)
    heartbeat = Heartbeat(
        pid=os.getpid(),
        host=os.uname().nodename,
        started_at=min((beat.started_at for beat in beats if beat.started_at is not None), default=now),
        beat_at=now,
        wakes=sum(beat.wakes for beat in beats),
        wakes_per_second=rate,
        rates=(*rates, rate),
        lateness_s=max((beat.lateness_s for beat in beats), default=0.0),
        lateness_p99_s=max((beat.lateness_p99_s for beat in beats), default=0.0),
        in_flight=sum(beat.in_flight for beat in beats),
        stuck_threads=sum(beat.stuck_threads for beat in beats),
        due=int(queue.due) + sum(beat.due for beat in beats),
        oldest_due_s=max([queue.oldest_due_s, *(beat.oldest_due_s for beat in beats)]),
        slowest=max(beats, key=lambda beat: beat.oldest_due_s).slowest if beats else "",
        queue=queue,
        workers=tuple(_state(member) for member in members),
    )
    return Merged(heartbeat, systems, durations)


def _state(member: Member) -> WorkerState:
    beat, report = member.beat, member.report
    return WorkerState(
        name=member.name,
        silent_s=round(member.silent_seconds, 1),
        pid=beat.pid,
        host=beat.host,
        wakes_per_second=beat.wakes_per_second,
        leased=report.leased,
        in_flight=beat.in_flight,
        leads=report.leads,
        attached=beat.attached,
        systems=report.systems_reached,
    )


def _both(one: TargetCalls, other: TargetCalls) -> TargetCalls:
    return TargetCalls(
        calls=one.calls + other.calls,
        failed=one.failed + other.failed,
        failed_last=one.failed_last and other.failed_last,
        p50_ms=_larger(one.p50_ms, other.p50_ms),
        p95_ms=_larger(one.p95_ms, other.p95_ms),
        seconds=_larger(one.seconds, other.seconds),
    )


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
