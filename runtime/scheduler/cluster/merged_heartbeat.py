"""What all workers tell, put together into what one scheduler would tell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from runtime.engine.explain.lateness import KEPT
from runtime.store.postgres.cluster import Member

SUMMED = ("calls", "failed")

TOLD = ("pid", "host", "wakes_per_second", "leased", "in_flight", "leads", "attached")
"""What is passed on of each worker as it tells it."""


def combined(members: Sequence[Member], queue: Mapping[str, float], now: datetime) -> dict[str, dict[str, Any]]:
    """The facts `scheduler`, `systems` and `durations` as the console and `why` read them, from all workers."""
    beats = [m.beat for m in members]
    systems: dict[str, dict[str, Any]] = {}
    durations: dict[str, list[float]] = {}
    for beat in beats:
        for name, told in dict(beat.get("systems") or {}).items():
            known = systems.get(name)
            systems[name] = dict(told) if known is None else _both(known, told)
        for name, seconds in dict(beat.get("durations") or {}).items():
            kept = durations.setdefault(name, [])
            kept += [s for s in seconds if s not in kept]
            del kept[:-KEPT]
    return {
        "scheduler": {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "started_at": min((str(b.get("started_at")) for b in beats), default=now.isoformat()),
            "beat_at": now.isoformat(),
            "wakes": sum(int(b.get("wakes") or 0) for b in beats),
            "wakes_per_second": round(sum(float(b.get("wakes_per_second") or 0) for b in beats), 3),
            "lateness_s": max((float(b.get("lateness_s") or 0) for b in beats), default=0.0),
            "lateness_p99_s": max((float(b.get("lateness_p99_s") or 0) for b in beats), default=0.0),
            "in_flight": sum(int(b.get("in_flight") or 0) for b in beats),
            "stuck_threads": sum(int(b.get("stuck_threads") or 0) for b in beats),
            "queue": dict(queue),
            "workers": [
                {
                    "name": m.name,
                    "silent_s": round(m.silent_seconds, 1),
                    **{k: m.beat.get(k) for k in TOLD},
                    "systems": m.beat.get("systems_reached"),
                }
                for m in members
            ],
            "stopped": False,
        },
        "systems": systems,
        "durations": durations,
    }


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: one[key] + other[key] for key in SUMMED},
        "failed_last": bool(one.get("failed_last")) and bool(other.get("failed_last")),
        **{key: max((v for v in (one.get(key), other.get(key)) if v is not None), default=None) for key in _LARGER},
    }


_LARGER = ("p50_ms", "p95_ms", "seconds")
