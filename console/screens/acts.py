"""Acts: who did what, when, why, and the equal command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.commands.copying import same_as
from console.here import Here
from console.screens.listing import ListView, Table
from console.theme import Line, fit, wrapped
from console.times import Zone, clock_time, moment
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Act

LIMIT = 1_000
SHOWN = 2_000
"""The longest command that is shown; a part of one would do something else."""


class ActsView(ListView):
    """Screen 6."""

    screen_name = screen_names.ACTS

    def read(self, runtime: Runtime) -> list[Act]:
        """The newest acts."""
        return runtime.queries.records.acts(limit=LIMIT)

    def draw(self, data: list[Act], width: int) -> Table:
        """One row an act, newest first."""
        now, zone = self.desk.options.now(), self.desk.modes.zone
        sizes = (5, 9, 10, 12, 22)
        heads = ("ACT", "AGO" if zone is Zone.RELATIVE else "AT", "WHO", "DID", "TO")
        head = "".join(fit(h, s) + " " for h, s in zip(heads, sizes, strict=True)) + "CAME TO"
        lines: list[Line] = []
        for act in data:
            verb = (act.arguments or {}).get("verb", act.verb) if act.verb == "bulk" else act.verb
            cells = (
                str(act.id),
                moment(act.at, now, zone),
                clean(act.actor, 60),
                clean(verb, 40),
                clean(act.target, 120),
            )
            text = "".join(fit(c, s) + " " for c, s in zip(cells, sizes, strict=True))
            lines.append(((text, ""), (clean(progress(act), 200), "")))
        about = f"Acts: the newest {len(data):,}" if len(data) == LIMIT else f"Acts: {len(data):,}"
        return Table(((fit(head, width), "head"),), lines, [a.id for a in data], about)

    def here(self) -> Here:
        """The act of the row."""
        return replace(super().here(), act=next((a for a in self.data or () if a.id == self.list.key), None))

    def detail_lines(self, data: list[Act], key: Any, width: int) -> Sequence[Line]:
        """Who, why, before and after, the equal command."""
        act = next((a for a in data if a.id == key), None)
        if act is None:
            return ()
        shell = f", ssh {clean(act.ssh, 80)}" if act.ssh else ""
        uid = f", uid {act.uid}" if act.uid is not None else ""
        told = [
            f"Act {act.id}, {clock_time(act.at, self.desk.modes.zone)}: {clean(act.actor, 60)}"
            f" by {act.source}{uid}{shell}",
            f"Reason   {clean(act.reason, 400) or '-'}",
            f"Came to  {clean(act.outcome, 400)}",
        ]
        if act.before is not None or act.after is not None:
            before, after = json_text(act.before, indent=None), json_text(act.after, indent=None)
            told.append(f"Before   {clean(before, 300)}")
            told.append(f"After    {clean(after, 300)}")
        line = same_as(act)
        if len(line) > SHOWN:
            copy = self.desk.keymap.shown("copy")
            line = f"a command of {len(line):,} characters; {copy} copies it whole"
        told.append(f"Same as  {clean(line, SHOWN)}")
        return [line for text in told for line in wrapped(text, width, " " * 9)]


def progress(act: Act) -> str:
    """How far an act is: `######.... 26 of 41` for a bulk act, else its outcome."""
    plan = act.arguments or {}
    if act.verb != "bulk" or "targets" not in plan:
        return act.outcome
    total, done = len(plan["targets"]), int(plan.get("next", 0))
    filled = round(10 * done / total) if total else 10
    after = act.after or {}
    told = (
        ", ".join(f"{n} {str(w).replace('_', ' ')}" for w, n in after.items() if n) if isinstance(after, dict) else ""
    )
    return f"{'#' * filled}{'.' * (10 - filled)} {done} of {total}{': ' if told else ''}{told}; {act.outcome}"
