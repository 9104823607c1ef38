"""Retry: the intents of a branch, with what the external system says now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.attempts import last_attempt
from console.commands import act_command
from console.commands.act_plan import Form
from console.commands.base import Possible
from console.commands.intents import after_asking, intent_words, intents, retries, retry_of
from console.commands.verdicts import judged, no_run
from console.dialogs.act_form import Answers
from console.here import Here
from runtime.acts import retry
from runtime.acts.base import RunAct
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.records import Branch

BROKEN = ("failed", "unconfirmed")


class Retry(act_command.RunActCommand):
    act = retry.Retry

    @classmethod
    def recommended(cls, here: Here) -> bool:
        """Where a branch has failed, or the run as a whole."""
        branch = cls.target(here)
        return here.run is not None and (branch.status in BROKEN if branch else here.run.failure is not None)

    @classmethod
    def target(cls, here: Here) -> Branch | None:
        """The branch that is meant: the chosen one if it can be retried, else the first failed one that can."""
        if here.detail is None:
            return None
        failed = [b for b in here.detail.leaves if b.status in BROKEN]
        meant = [*([here.branch] if here.branch is not None else []), *failed]
        return next((b for b in meant if any(retries(here.detail, b).values())), None)

    @classmethod
    def availability(cls, here: Here) -> Possible:
        """By the rule of the engine: a branch must have failed, or run (to be cancelled first)."""
        if (refused := no_run(here)) is not None:
            return refused
        if here.marks or here.detail is None:
            return Possible(True, cls.offered.many.format(many=here.many))
        branch, allowed = cls.target(here), here.detail.allowed
        if branch is not None:
            name = here.detail.name(branch)
            does = {"failed": f"retry {name}", "unconfirmed": f"start {name} again"}
            return Possible(True, does.get(str(branch.status), f"cancel and start {name} again"))
        failed = next((b for b in here.detail.leaves if b.status == "failed"), None)
        as_a_whole = cls.act.allowed(allowed)
        if failed is None or as_a_whole:
            return judged(here, as_a_whole, f"retry {here.run_id}")
        return judged(here, allowed.retry(failed), "")

    @classmethod
    def shell(cls, here: Here) -> str:
        """With the first intent that is accepted."""
        branch = cls.target(here)
        if branch is None or here.detail is None:
            return shell_line(("forkjoin", "retry", here.run_id))
        intent = next(name for name, verdict in retries(here.detail, branch).items() if verdict)
        words = ("forkjoin", "retry", here.run_id, branch.id)
        return shell_line(words if intent == "new-attempt" else (*words, *intent_words(intent)))

    @classmethod
    def form(cls, desk: Desk, here: Here) -> Form[RunAct]:
        """The intents of the branch; of the run as a whole, or of all marked runs, a new attempt."""
        branch, detail = cls.target(here), here.detail
        if here.marks or branch is None or detail is None:
            title = "Retry" if here.marks else f"Retry {here.run_id}"
            return Form(verb="retry", title=title, button="Retry 1 run", make=lambda _: retry.Retry())
        options, preset = intents(detail, branch)
        attempt, visit = last_attempt(branch), branch.current
        facts: list[tuple[str, str]] = []
        if visit is not None and visit.failure is not None:
            tries = f"attempt {attempt.attempt}: " if attempt else ""
            facts.append(("Failed", f"{tries}{visit.failure.type}: {visit.failure.message}"))
        if attempt is not None:
            facts.append(("Last key", attempt.idempotency_key))

        def make(answers: Answers) -> RunAct:
            return retry_of(branch, answers.option)

        return Form(
            verb="retry",
            title=f"Retry {detail.name(branch)} in {here.run_id}",
            button="Retry 1 branch",
            make=make,
            options_of_line=lambda answers: intent_words(answers.option),
            places=lambda _: (branch.id,),
            branch=branch,
            undoable=cls.act.undoable,
            options=options,
            preset=preset,
            facts=tuple(facts),
            ask=(here.run_id, branch.id) if attempt is not None else None,
            asked=lambda question: after_asking(options, preset, branch, question),
        )
