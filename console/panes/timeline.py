"""A bar for each branch and attempt: working and seen, working and not seen, waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing, trouble
from console.theme import Line, fit, fit_middle
from console.times import Zone, clock_time, words
from console.widgets.rows import Lines
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Attempt, Branch, Poll, StepVisit

BARS = {"work": ("⣿", "#"), "unseen": ("⣀", ":"), "wait": ("⠒", "."), "none": (" ", " ")}
MOST = 400


@dataclass(frozen=True, slots=True)
class Span:
    """What a branch did from one moment to another."""

    kind: str
    start: datetime
    end: datetime


class TimelinePane(Pane):
    """`<` and `>` zoom, arrows pan."""

    id = "timeline"
    title = "Timeline"
    live = True

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> dict[str, list[Poll]]:
        """Polls that could not reach the system, by branch."""
        found: dict[str, list[Poll]] = {}
        for poll in runtime.queries.records.polls(run_id):
            found.setdefault(poll.branch, []).append(poll)
        return found

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """A scale, then a bar for each branch; further attempts below it."""
        run, width = detail.run, showing.width
        name_width = max(10, min(26, width // 4))
        room = max(10, width - name_width - 4 - 18)
        start, end = window(run.created_at, run.ended_at or showing.now, showing)
        lines: list[Line] = [scale(start, end, room, name_width, showing)]
        keys: list[Any] = [None]
        shown = sorted((b for b in detail.leaves if b.steps), key=lambda b: (trouble(b) > 4, b.seq))
        for branch in shown[:MOST]:
            for row in rows_of(detail, branch, showing, (extra or {}).get(branch.id, [])):
                label, style, spans, told, final = row
                bar = draw(spans, start, end, room, showing, final)
                lines.append(((fit_middle(label, name_width), style), (" ", ""), (bar, ""), (" " + told, "")))
                keys.append(branch.id)
        if len(shown) > MOST:
            lines.append(((f"{len(shown) - MOST:,} more branches; the Branches pane shows all", "dim"),))
            keys.append(None)
        return Lines(lines, keys)


def window(begin: datetime, end: datetime, showing: Showing) -> tuple[datetime, datetime]:
    """The part of the run's life that is shown, by zoom and pan."""
    whole = max((end - begin).total_seconds(), 1.0)
    part = whole / showing.zoom
    first = min(max(0.0, (whole - part) + showing.pan * part), whole - part) if showing.zoom > 1 else 0.0
    return begin + timedelta(seconds=first), begin + timedelta(seconds=first + part)


def scale(start: datetime, end: datetime, room: int, name_width: int, showing: Showing) -> Line:
    """Times above the bars."""
    marks = max(1, room // 14)
    step = (end - start) / marks
    zone = Zone.LOCAL if showing.zone is Zone.LOCAL else Zone.UTC
    short = (end - start) > timedelta(minutes=20)
    text = "".join(fit(clock_time(start + step * n, zone, seconds=not short), room // marks) for n in range(marks))
    return ((" " * (name_width + 1), ""), (text, "dim"))


Row = tuple[str, str, list[Span], str, str]


def rows_of(detail: RunDetail, branch: Branch, showing: Showing, polls: list[Poll]) -> list[Row]:
    """One row for the branch, one more for each later attempt of its steps."""
    look = showing.look
    glyph, style = look.glyph(str(branch.status)), ""
    if branch.status == "failed":
        style = "red"
    rows: list[Row] = []
    spans: list[Span] = []
    name = clean(detail.name(branch), 60)
    for visit in branch.steps:
        if not visit.attempts:
            spans.append(Span("wait", visit.entered_at, visit.ended_at or showing.now))
            continue
        for attempt in visit.attempts:
            started = attempt.started_at or attempt.requested_at
            ended = attempt.ended_at or (attempt.failure.at if attempt.failure else None) or showing.now
            if attempt.attempt == visit.attempts[0].attempt:
                spans.append(Span("wait", visit.entered_at, started))
                spans += seen_spans(started, ended, attempt, polls)
                if len(visit.attempts) > 1:
                    rows.append(
                        (f"{glyph} {name}", style, spans, _told(attempt, visit, showing), _end(attempt, showing))
                    )
                    spans = []
            else:
                own = [Span("wait", visit.entered_at, started), *seen_spans(started, ended, attempt, polls)]
                rows.append(
                    (f"    try {attempt.attempt}", "", own, _told(attempt, visit, showing), _end(attempt, showing))
                )
    if spans:
        step = branch.steps[-1]
        last = step.attempts[-1] if step.attempts else None
        rows.insert(0, (f"{glyph} {name}", style, spans, _told(last, step, showing), _end(last, showing)))
    return rows


def seen_spans(start: datetime, end: datetime, attempt: Attempt, polls: list[Poll]) -> list[Span]:
    """Work, told apart by whether the polls of the attempt could see it."""
    spans: list[Span] = []
    at, kind = start, "work"
    for poll in polls:
        if poll.attempt != attempt.attempt or not start <= poll.at <= end:
            continue
        now = "unseen" if poll.reading in ("unreachable", "lost") else "work"
        if now != kind:
            spans.append(Span(kind, at, poll.at))
            at, kind = poll.at, now
    return [*spans, Span(kind, at, end)]


def _end(attempt: Attempt | None, showing: Showing) -> str:
    if attempt is None or attempt.status not in ("completed", "failed", "cancelled"):
        return ""
    return showing.look.glyph(str(attempt.status))


def _told(attempt: Attempt | None, visit: StepVisit, showing: Showing) -> str:
    if attempt is None:
        return "timer" if visit.due_at else "event" if visit.event else ""
    if attempt.failure is not None:
        return clean(f"{attempt.failure.type}: {attempt.failure.message}", 200)
    ended = attempt.ended_at or showing.now
    return words((ended - attempt.requested_at).total_seconds())


def draw(spans: list[Span], start: datetime, end: datetime, room: int, showing: Showing, final: str) -> str:
    """Spans as cells."""
    cells = [" "] * room
    whole = max((end - start).total_seconds(), 0.001)
    last = -1
    for span in spans:
        first = int((span.start - start).total_seconds() / whole * room)
        stop = int((span.end - start).total_seconds() / whole * room)
        for cell in range(max(0, first), min(room, max(stop, first + 1))):
            cells[cell] = BARS[span.kind][1 if showing.look.ascii else 0]
            last = cell
    if final and 0 <= last < room:
        cells[last] = final
    return "".join(cells)
