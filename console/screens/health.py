"""Health: scheduler, store, holds, version, and what doctor finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.screens.listing import ListView, Table
from console.theme import Line, fit
from console.times import column
from runtime.operations.queries.health import read_health
from runtime.operations.queries.workers import LAGGING_SECONDS, is_silent, lag_of, workers_of
from runtime.operations.records import WorkerState
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.health import Health

TOLD_ABOVE = ("scheduler", "workers", "queue")
BARS = ("▁▂▃▄▅▆▇█", "_.,-=+*#")


class HealthView(ListView):
    """Screen 7."""

    screen_name = screen_names.HEALTH

    def read(self, runtime: Runtime) -> Health:
        """Everything at once."""
        return read_health(runtime.queries, runtime.directory)

    def draw(self, data: Health, width: int) -> Table:
        """A line a fact."""
        lines: list[Line] = []
        keys: list[Any] = []

        def tell(label: str, text: str, style: str = "", key: Any = None) -> None:
            lines.append(((fit(label, 12), "bold"), (clean(text, 400), style)))
            keys.append(key)

        beat = data.beat
        tell("Scheduler", data.told, "" if data.alive else "red")
        if data.behind:
            tell("Behind", data.behind, "yellow")
        if beat is not None:
            since = f"since {beat.started_at.isoformat()[:19] if beat.started_at is not None else '?'}"
            many = len(beat.workers or ()) > 1
            tell("", f"working {since}" if many else f"{beat.host or '?'}, pid {beat.pid or '?'}, {since}")
            tell("Lateness", f"{beat.lateness_s:.2f} s in the middle, {beat.lateness_p99_s:.2f} s at worst of 100")
            tell(
                "Wakes",
                f"{beat.wakes_per_second:.1f} a second  " + sparkline(data.rates, ascii_only=self.look.ascii),
            )
            if (queue := beat.queue) is not None:
                lag = lag_of(beat)
                told = f"{queue.depth:.0f} wakes queued, {queue.due:.0f} runs due"
                told += f", the oldest for {lag:.1f} s" if queue.due else ""
                told += "" if data.alive else ", when it was last looked at"
                tell("Queue", told, "yellow" if lag > LAGGING_SECONDS or not data.alive else "")
            for worker in workers_of(beat):
                tell_worker(tell, worker, unheard=not data.alive)
            if beat.stuck_threads:
                tell("Threads", f"{beat.stuck_threads} threads of task code are stuck", "yellow")
        tell(
            "Store",
            f"{self.desk.options.store_name}: {data.store_bytes / 1e6:,.1f} MB"
            + (f", log {data.wal_bytes / 1e6:,.1f} MB" if data.wal_bytes else ""),
        )
        tell("Runs", ", ".join(f"{n:,} {status}" for status, n in sorted(data.counts.items())) or "none")
        now = self.desk.options.now()
        for hold in data.holds:
            since = column((now - hold.since).total_seconds())
            tell(
                "Hold",
                f"{hold.scope} by {hold.actor} for {since}: {hold.reason or 'no reason given'}",
                "yellow",
                hold.scope,
            )
        for check in data.checks:
            if check.name not in TOLD_ABOVE:
                tell("" if check.ok else "[look]", f"{check.name}: {check.text}", "" if check.ok else "yellow")
        tell("Version", f"forkjoin {data.version}")
        bad = sum(not check.ok for check in data.checks)
        return Table(
            (("WHAT".ljust(12), "head"), ("HOW IT IS", "head")),
            lines,
            keys,
            f"Health: {'all well' if not bad else f'{bad} to look at'}",
        )


def tell_worker(tell: Callable[..., None], worker: WorkerState, *, unheard: bool) -> None:
    """One worker of many: what it does, or that it is silent."""
    name = worker.name
    reach = f"; only {', '.join(worker.systems)}" if worker.systems is not None else ""
    if unheard:
        tell("Worker", f"{name}: not heard of since then", "yellow")
    elif is_silent(worker):
        tell(
            "Worker",
            f"{name}: silent for {worker.silent_s:.0f} s; its runs go to the others after six{reach}",
            "yellow",
        )
    else:
        does = f"{worker.wakes_per_second or 0.0:.1f} wakes a second, {worker.leased or 0} runs in hand"
        tell("Worker", f"{name}: {does}{', leads' if worker.leads else ''}{reach}")


def sparkline(values: Any, *, ascii_only: bool = False) -> str:
    """Numbers as a row of bars."""
    signs = BARS[1 if ascii_only else 0]
    top = max(values, default=0.0)
    return "".join(signs[round(v / top * (len(signs) - 1))] if top > 0 else signs[0] for v in values)
