"""Which acts a run allows as it stands: every rule is tried on a draft that is thrown away, none is repeated here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from runtime.engine.draft import Draft, Situation
from runtime.engine.finding import find_action
from runtime.engine.repair import controls
from runtime.engine.repair.adopting import adopt
from runtime.engine.repair.retry import retry
from runtime.errors import ForkjoinError, InvalidInput
from runtime.model.branch import Branch
from runtime.model.stored import Stored


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an act would be accepted, and the sentence it would be refused with."""

    yes: bool
    refusal: str = ""

    def __bool__(self) -> bool:
        return self.yes


YES = Verdict(True)
Rule = Callable[[Draft], object]
RULES: dict[str, Rule] = {
    "retry": lambda d: retry(d, None),
    "resume": controls.resume_run,
    "pause": controls.pause_run,
    "cancel": controls.cancel_run,
    "poll": lambda d: controls.poll_now(d, None),
    "wake": lambda d: controls.set_wake(d, d.now + timedelta(minutes=5)),
    "ack": lambda d: controls.acknowledge(d, None, ""),
    "edit": lambda d: controls.edit_state(d, d.state),
    "restart": lambda d: None,
}
"""Acts on a run as a whole."""


class Allowed:
    """Verdicts about one run as it was read, each worked out once; what needs input is judged as if it fitted."""

    def __init__(self, situation: Situation, stored: Stored, *, no_restart: str = "") -> None:
        """Verdicts over these records; `no_restart` is why the workflow cannot be started again, if it cannot."""
        self._situation = situation
        self._stored = stored
        self._no_restart = no_restart
        self._known: dict[tuple[str, ...], Verdict] = {}

    def run(self, verb: str) -> Verdict:
        """Whether `verb` (retry, resume, pause, cancel, poll, wake, ack, edit, restart) is accepted for the run."""
        if verb == "restart" and self._no_restart:
            return Verdict(False, self._no_restart)
        return self._verdict((verb,), RULES[verb])

    def work_out(self) -> None:
        """Work out the verdicts about the run as a whole, where nobody waits for them."""
        for verb in RULES:
            self.run(verb)

    def retry(self, branch: Branch, intent: str = "new-attempt") -> Verdict:
        """Whether a retry of the branch with this intent is accepted, without force."""
        return self._verdict(("retry", branch.id, intent), lambda d: retry(d, branch.id, intent))

    def skip(self, branch: Branch) -> Verdict:
        """Whether the step of the branch can be settled by hand."""
        return self._verdict(("skip", branch.id), lambda d: controls.skip(d, branch.id, None))

    def adopt(self, branch: Branch) -> Verdict:
        """Whether the branch can take work that runs already."""
        return self._verdict(("adopt", branch.id), lambda d: adopt(d, branch.id, "-"))

    def find(self, branch: Branch) -> Verdict:
        """Whether the system can be asked for the work of the branch's last key."""
        return self._verdict(("find", branch.id), lambda d: find_action(d, branch))

    def force(self, branch: Branch) -> Verdict:
        """Whether a new attempt is accepted although the old work may still run."""
        return self._verdict(("force", branch.id), lambda d: retry(d, branch.id, force=True))

    def poll(self, branch: Branch) -> Verdict:
        """Whether the branch can be polled now."""
        return self._verdict(("poll", branch.id), lambda d: controls.poll_now(d, branch.id))

    def send(self, branch: Branch) -> Verdict:
        """Whether the event the branch waits for can be sent to it."""
        event = branch.current.event if branch.current is not None else None
        if event is None:
            return Verdict(False, f"{branch.id} waits for no event.")
        return self._verdict(("send", branch.id), lambda d: controls.send_event(d, event, None, branch.id))

    def accepts(self, rule: Rule) -> bool:
        """Whether a rule accepts just this, input and all."""
        try:
            rule(self._draft())
        except ForkjoinError:
            return False
        return True

    def _draft(self) -> Draft:
        stored = self._stored
        return Draft(self._situation, stored.run, stored.branches, stored.firings)

    def _verdict(self, key: tuple[str, ...], rule: Rule) -> Verdict:
        if key not in self._known:
            try:
                rule(self._draft())
                self._known[key] = YES
            except InvalidInput:
                self._known[key] = YES  # What is wrong is the input, and none was given yet.
            except ForkjoinError as problem:
                self._known[key] = Verdict(False, problem.message)
        return self._known[key]
