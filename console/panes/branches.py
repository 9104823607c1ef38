"""Branches: every branch with what is known of its work; nested forks as a tree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from console.attempts import last_attempt
from console.panes.base import Pane, Showing
from console.theme import Line, Piece, fit, fit_middle, width_of
from console.times import column, moment
from console.widgets.rows import Lines
from runtime.model.tries import tries_short
from runtime.operations.queries.branch_names import said_name
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Branch


class BranchesPane(Pane):
    """A tree of branches; a thousand of them are drawn where they are looked at."""

    id = "branches"
    title = "Branches"
    cursor = True
    live = True

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """One row a branch, its children below it."""
        return Tree(detail, showing)

    @staticmethod
    def head(width: int) -> Line:
        """Names of the columns."""
        return ((fit(_head(width), width), "head"),)


class Tree(Lines):
    """Rows worked out when they are drawn."""

    def __init__(self, detail: RunDetail, showing: Showing) -> None:
        self.detail = detail
        self.showing = showing
        children: dict[str | None, list[Branch]] = {}
        for branch in detail.branches.values():
            if branch.status != "superseded":
                children.setdefault(branch.parent, []).append(branch)
        self.children = children
        self.going_on = {b.id for b in detail.leaves}
        self.rows: list[tuple[Branch, int]] = []
        stack = [(b, 0) for b in reversed(children.get(None, []))]
        while stack:
            branch, depth = stack.pop()
            self.rows.append((branch, depth))
            if branch.id not in showing.folded:
                stack += [(b, depth + 1) for b in reversed(children.get(branch.id, []))]
        super().__init__([], [b.id for b, _ in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        """The branch in this place."""
        branch, depth = self.rows[index]
        group = bool(self.children.get(branch.id))
        cells = _cells(self.detail, branch, self.showing, exact=selected)
        sizes = _sizes(width)
        indent = "  " * min(depth, 12)
        sign = ""
        if group:
            sign = self.showing.look.lines["shut" if branch.id in self.showing.folded else "open"] + " "
        name = fit_middle(indent + sign + clean(said_name(branch.id), 120), sizes[1])
        if group and branch.status in ("running", "completed") and branch.id not in self.going_on:
            told = self._told(branch)
            return (
                (fit("", sizes[0] + 1), ""),
                (name + " ", ""),
                (fit(told, max(0, width - sizes[0] - sizes[1] - 2)), ""),
            )
        status, style = cells[0]
        line: list[Piece] = [(fit(status, sizes[0]), style), (" ", ""), (name + " ", "")]
        for (text, kind), size in zip(cells[1:], sizes[2:], strict=True):
            if size:
                line.append((fit(text, size), kind))
                line.append((" ", ""))
        line.append((fit(_says(self.detail, branch), max(0, width - width_of(line))), ""))
        return tuple(line)

    def _told(self, branch: Branch) -> str:
        """Of a fork: which join it feeds and how far that is, else how many of what."""
        kept = self.children.get(branch.id, [])
        counts = Counter(str(b.status) for b in kept)
        step = branch.open_fork.rpartition("/")[2].rpartition(".")[0] if branch.open_fork else ""
        joins = [
            j for j in self.detail.joins if j.step_id == step or (branch.open_fork is not None and j.fired_at is None)
        ]
        told = ", ".join(f"{n} {'to retry' if s == 'awaiting_retry' else s}" for s, n in counts.most_common())
        if joins and len(self.detail.joins) == 1:
            join = joins[0]
            has = f"has {join.arrived + join.failed}, {join.expected} open"
            return f"{clean(join.step_id, 60)} ({join.policy}) {has}; {told}"
        return told


def _head(width: int) -> str:
    sizes = _sizes(width)
    names = ("STATUS", "BRANCH", "TRY", "SEEN", "NEXT", "ID")
    return "".join(fit(n, s) + " " for n, s in zip(names, sizes, strict=True) if s) + "WHAT IT SAYS"


def _sizes(width: int) -> tuple[int, ...]:
    """STATUS, BRANCH, TRY, SEEN, NEXT, ID: ID goes first, then NEXT, then TRY."""
    name = max(12, min(34, width * 3 // 10))
    return (12, name, 5 if width >= 56 else 0, 7, 7 if width >= 66 else 0, 14 if width >= 90 else 0)


def status_piece(branch: Branch, showing: Showing, interval: float) -> Piece:
    """Glyph and word; a running branch is shaded by how fresh its last poll is."""
    seen = branch.observation
    word = str(branch.status)
    if word == "running" and seen is not None:
        if str(seen.state) == "lost":
            return (showing.look.sign("!")[0] + " running", "red")
        if str(seen.state) == "stale":
            return (showing.look.sign("?")[0] + " running", "yellow")
        age = (showing.now - seen.seen_at).total_seconds() / max(interval, 0.001) if seen.seen_at else 0.0
        letter = "#" if age <= 1.5 else "+" if age <= 3 else ":"
        return (showing.look.sign(letter)[0] + " running", "")
    return showing.look.status(word)


def status_glyph(detail: RunDetail, branch: Branch, showing: Showing) -> Piece:
    """The sign of a branch alone, shaded as its word would be."""
    step = detail.program.graph.steps.get(branch.step_id)
    word, style = status_piece(branch, showing, step.poll.interval if step else 30.0)
    return (word[:1], style)


def _cells(detail: RunDetail, branch: Branch, showing: Showing, *, exact: bool) -> list[Piece]:
    step = detail.program.graph.steps.get(branch.step_id)
    attempt = last_attempt(branch)
    visit = next((v for v in reversed(branch.steps) if v.attempts), None)
    interval = step.poll.interval if step else 30.0
    tries = tries_short(visit, step.retry.maximum_attempts) if attempt and visit and step else ""
    seen = branch.observation
    seen_cell: Piece = ("", "")
    if branch.status == "running" and seen is not None:
        state = str(seen.state)
        if state in ("lost", "stale"):
            seen_cell = showing.look.chip(state)
        elif seen.seen_at:
            seen_cell = (column((showing.now - seen.seen_at).total_seconds(), exact=exact), "")
    due = branch.next_poll_at or branch.retry_at or (branch.current.due_at if branch.current else None)
    next_cell = "held" if branch.held_by else "" if due is None else moment(due, showing.now, showing.zone, exact=exact)
    external = attempt.external_id if attempt and attempt.external_id else ""
    return [
        status_piece(branch, showing, interval),
        (tries, ""),
        seen_cell,
        (next_cell, ""),
        (fit_middle(clean(external, 200), 14) if external else "", "dim"),
    ]


def _says(detail: RunDetail, branch: Branch) -> str:
    """The last failure, the progress, or what is awaited, in one line."""
    visit = branch.current
    attempt = last_attempt(branch)
    if branch.held_by:
        return f"held by {clean(branch.held_by, 100)}"
    failure = visit.failure if visit and visit.failure else attempt.failure if attempt else None
    if branch.status in ("failed", "awaiting_retry") and failure:
        return f"{clean(failure.type, 60)}: {clean(failure.message, 300)}"
    if branch.last_poll_failure and branch.status == "running" and branch.observation and branch.observation.missed:
        problem = branch.last_poll_failure
        return f"{branch.observation.missed} polls failed: {clean(problem.type, 60)}: {clean(problem.message, 200)}"
    if attempt and attempt.progress is not None and branch.status == "running":
        note = f" {clean(attempt.note, 200)}" if attempt.note else ""
        return f"{attempt.progress * 100:.0f} %{note}"
    if branch.status == "waiting" and visit:
        return f"waits for the event {clean(visit.event, 100)}" if visit.event else "a timer"
    if branch.step_id and not said_name(branch.id).endswith(branch.step_id):
        return f"at {clean(branch.step_id, 100)}"
    return ""
