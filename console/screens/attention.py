"""Needs attention: what is wrong, grouped by normalised message, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.here import Here
from console.screens.listing import ListView, Table
from console.theme import Line, fit, wrapped
from console.times import column
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.attention import Trouble

SIGNS = {
    "failed": "X",
    "failed branch": "X",
    "unconfirmed": "u",
    "lost": "!",
    "stale": "?",
    "unknown status": "?",
    "late": "?",
    "expired": "X",
    "event": "w",
}


class AttentionView(ListView):
    """Screen 2."""

    screen_name = screen_names.ATTENTION

    def read(self, runtime: Runtime) -> list[Trouble]:
        """The groups."""
        return runtime.queries.trouble_groups()

    def draw(self, data: list[Trouble], width: int) -> Table:
        """One row a group, the worst first."""
        now = self.desk.options.now()
        lines: list[Line] = []
        for group in data:
            sign, style = self.look.sign(SIGNS.get(group.kind, "-"))
            last = column((now - group.last_at).total_seconds()) if group.last_at else "-"
            lines.append(
                (
                    (fit(f"{sign} {group.kind}", 15), style),
                    (f"{group.run_count:>6,} {group.branch_count:>8,} {last:>6}  ", ""),
                    (fit(clean(group.what, 300), max(10, width - 60 if width > 120 else width - 40)) + " ", ""),
                    (clean(group.where, 100) if width > 120 else "", "dim"),
                )
            )
        head = fit("KIND", 15) + f"{'RUNS':>6} {'BRANCHES':>8} {'LAST':>6}  WHAT (numbers and ids folded to #)"
        runs = sum(g.run_count for g in data)
        there = max(runs, self.desk.snapshot.attention)
        told = f"{runs:,} run{'s' if runs != 1 else ''}" if runs == there else f"the worst {runs:,} of {there:,} runs"
        about = f"Needs attention: {len(data):,} kinds of trouble in {told}" if data else "Nothing needs attention."
        return Table(((head, "head"),), lines, [(g.kind, g.what, g.where) for g in data], about)

    def group(self) -> Trouble | None:
        """The group under the cursor."""
        key = self.list.key
        return next((g for g in self.data or () if (g.kind, g.what, g.where) == key), None)

    def here(self) -> Here:
        """The runs of the group are what a bulk act is given."""
        group = self.group()
        if group is None:
            return super().here()
        return replace(super().here(), subject=group.what, marks=tuple(group.runs))

    def detail_lines(self, data: list[Trouble], key: Any, width: int) -> Sequence[Line]:
        """Where, one example, what can be done."""
        group = self.group()
        if group is None:
            return ()
        told = [
            f"Where    {clean(group.where, 200)}",
            f"Example  {clean(group.example, 600)}",
            f"Runs     {', '.join(group.runs[:8])}"
            + (f" and {group.affected - 8:,} more" if group.affected > 8 else "")
            + (
                f"; {group.affected - group.run_count:,} counted where they are worse"
                * (group.affected > group.run_count)
            ),
        ]
        can = "You can: {enter} see them"
        if group.kind == "event":
            can += ", then {send} sends the event"
        elif group.kind in ("failed", "failed branch", "expired"):
            can += f"   {{retry}} retry {len(group.runs):,} runs, one first, then the rest   {{ack}} acknowledge"
        else:
            can += "   {ack} acknowledge"
        if self.desk.options.read_only:
            can = "You can: {enter} see them"
        can = self.desk.keymap.fill(can)
        return [line for text in [*told, can] for line in wrapped(text, width, " " * 9)]

    def entered(self, rows: Any) -> None:
        """Show the runs of the group."""
        group = self.group()
        if group is not None:
            desk = self.desk
            desk.go_to("runs")
            desk.runs.show_only(group.runs, f"{group.kind}: {group.what[:60]}")
