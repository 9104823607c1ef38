"""Which acts a run allows as it stands: every rule is tried on a draft that is thrown away, none is repeated here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from runtime.engine.draft import Draft, Situation
from runtime.engine.finding import find_action
from runtime.engine.repair import controls
from runtime.engine.repair.retry import retry
from runtime.errors import ForkjoinError, InvalidInput
from runtime.model.branch import Branch
from runtime.model.stored import Stored


class Allowed(msgspec.Struct, frozen=True):
    """The rule accepts the act."""

    @property
    def refusal(self) -> str:
        """Nothing."""
        return ""


class Refusal(msgspec.Struct, frozen=True):
    """The rule refuses the act. False, so that a verdict is asked like a truth value."""

    refusal: str
    """The sentence it is refused with."""

    def __bool__(self) -> bool:
        return False


Verdict: TypeAlias = Allowed | Refusal
ALLOWED = Allowed()
Rule = Callable[[Draft], object]
RULES: dict[str, Rule] = {
    "retry": lambda d: retry(d, None),
    "resume": controls.resume_run,
    "poll": lambda d: controls.poll_now(d, None),
}
"""Acts on a run as a whole that an explanation may advise; those of an operator are judged by `runtime.acts`."""


class Verdicts:
    """Verdicts about one run as it was read, each worked out once; what needs input is judged as if it fitted."""

    def __init__(self, situation: Situation, stored: Stored, *, no_restart: str = "") -> None:
        """Verdicts over these records; `no_restart` is why the workflow cannot be started again, if it cannot."""
        self._situation = situation
        self._stored = stored
        self._no_restart = no_restart
        self._known: dict[tuple[str, ...], Verdict] = {}

    def run(self, verb: str) -> Verdict:
        """Whether `verb` (retry, resume, poll) is accepted for the run."""
        return self.judge((verb, ""), RULES[verb])

    def restart(self) -> Verdict:
        """Whether the workflow of the run can be started again."""
        return Refusal(self._no_restart) if self._no_restart else ALLOWED

    def retry(self, branch: Branch, intent: str = "new-attempt", *, force: bool = False) -> Verdict:
        """Whether a retry of the branch with this intent is accepted; `force`: although the old work may still run."""
        key = ("retry", branch.id, intent, "force" if force else "")
        return self.judge(key, lambda d: retry(d, branch.id, intent, force=force))

    def skip(self, branch: Branch) -> Verdict:
        """Whether the step of the branch can be settled by hand."""
        return self.judge(("skip", branch.id), lambda d: controls.skip(d, branch.id, None))

    def find(self, branch: Branch) -> Verdict:
        """Whether the system can be asked for the work of the branch's last key."""
        return self.judge(("find", branch.id), lambda d: find_action(d, branch))

    def send(self, branch: Branch) -> Verdict:
        """Whether the event the branch waits for can be sent to it."""
        event = branch.current.event if branch.current is not None else None
        if event is None:
            return Refusal(f"{branch.id} waits for no event.")
        return self.judge(("send", branch.id), lambda d: controls.send_event(d, event, None, branch.id))

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

    def judge(self, key: tuple[str, ...], rule: Rule) -> Verdict:
        """The verdict of a rule tried on a draft that is thrown away, worked out once for a key.

        What is wrong with the input counts as accepted: none was given yet.
        """
        if key not in self._known:
            try:
                rule(self._draft())
                self._known[key] = ALLOWED
            except InvalidInput:
                self._known[key] = ALLOWED
            except ForkjoinError as problem:
                self._known[key] = Refusal(problem.message)
        return self._known[key]
