"""What the engine says to an act on what is under the cursor, as an operator is told it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands.base import Possible
from console.here import Here
from runtime.acts.poll import Poll
from runtime.acts.restart import Restart

if TYPE_CHECKING:
    from runtime.acts.base import Verdict

INSTEAD = {
    "retry": "retries what has failed",
    "send": "answers the event that is open",
    "poll": "polls what is open now",
    "restart": "makes a new run of it",
}
"""What may be possible instead of an act that is not, by command, and what it does."""


def no_run(here: Here) -> Possible | None:
    """A refusal where no run is selected and none is marked, or where what is known of it is still being read."""
    if here.marks:
        return None
    if here.run is None:
        return Possible(False, f"no run is selected; {here.key('screen_runs')} shows the runs.")
    if here.detail is None:
        return Possible(False, f"{here.run_id} is still being read; the same key again.")
    return None


def judged(here: Here, verdict: Verdict, text: str) -> Possible:
    """A verdict of the engine: what is done if it accepts, else its sentence and a way on."""
    refusal = verdict.refusal
    if refusal.startswith(("Nothing ", "No ", "There ")):
        refusal = refusal[0].lower() + refusal[1:]  # It follows the key and a colon.
    return Possible(True, text) if verdict else Possible(False, f"{refusal}{instead(here)}")


def instead(here: Here) -> str:
    """The first act that would help here, with its key."""
    detail = here.detail
    if detail is None:
        return ""
    allowed, branches = detail.allowed, detail.leaves
    possible = {
        "retry": any(allowed.retry(b) for b in branches if b.status == "failed"),
        "send": any(allowed.send(b) for b in branches if b.status == "waiting"),
        "poll": bool(Poll.allowed(allowed)),
        "restart": detail.run.status in ("completed", "cancelled", "failed") and bool(Restart.allowed(allowed)),
    }
    found = next((name for name, yes in possible.items() if yes), None)
    return f" {here.key(found)} {INSTEAD[found]}." if found else ""
