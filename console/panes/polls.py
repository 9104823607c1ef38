"""The poll ledger of the selected branch: every poll kept, and what was read from it; newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing, branch_of
from console.theme import Line, fit
from console.times import Zone, clock_time, moment
from console.widgets.rows import Lines
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Poll

STYLES = {"unreachable": "yellow", "lost": "red", "failed": "red"}


class PollsPane(Pane):
    """What each call to the system answered, polls above all."""

    id = "polls"
    title = "Polls"

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> tuple[str | None, list[Poll]]:
        """The polls of the branch, or of all."""
        return branch_id, runtime.queries.records.polls(run_id, branch_id)[::-1]

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """One line a poll."""
        if extra is None:
            return Lines([(("reading the polls", "dim"),)])
        branch_id, polls = extra
        branch = branch_of(detail, showing)
        name = clean(detail.name(branch), 100) if branch and branch_id else "all branches"
        known = sum(max(b.calls, b.polls) for b in detail.branches.values())
        total = max(len(polls), max(branch.calls, branch.polls) if branch and branch_id else known)
        more = f", the newest {len(polls)} are kept" if total > len(polls) else ""
        head: Line = ((f"Polls of {name}: {total}{more}", "bold"),)
        sizes = (10, 4, 7, 13, 8, 8)
        names = ("AT", "TRY", "CALL", "READ AS", "TOOK", "NEXT IN")
        columns: Line = (("".join(fit(n, s) + " " for n, s in zip(names, sizes, strict=True)) + "ANSWER", "head"),)
        lines = [_line(p, showing, sizes) for p in polls]
        return Lines([head, columns, *lines] if polls else [head])


def _line(poll: Poll, showing: Showing, sizes: tuple[int, ...]) -> Line:
    next_in = f"{(poll.next_poll_at - poll.at).total_seconds():.0f} s" if poll.next_poll_at else "-"
    relative = showing.zone is Zone.RELATIVE
    at = moment(poll.at, showing.now, showing.zone, exact=True) if relative else clock_time(poll.at, showing.zone)
    reading = showing.look.chip(poll.reading) if poll.reading in STYLES else (poll.reading, "")
    return (
        (fit(at, sizes[0]) + " " + fit(str(poll.attempt), sizes[1]) + " " + fit(poll.verb, sizes[2]) + " ", ""),
        (fit(reading[0], sizes[3]), reading[1] if showing.look.colour else ""),
        (" " + fit(f"{poll.took_ms:.0f} ms", sizes[4]) + " " + fit(next_in, sizes[5]) + " ", ""),
        (clean(poll.answer, 500), ""),
    )
