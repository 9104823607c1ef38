"""External systems: per target what is open, how it answers, what is not seen, what is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.screens.listing import ListView, Table
from console.theme import Line, Piece, fit, wrapped
from console.times import column
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.systems import SystemRow


class SystemsView(ListView):
    """Screen 4."""

    screen_name = screen_names.SYSTEMS

    def read(self, runtime: Runtime) -> list[SystemRow]:
        """The targets."""
        return runtime.queries.systems()

    def draw(self, data: list[SystemRow], width: int) -> Table:
        """One row a target, the worst first."""
        now = self.desk.options.now()
        name_width = max(20, min(44, width - 58))
        lines: list[Line] = []
        for row in data:
            state: Piece = self.look.chip(row.state) if row.state != "ok" else ("ok", "")
            unseen = column((now - row.oldest_unseen_at).total_seconds()) if row.oldest_unseen_at else "-"
            p95 = f"{row.p95_ms:.0f} ms" if row.p95_ms is not None else "-"
            lines.append(
                (
                    (fit(clean(row.name, 200), name_width) + " ", ""),
                    (fit(state[0], 14), state[1]),
                    (
                        f"{row.open:>6,} {row.calls_per_minute:>8.0f} {row.failed_share * 100:>6.0f} %"
                        f" {p95:>9} {unseen:>7}",
                        "",
                    ),
                )
            )
        head = f"{fit('SYSTEM', name_width)} {fit('STATE', 14)}{'OPEN':>6} {'CALLS/m':>8} {'FAILED':>8}"
        head += f" {'p95':>9} {'UNSEEN':>7}"
        about = f"External systems: {len(data)}; counts of open work over the first 2,000 open runs"
        return Table(((head, "head"),), lines, [r.name for r in data], about)

    def detail_lines(self, data: list[SystemRow], key: Any, width: int) -> Sequence[Line]:
        """What is not seen, and what can be done."""
        row = next((r for r in data if r.name == key), None)
        if row is None:
            return ()
        told = []
        if row.held_by:
            told.append(f"Held by {clean(row.held_by, 60)}: nothing is started or polled on it until it is released.")
        if row.oldest_unseen_run:
            told.append(f"Longest not seen: a job of {row.oldest_unseen_run}. It may still run; polling goes on.")
        release = "release it" if row.held_by else "hold it"
        can = (
            "You can: {enter} see its runs"
            if self.desk.options.read_only
            else f"You can: {{hold}} {release}   {{enter}} see its runs"
        )
        return [line for text in [*told, self.desk.keymap.fill(can)] for line in wrapped(text, width)]

    def entered(self, rows: Any) -> None:
        """Show the runs with branches on it."""
        if self.list.key:
            self.desk.go_to("runs")
            self.desk.runs.filter_by(f"is:open system:{self.list.key!s}")
