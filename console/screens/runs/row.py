"""One row of the list of runs, for the width there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.theme import Line, Look, Piece, fit, fit_middle, width_of
from console.times import Zone, column, moment
from runtime.operations.queries.filters import age_seconds
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.operations.records import Run

STRIP_FADES = (1.5, 3.0)
"""Poll intervals after which a branch is drawn less sure (docs/console.md, Statuses)."""
NAMES = ("STATUS", "RUN", "WORKFLOW", "BRANCHES", "WAKE", "AGE", "WHY")
WORST_FIRST = "X!?rw^#+:z.vs-c~"


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths of the columns; 0 leaves one out."""

    status: int
    run: int
    workflow: int
    branches: int
    wake: int
    age: int

    @staticmethod
    def fitting(width: int, hidden: frozenset[str] = frozenset()) -> Columns:
        """Columns for a width: AGE goes first, then WORKFLOW, then WAKE; never glyph, word, run, strip."""
        run = 8 if width < 100 else 12 if width < 150 else 20
        wanted = Columns(
            12 if width >= 100 else 11,
            run,
            (17 if width >= 140 else 16) if width >= 100 else 0,
            14 if width < 100 else 17,
            (9 if width >= 140 else 5) if width >= 64 else 0,
            5 if width >= 120 else 0,
        )
        sizes = (wanted.status, wanted.run, wanted.workflow, wanted.branches, wanted.wake, wanted.age)
        named = zip(NAMES[:6], sizes, strict=True)
        return Columns(*(0 if name in hidden else size for name, size in named))

    def head(self, width: int) -> Line:
        """The names of the columns."""
        sizes = (self.status, self.run, self.workflow, self.branches, self.wake, self.age)
        cells = [
            fit(name.rjust(size) if name in ("WAKE", "AGE") else name, size)
            + ("  " if name in ("WAKE", "AGE") else " ")
            for name, size in zip(NAMES[:6], sizes, strict=True)
            if size
        ]
        return ((fit("".join(cells) + "WHY", width), "head"),)


def strip_pieces(run: Run, look: Look, now: datetime, width: int) -> Line:
    """The fork strip; one too long for its column shows counts, worst first."""
    letters = _faded(run, now)
    if len(letters) > width or any(c.isdigit() for c in letters):
        tally: dict[str, int] = {}
        for status, count in run.branch_counts.items():
            letter = LETTER_OF.get(status, "~")
            tally[letter] = tally.get(letter, 0) + count
        pieces: list[Piece] = []
        for letter in sorted(tally, key=lambda c: WORST_FIRST.find(c)):
            sign, style = look.sign(letter)
            pieces += [(sign, style), (f"{tally[letter]} ", "")]
        return tuple(pieces)
    return tuple(look.sign(letter) for letter in letters)


LETTER_OF = {
    "pending": ".",
    "starting": "^",
    "running": "#",
    "waiting": "w",
    "arrived": "v",
    "awaiting_retry": "r",
    "completed": "v",
    "failed": "X",
    "skipped": "s",
    "cancelled": "c",
    "superseded": "~",
}


def _faded(run: Run, now: datetime) -> str:
    """The strip with running branches shaded by how many poll intervals ago they answered."""
    seen = list(run.strip_seen)
    if not seen:
        return run.strip
    shown = []
    for letter in run.strip:
        if letter == "#" and seen:
            at, interval = seen.pop(0)
            age = (now.timestamp() - at) / max(interval, 0.001)
            letter = "#" if age <= STRIP_FADES[0] else "+" if age <= STRIP_FADES[1] else ":"
        shown.append(letter)
    return "".join(shown)


def chips(run: Run, look: Look) -> Line:
    """The condition that matters most, before the why."""
    if run.status in ("completed", "cancelled"):
        return ()
    conditions = (
        ("lost", run.is_lost),
        ("expired", run.is_expired),
        ("stale", run.is_stale),
        ("late", run.is_late),
        ("event", run.attention == 6),
    )
    word = next((word for word, holds in conditions if holds), None)
    return () if word is None else (look.chip(word), (" ", ""))


def run_line(
    run: Run, columns: Columns, look: Look, now: datetime, zone: Zone, width: int, *, selected: bool = False
) -> Line:
    """A run as one row of `width` cells."""
    word, style = look.status(str(run.status))
    dim = "dim" if run.status in ("completed", "cancelled") else ""
    line: list[Piece] = [(fit(word, columns.status), style), (" ", "")]
    line += [(fit_middle(clean(run.id, 100), columns.run), dim), (" ", "")]
    if columns.workflow:
        line.append((fit(clean(run.workflow, 100), columns.workflow) + " ", dim))
    if columns.branches:
        strip = strip_pieces(run, look, now, columns.branches)
        line += [*strip, (" " * max(0, columns.branches - width_of(strip)) + " ", "")]
    if columns.wake:
        line.append((fit(_wake(run, now, zone, exact=selected).rjust(columns.wake), columns.wake) + "  ", ""))
    if columns.age:
        age = column(age_seconds(run, now), exact=False)
        line.append((fit(age.rjust(columns.age), columns.age) + "  ", dim))
    told = chips(run, look)
    line += told
    why = clean(run.why, 400)
    if run.simulated and not why:
        why = "simulated"
    if run.status == "completed" and run.failed_branches:
        why = f"{run.failed_branches} failed: {why}" if why else f"{run.failed_branches} failed"
    line.append((fit(why, max(0, width - width_of(line))), dim))
    return tuple(line)


def _wake(run: Run, now: datetime, zone: Zone, *, exact: bool) -> str:
    if run.held or run.status == "paused":
        return "held"
    if run.next_wake_at is None:
        return "-"
    if zone is Zone.RELATIVE and run.next_wake_at <= now:
        late = (now - run.next_wake_at).total_seconds()
        return "now" if late < 2 else f"-{column(late, exact=exact)}"
    return moment(run.next_wake_at, now, zone, exact=exact)
