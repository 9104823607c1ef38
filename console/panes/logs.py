"""What the external system has logged of the selected branch; the scheduler asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing, branch_of
from console.theme import Line, plain
from console.times import words
from console.widgets.rows import Lines
from runtime.errors import ForkjoinError
from runtime.safe_text import clean

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.queries.run_detail import RunDetail

LIMIT = 200_000


class LogsPane(Pane):
    """Logs, or a sentence why there are none yet."""

    id = "logs"
    title = "Logs"

    def read(self, runtime: Runtime, run_id: str, branch_id: str | None) -> Any:
        """The answer to the question of this branch; the screen asks it (it writes to the store)."""
        return None

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """A title, then the text as it came."""
        branch = branch_of(detail, showing)
        if branch is None:
            return Lines([plain("No branch is selected.", "dim")])
        name = clean(detail.name(branch), 100)
        if showing.read_only:
            return Lines([plain(f"Read-only. From a shell: forkjoin logs {detail.run.id} {name}")])
        if extra is None or extra.branch != branch.id:
            return Lines([plain(f"asking for the logs of {name}", "dim")])
        if extra.answered_at is None:
            waited = words((showing.now - extra.asked_at).total_seconds())
            return Lines([plain(f"asking for the logs of {name}, {waited}; the scheduler asks", "dim")])
        if extra.problem:
            return Lines([plain(clean(extra.problem, 1_000))])
        age = words((showing.now - extra.answered_at).total_seconds())
        tail = f", the last {LIMIT:,} characters" if len(extra.text) >= LIMIT else ""
        head: Line = ((f"Logs of {name}, {age} ago{tail}; . asks again", "bold"),)
        text = clean(extra.text, LIMIT, keep_newlines=True)
        return Lines([head, *(plain(line) for line in text.split("\n"))] if text else [head, plain("no output", "dim")])


def problem_of(problem: Exception) -> str:
    """The sentence of a problem."""
    return problem.message if isinstance(problem, ForkjoinError) else f"{type(problem).__name__}: {problem}"
