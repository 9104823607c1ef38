"""The state and the results of the run as JSON, and what each act or step changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing
from console.theme import Line
from console.times import clock_time
from console.widgets.rows import Lines
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import HistoryEntry

LINES = 20_000
FOLD_ABOVE = 40
"""A value of more lines than this is folded to a sentence unless the pane is enlarged."""


class StatePane(Pane):
    """JSON, folded, with what changed at each step."""

    id = "state"
    title = "State"

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> list[HistoryEntry]:
        """What the history tells of changes of state."""
        return [
            e for e in runtime.queries.records.history(run_id) if e.kind == "state" or (e.data and "state" in e.data)
        ]

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """State, results, changes, input, labels."""
        run = detail.run
        lines: list[Line] = []
        _section(lines, "State", run.state)
        _section(lines, "Results", detail.results)
        if extra:
            lines.append((("What changed it", "bold"),))
            for entry in extra:
                changed = (entry.data or {}).get("state", {})
                told = json_text(changed, indent=None) if changed else entry.message
                step = clean(entry.step or entry.kind, 60)
                lines.append(((f"  {clock_time(entry.at, showing.zone)}  {step}: {clean(told, 500)}", ""),))
        if run.input:
            _section(lines, "Input", run.input)
        if run.labels:
            _section(lines, "Labels", run.labels)
        return Lines(lines[:LINES])


def _section(lines: list[Line], name: str, value: Mapping[str, Any]) -> None:
    lines.append(((name, "bold"),))
    for key, part in value.items():
        text = json_text(part).split("\n")
        label = clean(key, 100)
        if len(text) > FOLD_ABOVE:
            kind = "entries" if isinstance(part, list | dict) else "lines"
            size = len(part) if isinstance(part, list | dict) else len(text)
            lines.append(
                ((f"  {label}: ({size:,} {kind}; y copies the state, the command line shows it whole)", "dim"),)
            )
            lines += [((f"    {clean(t, 400)}", ""),) for t in text[:FOLD_ABOVE]]
            continue
        lines.append(((f"  {label}: {clean(text[0], 400)}", ""),))
        lines += [((f"  {clean(t, 400)}", ""),) for t in text[1:]]
    if not value:
        lines.append((("  {}", "dim"),))
