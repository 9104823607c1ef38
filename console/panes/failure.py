"""The whole failure of the selected branch: type, sentence, details, every attempt with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.panes.base import Pane, Showing, branch_of
from console.panes.why import you_can
from console.theme import Line, labelled
from console.times import clock_time, words
from console.widgets.rows import Lines
from runtime.model.tries import tries_used
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Attempt

DETAIL_LIMIT = 20_000


class FailurePane(Pane):
    """What went wrong, whole."""

    id = "failure"
    title = "Failure"
    live = True

    def lines(self, detail: RunDetail, showing: Showing, extra: Any = None) -> Lines:
        """Labelled lines; a run that failed as a whole says so first."""
        look, width, run = showing.look, showing.width, detail.run
        lines: list[Line] = []
        if run.failure is not None:
            lines += labelled(clean(run.failure.type, 60), clean(run.failure.message, 4_000), width)
        branch = branch_of(detail, showing)
        if branch is None:
            return Lines(lines or [(("Nothing has been started yet.", "dim"),)])
        visit = branch.current or (branch.steps[-1] if branch.steps else None)
        attempts = list(visit.attempts) if visit else []
        failure = visit.failure if visit and visit.failure else attempts[-1].failure if attempts else None
        poll = branch.last_poll_failure
        name = clean(detail.name(branch), 120)
        glyph, style = look.status(str(branch.status), name)
        lines.append(
            (
                (glyph if look.colour else f"[{glyph}]", style),
                (f" in {run.id}, {clean(run.workflow, 80)} v{clean(run.flow_version, 30)}", ""),
            )
        )
        if failure is None and poll is None:
            lines.append(((f"{name} is {branch.status}; nothing has failed in it.", ""),))
            return Lines([*lines, *you_can(detail, showing)])
        step = detail.program.graph.steps.get(branch.step_id)
        if failure is not None:
            used = f"; {tries_used(visit, step.retry.maximum_attempts)}" if step and visit and attempts else ""
            lines += labelled(clean(failure.type, 60), clean(failure.message, 4_000) + used, width)
            since = words((showing.now - failure.at).total_seconds())
            lines += labelled("When", f"{since} ago, {clock_time(failure.at, showing.zone)}", width)
        if poll is not None and branch.observation is not None and branch.observation.missed:
            text = f"{branch.observation.missed} in a row failed: {clean(poll.type, 60)}: {clean(poll.message, 2_000)}"
            lines += labelled("Polls", text + ". This says nothing of the work itself.", width)
        if attempts:
            last = attempts[-1]
            place = f"{last.external_system}:{last.target}" if last.target else last.external_system
            lines += labelled("System", f"{clean(place, 200)} id {clean(last.external_id or 'not known', 300)}", width)
            lines += labelled("Key", clean(last.idempotency_key, 300), width)
        if branch.item is not None:
            item = branch.item if isinstance(branch.item, str) else json_text(branch.item, indent=None)
            lines += labelled("Item", clean(item, 1_000), width)
        details = failure.details if failure else poll.details if poll else None
        if details not in (None, "", {}, []):
            text = details if isinstance(details, str) else json_text(details)
            for number, part in enumerate(clean(text, DETAIL_LIMIT, keep_newlines=True).split("\n")):
                lines += labelled("Details" if number == 0 else "", part, width)
        for number, attempt in enumerate(reversed(attempts)):
            lines += labelled("Attempts" if number == 0 else "", _attempt(attempt, showing), width)
        if step is not None and step.runbook:
            lines += labelled("Runbook", clean(step.runbook, 500), width)
        if step is not None and step.owner:
            lines += labelled("Owner", clean(step.owner, 200), width)
        return Lines([*lines, *you_can(detail, showing)])


def _attempt(attempt: Attempt, showing: Showing) -> str:
    ended = attempt.ended_at or (attempt.failure.at if attempt.failure else None)
    took = words((ended - attempt.requested_at).total_seconds()) if ended else "open"
    said = f"{attempt.failure.type}: {attempt.failure.message}" if attempt.failure else str(attempt.status)
    return f"{attempt.attempt}  {clock_time(attempt.requested_at, showing.zone)}  {took}  {clean(said, 400)}"
