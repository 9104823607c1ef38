"""Wakes: the departures board, every run by its next wake, with reason and lateness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.here import Here
from console.screens.listing import ListView, Table
from console.theme import Line, Piece, fit, fit_middle, wrapped
from console.times import Zone, clock_time, column
from runtime.operations.queries.run_detail import RunDetail, read_detail
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Run

LIMIT = 500
LATE_SECONDS = 2.0


class WakesView(ListView):
    """Screen 3."""

    screen_name = screen_names.WAKES

    def __init__(self, desk: Desk, **how: Any) -> None:
        super().__init__(desk, **how)
        self.known: RunDetail | None = None
        """What is known of the run under the cursor, once it was read."""
        self._seen: tuple[str, int] | None = None

    def read(self, runtime: Runtime) -> tuple[list[Run], list[Run], list[dict[str, Any]]]:
        """Runs by next wake, held ones, schedules."""
        timed, held = runtime.queries.wake_board(LIMIT)
        return timed, held, runtime.queries.schedules(runtime.catalog)

    def draw(self, data: tuple[list[Run], list[Run], list[dict[str, Any]]], width: int) -> Table:
        """Overdue ones first, then a line for now, then what comes, then what is held."""
        timed, held, schedules = data
        desk = self.desk
        now = desk.options.now()
        run_width = 12 if width < 100 else 24
        lines: list[Line] = []
        keys: list[Any] = []
        crossed = False
        for at, run, text in self._due(timed, schedules):
            left = (at - now).total_seconds()
            if left >= 0 and not crossed:
                crossed = True
                if lines:
                    lines.append(
                        (
                            (f"{self.look.lines['h']} now {clock_time(now, Zone.UTC)} ", "bold"),
                            (self.look.rule(20), "dim"),
                        )
                    )
                    keys.append(None)
            late = left < -LATE_SECONDS
            chip: Piece = self.look.chip(f"{column(-left)} late") if late else (f"{column(max(0.0, left))}", "")
            shown = clock_time(at, desk.modes.zone if desk.modes.zone is Zone.LOCAL else Zone.UTC)
            pad = " " * max(0, 12 - len(chip[0]))
            name = fit_middle(run.id, run_width) if run else fit("-", run_width)
            lines.append(((f"{shown}  ", ""), (pad, ""), chip, (f"  {name}  ", ""), (clean(text, 200), "")))
            keys.append(run.id if run else None)
        for row in schedules:
            if row["enabled"] and row["problem"]:
                text = f"{clean(row['workflow'], 60)} does not start: {clean(row['problem'], 200)}"
                lines.append((("never" + " " * 17, "dim"), ("  " + fit("-", run_width) + "  ", ""), (text, "")))
                keys.append(None)
        for run in held:
            if run.next_wake_at is None:
                why = clean(run.why or run.wake_reason, 200)
                lines.append(
                    (
                        ("held" + " " * 18, "yellow" if self.look.colour else ""),
                        (f"  {fit_middle(run.id, run_width)}  ", ""),
                        (why, ""),
                    )
                )
                keys.append(run.id)
        overdue = sum((r.next_wake_at - now).total_seconds() < -LATE_SECONDS for r in timed if r.next_wake_at)
        beat = desk.snapshot.beat
        rate = beat.wakes_per_second if beat is not None else 0.0
        more = " or more" if len(timed) == LIMIT else ""
        about = f"Wakes: {len(timed):,}{more} set, {overdue:,} overdue, {len(held):,} held; "
        about += (
            f"scheduler {beat.lateness_s if beat is not None else 0.0:.1f} s late, {rate:.1f} wakes a second"
            if desk.snapshot.alive
            else "no scheduler is alive"
        )
        head = f"{'DUE':<10}{'IN':>12}  {fit('RUN', run_width)}  WHAT"
        return Table(((head, "head"),), lines, keys, about)

    def _due(self, timed: list[Run], schedules: list[dict[str, Any]]) -> Iterator[tuple[datetime, Run | None, str]]:
        """Runs and the next tick of each schedule that is on, by when they are due."""
        runs = [(run.next_wake_at, run, run.wake_reason) for run in timed if run.next_wake_at is not None]
        ticks = [
            (datetime.fromisoformat(row["next_ticks"][0]), None, f"start {row['workflow']} ({row['rule']})")
            for row in schedules
            if row["enabled"] and row["next_ticks"]
        ]
        yield from sorted([*runs, *ticks], key=lambda entry: entry[0])

    def run(self) -> Run | None:
        """The run under the cursor."""
        timed, held, _ = self.data or ((), (), ())
        return next((r for r in [*timed, *held] if r.id == self.list.key), None)

    def here(self) -> Here:
        """The run of the row, and what is known of it."""
        run, detail = self.run(), self.known
        known = detail if run is not None and detail is not None and detail.run.id == run.id else None
        return replace(super().here(), run=run, detail=known, subject=None)

    def chosen(self, rows: Any) -> None:
        """Another row: what is known of its run."""
        self._read_run()
        super().chosen(rows)

    def redraw(self) -> None:
        """Draw from what was read, and read what is known of the run under the cursor."""
        super().redraw()
        self._read_run()

    def reads(self) -> bool:
        """Whether the board, or what is known of the run under the cursor, is being read."""
        return super().reads() or self.desk.feed.pending("wake")

    def _read_run(self) -> None:
        run, desk = self.run(), self.desk
        seen = (run.id, run.revision) if run is not None else None
        if run is not None and seen != self._seen:
            run_id, self._seen = run.id, seen
            desk.feed.read(
                "wake", lambda runtime: read_detail(runtime.queries, run_id), self._take_run, desk.read_failed
            )

    def _take_run(self, detail: RunDetail) -> None:
        self.known = detail
        self.desk.update_frame("footer")

    def detail_lines(self, data: Any, key: Any, width: int) -> Sequence[Line]:
        """The why of the run, and what can be done."""
        run = self.run()
        if run is None:
            return ()
        keys = self.desk.keymap
        can = "{enter} see the run"
        if not self.desk.options.read_only:
            can = "You can: {poll} poll now   {wake} set the wake   " + can
        return [
            line
            for text in (
                f"{run.id}  {run.workflow}, {run.status}: {clean(run.why, 400)}",
                keys.fill(can),
            )
            for line in wrapped(text, width)
        ]

    def entered(self, rows: Any) -> None:
        """Show the run."""
        run = self.run()
        if run is not None:
            desk = self.desk
            desk.go_to("runs")
            desk.runs.reorder(select=run.id)
