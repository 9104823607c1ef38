"""Why a run is not done, as a table: each join's arithmetic, a row a branch, what follows, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.here import Here
from console.panes.base import Pane, Showing, branch_of, trouble
from console.panes.branches import status_glyph
from console.theme import Line, Piece, fit_middle, labelled, plain, width_of, wrapped
from console.times import clock_time
from console.widgets.rows import Lines
from runtime.operations.queries.branch_names import branch_name
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import BranchReason

SETTLED = ("completed", "skipped", "cancelled", "superseded", "arrived")
MOST_ENDED = 4
"""So many branches of a join that came to their end have a row each; more are counted."""
MOST_OPEN = 40
MOST_FACTS = 3
"""Rows that the facts of one branch may take where there are many branches."""
FEW = 4
NAME = 28
BLANK = "\u00a0"
"""A blank at which no row is broken."""


class WhyPane(Pane):
    """The records of `forkjoin why`, aligned, with the keys of this console."""

    id = "why"
    title = "Why"
    live = True

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """Headline, joins with their branches, branches outside joins, labelled rows."""
        return Lines([*table(detail, showing), *you_can(detail, showing)])


def table(detail: RunDetail, showing: Showing) -> list[Line]:
    """Everything but what can be done: the console names keys, not commands of a shell."""
    why, width = detail.why, showing.width - 1
    lines = [*wrapped(clean(why.headline, 400), width, "  ")]
    if why.failure:
        lines += [((text, "red"),) for ((text, _),) in wrapped(clean(why.failure, 2_000), width, "  ")]
    told: set[str] = set()
    reasons = {reason.id: reason for reason in why.branches}
    over = str(why.status) in ("completed", "cancelled")
    for join in () if over else why.joins:
        if join.fired_at is not None:
            continue
        above = sum(i in told for i in join.branches)
        text = f"{join.arithmetic}{f', {above:,} of them named above' if above else ''}"
        lines += wrapped(clean(text, 600), width, "  ")
        lines += _rows([reasons[i] for i in join.branches if i in reasons and i not in told], detail, showing)
        told.update(join.branches)
    rest = [r for r in why.branches if r.id not in told and (str(r.status) == "failed" if over else not _over(r))]
    lines += _rows(rest, detail, showing)
    return [*lines, *_labels(detail, showing)]


def _over(reason: BranchReason) -> bool:
    return str(reason.status) in SETTLED


def _rows(reasons: list[BranchReason], detail: RunDetail, showing: Showing) -> list[Line]:
    """Those that ask for attention first, those that came to their end last."""
    ended = [r for r in reasons if _over(r)]
    opened = [r for r in reasons if not _over(r)]
    opened.sort(key=lambda r: trouble(detail.branches[r.id]))  # keeps the order of the flow among equals
    counted: list[Line] = []
    if len(opened) > MOST_OPEN:
        counted.append(plain(f"    and {len(opened) - MOST_OPEN:,} more that are open", "dim"))
    shown = opened[:MOST_OPEN]
    if len(ended) > MOST_ENDED:
        for status in dict.fromkeys(str(r.status) for r in ended):
            word = "completed" if status == "arrived" else status
            number = sum(str(r.status) == status for r in ended)
            counted.append(plain(f"  {showing.look.glyph(word)} {number:,} {word}", "dim"))
    else:
        shown += ended
    names = [clean(branch_name(r.id), 200) for r in shown]
    size = min(NAME, showing.width // 3, max(map(len, names), default=0))
    lines: list[Line] = []
    for reason, name in zip(shown, names, strict=True):
        lines += _row(reason, fit_middle(name, size), detail, showing, few=len(opened) <= FEW)
    return lines + counted


def _row(reason: BranchReason, name: str, detail: RunDetail, showing: Showing, *, few: bool) -> list[Line]:
    dim = "dim" if _over(reason) else ""
    glyph = status_glyph(detail, detail.branches[reason.id], showing)
    head: list[Piece] = [("  ", ""), glyph, (" ", ""), (name, dim), ("  ", "")]
    indent = width_of(head)
    for mark in reason.marks:
        head += [showing.look.chip(mark), (" ", "")]
    room = max(20, showing.width - 1 - indent)
    text = "; ".join(clean(fact, 1_000) for fact in reason.facts)
    # The first row is shorter by the chips before it.
    blank = BLANK * (width_of(head) - indent)
    rows = wrapped(blank + text, room)
    if not few and len(rows) > MOST_FACTS:
        last = rows[MOST_FACTS - 1][0][0]
        rows = [*rows[: MOST_FACTS - 1], ((last[: room - 1] + "~", ""),)]
    first = rows[0][0][0][len(blank) :]
    return [
        (*head, (first, dim)),
        *(((" " * indent, ""), (part, dim)) for ((part, _),) in rows[1:]),
    ]


def _labels(detail: RunDetail, showing: Showing) -> list[Line]:
    why, width = detail.why, showing.width
    if str(why.status) in ("completed", "cancelled"):
        return [line for note in why.notes for line in labelled("Owed", clean(note, 600), width)]
    lines: list[Line] = []
    if why.then:
        lines += labelled("Then", clean(why.then, 300), width)
    lines += labelled("Scheduler", clean(why.driven, 400), width)
    for number, note in enumerate(why.notes):
        lines += labelled("" if number else "Note", clean(note, 600), width)
    for number, hold in enumerate(why.holds):
        because = f": {clean(hold.reason, 300)}" if hold.reason else ""
        text = (
            f"{clean(hold.scope, 200)}, by {clean(hold.actor, 60)} since {clock_time(hold.at, showing.zone)}{because}"
        )
        lines += labelled("" if number else "Holds", text, width)
    return lines


def you_can(detail: RunDetail, showing: Showing) -> list[Line]:
    """What can be done now: keys, or in a read-only session the commands."""
    if showing.read_only:
        if not detail.why.can:
            return []
        return labelled("Read-only", clean(f"From a shell: {'; '.join(detail.why.can)}", 2_000), showing.width)
    keys = showing.keys
    here = Here(run=detail.run, branch=branch_of(detail, showing), detail=detail, keys=keys)
    shown = [f"{keys.shown(command_id)} {clean(text, 120)}" for command_id, text in showing.recommend(here)[:4]]
    if not shown:
        return []
    shown.append(keys.fill("{actions} all actions"))
    unbroken = "   ".join(text.replace(" ", BLANK) for text in shown)
    rows = labelled("You can:", unbroken, showing.width)
    return [tuple((text.replace(BLANK, " "), style) for text, style in row) for row in rows]
