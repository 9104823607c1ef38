"""A flow, or a run with its statuses, as a picture: text, mermaid or SVG."""

from __future__ import annotations

from html import escape

from runtime.engine.explain.branch_work import at_work
from runtime.flow.definition import Connection, Flow
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.model.status import LOOKS
from runtime.model.stored import Stored
from runtime.safe_text import clean

ROW, COLUMN, BOX = 46, 190, 150


def picture(flow: Flow, stored: Stored | None = None, *, form: str = "text", ascii_only: bool = False) -> str:
    """Draw a flow; with `stored` every step carries the status of its last visit."""
    graph = FlowGraph(flow.steps, flow.connections)
    statuses = _statuses(stored) if stored else {}
    if form == "mermaid":
        return _mermaid(flow, graph, statuses)
    if form == "svg":
        return _svg(flow, graph, statuses)
    return _text(flow, graph, statuses, ascii_only=ascii_only)


def _statuses(stored: Stored) -> dict[str, str]:
    """The status of the last visit of each step; of the items of a dynamic fork the worst."""
    found: dict[str, tuple[int, str]] = {}
    for branch in stored.branches.values():
        for visit in branch.steps:
            if branch.kind != "item" and visit.visit >= found.get(visit.step_id, (0, ""))[0]:
                found[visit.step_id] = (visit.visit, str(visit.status))
    for branch in at_work(stored.branches):
        if branch.visit and branch.kind != "item":
            found[branch.step_id] = (branch.visit, str(branch.status))
    return {step: status for step, (_, status) in found.items()}


def _label(graph: FlowGraph, step_id: str) -> str:
    step = graph.steps[step_id]
    notes = [step.type] if step.type not in ("task", "begin", "end") else []
    if step.for_each:
        notes.append(f"for each, {step.join}")
    elif step_id in graph.joins:
        notes.append(f"join {step.join}")
    return clean(step_id, 60) + (f" ({'; '.join(notes)})" if notes else "")


def _depths(graph: FlowGraph) -> dict[str, int]:
    """Columns: the longest way from begin along connections that lead ahead in flow order."""
    depths = dict.fromkeys(graph.order, 0)
    for step_id in sorted(graph.order, key=lambda s: graph.order[s]):
        for way in graph.outgoing.get(step_id, ()):
            if graph.order[way.target] > graph.order[step_id]:
                depths[way.target] = max(depths[way.target], depths[step_id] + 1)
    return depths


def _text(flow: Flow, graph: FlowGraph, statuses: dict[str, str], *, ascii_only: bool) -> str:
    """Steps in flow order, indented by how deep in forks they stand, each with the ways out of it."""
    arrow, back, bar = ("->", "back to", "|") if ascii_only else ("→", "↺ back to", "│")
    lines = [f"{clean(flow.name, 100)} ({clean(flow.id, 100)} {clean(flow.version, 40)})"]
    depths = _depths(graph)
    for step_id in sorted(graph.order, key=lambda s: graph.order[s]):
        status = statuses.get(step_id, "pending" if statuses else "")
        look = LOOKS.get(status)
        sign = f"{look.ascii if ascii_only else look.glyph} " if look else ""
        told = f"  {status}" if status else ""
        ways = [_way(graph, way, arrow, back) for way in graph.outgoing.get(step_id, ())]
        indent = f"{bar} " * min(depths[step_id], 20)
        lines.append(f"{indent}{sign}{_label(graph, step_id)}{told}  {'  '.join(ways)}".rstrip())
    return "\n".join(lines)


def _way(graph: FlowGraph, way: Connection, arrow: str, back: str) -> str:
    sign = arrow if graph.order[way.target] > graph.order[way.source] else back
    condition = f" [{clean(way.condition, 80)}]" if way.condition else ""
    return f"{sign} {clean(way.target, 60)}{condition}"


def _mermaid(flow: Flow, graph: FlowGraph, statuses: dict[str, str]) -> str:
    names = {step_id: f"s{number}" for number, step_id in enumerate(graph.order)}
    lines = ["flowchart LR"]
    for step_id, name in names.items():
        status = statuses.get(step_id)
        label = _label(graph, step_id) + (f": {status}" if status else "")
        ends = ("{{", "}}") if graph.steps[step_id].type == "decision" else ("[", "]")
        lines.append(f'    {name}{ends[0]}"{_quoted(label)}"{ends[1]}')
    for way in flow.connections:
        if way.source in names and way.target in names:
            condition = f'|"{_quoted(clean(way.condition, 80))}"|' if way.condition else ""
            lines.append(f"    {names[way.source]} -->{condition} {names[way.target]}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "".join(char if char.isalnum() or char in " -_.:,()" else f"#{ord(char)};" for char in text)


def _svg(flow: Flow, graph: FlowGraph, statuses: dict[str, str]) -> str:
    depths = _depths(graph)
    taken: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for step_id in sorted(graph.order, key=lambda s: graph.order[s]):
        row = taken.get(depths[step_id], 0)
        taken[depths[step_id]] = row + 1
        places[step_id] = (20 + depths[step_id] * COLUMN, 20 + row * ROW)
    width = 40 + (max(depths.values(), default=0) + 1) * COLUMN
    height = 40 + max(taken.values(), default=1) * ROW
    style = 'font-family="monospace" font-size="11"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {style}>']
    for way in flow.connections:
        if way.source in places and way.target in places:
            (x1, y1), (x2, y2) = places[way.source], places[way.target]
            parts.append(f'<line x1="{x1 + BOX}" y1="{y1 + 14}" x2="{x2}" y2="{y2 + 14}" stroke="#777"/>')
    for step_id, (x, y) in places.items():
        status = statuses.get(step_id, "")
        colour = {"failed": "#c33", "completed": "#ddd"}.get(status, "#fff")
        parts.append(f'<rect x="{x}" y="{y}" width="{BOX}" height="28" fill="{colour}" stroke="#333"/>')
        label = f"{LOOKS[status].glyph} {step_id}" if status in LOOKS else step_id
        parts.append(f'<text xml:space="preserve" x="{x + 6}" y="{y + 18}">{escape(clean(label, 22))}</text>')
    return "\n".join([*parts, "</svg>"])
