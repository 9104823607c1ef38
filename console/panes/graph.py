"""The fork-join picture of the run with live statuses; worst branches first, past twelve they are counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing, trouble
from console.theme import Line, Piece, fit, width_of
from console.times import words
from console.widgets.rows import Lines
from runtime.operations.queries.branch_names import said_name
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Branch, StepVisit

SHOWN = 12
Block = list[Line]
"""Lines of equal meaning, drawn one below the other; the first is the one lines lead to."""


NOT_STARTED: Block = [(("not started", "dim"),)]


class GraphPane(Pane):
    """Arrows left and right move the picture."""

    id = "graph"
    title = "Graph"
    live = True

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """The picture, then the joins in words."""
        children: dict[str, list[Branch]] = {}
        for branch in detail.branches.values():
            if branch.parent and branch.status != "superseded":
                children.setdefault(branch.fork, []).append(branch)
        root = detail.branches.get("main")
        block = _branch(detail, root, children, showing, 0) if root is not None else list(NOT_STARTED)
        ahead = _ahead(detail, showing)
        if ahead:
            block = _beside(block, [ahead], showing)
        moved = int(showing.pan * showing.width)
        lines = [_moved(line, max(0, moved)) for line in block]
        for join in detail.joins:
            held = "; held until a failure is repaired or skipped" if join.held else ""
            text = f"J {clean(join.step_id, 80)} ({join.policy}): {join.arrived} completed, {join.failed} failed"
            lines.append(((f"{text}, {join.expected} open{held}", "" if join.fired_at is None else "dim"),))
        return Lines(lines)


def _branch(
    detail: RunDetail, branch: Branch, children: dict[str, list[Branch]], showing: Showing, depth: int
) -> Block:
    """The steps of a branch, one after the other; behind a fork its branches."""
    block: Block = []
    for visit in branch.steps:
        if visit.status == "superseded":
            continue
        block = _join_on(block, [_step(branch, visit, showing, detail)], showing)
        fork = f"{branch.id}/{visit.step_id}.{visit.visit}"
        kept = children.get(fork, [])
        if kept and depth < 6:
            block = _join_on(block, _fork(detail, kept, children, showing, depth + 1), showing)
            block = _join_on(block, [(("J", "bold"),)], showing)
    return block or list(NOT_STARTED)


def _fork(
    detail: RunDetail, kept: list[Branch], children: dict[str, list[Branch]], showing: Showing, depth: int
) -> Block:
    ordered = sorted(kept, key=lambda b: (_worst(b, children), b.seq)) if len(kept) > SHOWN else kept
    blocks = [_branch(detail, b, children, showing, depth) for b in ordered[:SHOWN]]
    if len(kept) > SHOWN:
        counts = Counter(str(b.status).replace("awaiting_retry", "to retry") for b in ordered[SHOWN:])
        told = ", ".join(f"{n} {s}" for s, n in counts.most_common())
        blocks.append([((f"{len(kept) - SHOWN} more: {told}", "dim"),)])
    signs = showing.look.lines
    widest = max(width_of(line) for block in blocks for line in block)
    drawn: Block = []
    for number, block in enumerate(blocks):
        first, last = number == 0, number == len(blocks) - 1
        for row, line in enumerate(block):
            if row == 0:
                one = len(blocks) == 1
                left = signs["h"] if one else signs["tl"] if first else signs["bl"] if last else signs["ml"]
                right = signs["h"] if one else signs["tl"] if first else signs["br"] if last else signs["mr"]
                fill = signs["h"] * (widest - width_of(line) + 1)
                drawn.append(((left + signs["h"] + " ", "dim"), *line, (" " + fill + right, "dim")))
            else:
                bar = " " if last else signs["v"]
                pad = " " * (widest - width_of(line) + 2)
                drawn.append(((bar + "  ", "dim"), *line, (pad + bar, "dim")))
    return drawn


def _worst(branch: Branch, children: dict[str, list[Branch]]) -> int:
    below = [trouble(c) for fork, kept in children.items() if fork.startswith(branch.id + "/") for c in kept]
    return min([trouble(branch), *below])


def _step(branch: Branch, visit: StepVisit, showing: Showing, detail: RunDetail) -> Line:
    current = visit is branch.current
    status = str(branch.status) if current and branch.open_fork is None else str(visit.status)
    glyph, style = showing.look.glyph(status), ""
    note = ""
    attempt = visit.attempts[-1] if visit.attempts else None
    if status == "failed":
        style = "red"
        failure = visit.failure or (attempt.failure if attempt else None)
        note = " " + fit(clean(failure.message, 200), min(28, len(failure.message))) if failure else ""
    elif current and status == "running" and branch.observation is not None:
        state = str(branch.observation.state)
        sign = {"lost": "!", "stale": "?"}.get(state, "#")
        glyph, style = showing.look.sign(sign)
        seen = branch.observation.seen_at
        progress = f" {attempt.progress * 100:.0f} %" if attempt and attempt.progress is not None else ""
        note = progress + (
            f", seen {words((showing.now - seen).total_seconds())} ago" if seen and state != "fresh" else ""
        )
        note += f" {state}" if state != "fresh" else ""
    elif status in ("completed", "skipped"):
        style = "dim"
    name = clean(visit.step_id, 30)
    if branch.index is not None and branch.current is visit:
        name = f"{said_name(branch.id)} {name}"
    return ((f"{glyph} ", style), (f"{name}{note}", style if style == "dim" else ""))


def _join_on(block: Block, more: Block, showing: Showing) -> Block:
    return more if not block else _beside(block, more, showing)


def _beside(left: Block, right: Block, showing: Showing) -> Block:
    """Put a block to the right of another, joined on the first line."""
    width = max(width_of(line) for line in left)
    dash = showing.look.lines["h"]
    rows: Block = []
    for number in range(max(len(left), len(right))):
        part: list[Piece] = list(left[number]) if number < len(left) else []
        gap = width - width_of(part)
        if number == 0:
            fill = (" " + dash * (gap + 1) if gap else " " + dash) + " "
            part.append((fill, "dim"))
        else:
            part.append((" " * (gap + 3), ""))
        if number < len(right):
            part += right[number]
        rows.append(tuple(part))
    return rows


def _ahead(detail: RunDetail, showing: Showing) -> Line:
    """Steps that no branch has reached yet, in flow order."""
    reached = {v.step_id for b in detail.branches.values() for v in b.steps}
    order = detail.program.graph.order
    waiting = [s for s in sorted(order, key=lambda s: order[s]) if s not in reached]
    if not waiting or detail.run.status in ("completed", "cancelled"):
        return ()
    glyph = showing.look.glyph("pending")
    dash = showing.look.lines["h"]
    text = f" {dash} ".join(f"{glyph} {clean(s, 30)}" for s in waiting[:6])
    return ((text + (f" and {len(waiting) - 6} more" if len(waiting) > 6 else ""), "dim"),)


def _moved(line: Line, by: int) -> Line:
    """A line without its first cells."""
    kept: list[Piece] = []
    for text, style in line:
        if by >= len(text):
            by -= len(text)
            continue
        kept.append((text[by:], style))
        by = 0
    return tuple(kept)
