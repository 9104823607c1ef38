"""Workflows: definitions, versions, schedules; start a run with a form made from the schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console import screen_names
from console.screens.listing import ListView, Table
from console.theme import Line, fit, wrapped
from console.times import Zone, day_and_time
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime


class WorkflowsView(ListView):
    """Screen 5."""

    screen_name = screen_names.WORKFLOWS

    def read(self, runtime: Runtime) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        """Known workflows, and their schedules."""
        schedules = {s["workflow"]: s for s in runtime.queries.schedules(runtime.catalog)}
        return runtime.json_views.flows(), schedules

    def draw(self, data: tuple[list[dict[str, Any]], dict[str, dict[str, Any]]], width: int) -> Table:
        """One row a workflow."""
        flows, schedules = data
        lines: list[Line] = []
        for flow in flows:
            rule = schedules.get(flow["workflow"])
            told = f"{rule['rule']}, {'on' if rule['enabled'] else 'off'}" if rule else "-"
            problem = flow["problems"] or ([rule["problem"]] if rule and rule["enabled"] and rule["problem"] else [])
            state = self.look.chip("failed") if problem else ("ok", "")
            lines.append(
                (
                    (fit(clean(flow["workflow"], 60), 22) + " " + fit(clean(flow["version"] or "-", 20), 9), ""),
                    (fit(state[0], 9), state[1]),
                    (fit(clean(told, 100), 34) + " ", ""),
                    (clean(problem[0] if problem else flow["name"] or "", 300), ""),
                )
            )
        head = f"{fit('WORKFLOW', 22)} {fit('VERSION', 9)}{fit('STATE', 9)}{fit('SCHEDULE', 34)} WHAT IT IS"
        return Table(((head, "head"),), lines, [f["workflow"] for f in flows], f"Workflows: {len(flows)}")

    def detail_lines(self, data: Any, key: Any, width: int) -> Sequence[Line]:
        """Tasks, schedule, problems, what can be done."""
        flows, schedules = data
        flow = next((f for f in flows if f["workflow"] == key), None)
        if flow is None:
            return ()
        told = [
            f"Folder   {clean(flow['path'], 300)}",
            f"Tasks    {clean(', '.join(flow['tasks']) or 'none in Python', 300)}",
        ]
        rule = schedules.get(key)
        if rule:
            last = f"last {clean(rule['last_tick'], 40)}" if rule["last_tick"] else "no tick yet"
            told.append(f"Schedule {clean(rule['rule'], 100)}, overlap {clean(rule['overlap'], 20)}, {last}")
            told.append(self._next(rule))
        told += [f"Problem  {clean(p, 400)}" for p in flow["problems"][:4]]
        told += [f"Doubtful {clean(w, 400)}" for w in flow["warnings"][:4]]
        if self.desk.options.read_only:
            can = "You can: {enter} see its runs"
        else:
            switch = (
                f"{{schedule}} {'disable' if rule and rule['enabled'] else 'enable'} its schedule   " if rule else ""
            )
            can = f"You can: {{start}} start a run   {switch}{{hold}} hold it   {{enter}} see its runs"
        return [line for text in [*told, self.desk.keymap.fill(can)] for line in wrapped(text, width, " " * 9)]

    def _next(self, rule: dict[str, Any]) -> str:
        """When a schedule ticks next, or what keeps it from ticking."""
        if rule["problem"]:
            return f"Next     never: {clean(rule['problem'], 400)}"
        zone = self.desk.modes.zone if self.desk.modes.zone is Zone.LOCAL else Zone.UTC
        ticks = ", ".join(day_and_time(datetime.fromisoformat(tick), zone) for tick in rule["next_ticks"])
        return f"Next     {ticks or 'never'}" + ("" if rule["enabled"] else ", if it is enabled now")

    def entered(self, rows: Any) -> None:
        """Show its runs."""
        if self.list.key:
            self.desk.go_to("runs")
            self.desk.runs.filter_by(f"flow:{self.list.key}")
