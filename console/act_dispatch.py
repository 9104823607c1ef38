"""Giving acts: the acting thread carries them out in order, receipts come back as sentences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from console.dialogs.act_form import Answers, Plan, shell, with_reason
from runtime.errors import ForkjoinError, StoreAway, Unconfirmed
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Receipt


class Dispatch:
    """Acts are never dropped and never given twice; what they were given for was taken at the key press."""

    def __init__(self, app: ForkjoinApp) -> None:
        self._app = app
        self.commands: list[str] = []
        """The equal commands of this session."""

    def carry_out(self, plan: Plan, answers: Answers) -> None:
        """Give the act of a dialog."""

        def take(receipt: Receipt) -> None:
            self._accepted(receipt)
            if plan.finished is not None:
                plan.finished(receipt)

        words = with_reason(plan.command(answers), answers)
        self._app.feed.act(
            lambda runtime: plan.carry_out(runtime, answers), take, partial(self._refused, words, plan.kept)
        )
        self.note(words)

    def give(self, work: Callable[[Runtime], Receipt], *commands: tuple[str, ...]) -> None:
        """Give a harmless act without a dialog, with the equal commands."""
        self._app.feed.act(work, self._accepted, partial(self._refused, commands[0], ""))
        for words in commands:
            self.note(words)

    def note(self, words: tuple[str, ...]) -> None:
        """Keep an equal command."""
        self.commands.append(clean(shell(words), 100_000))

    def _accepted(self, receipt: Receipt) -> None:
        self._app.receipts.accepted(receipt)
        self._app.look_again()

    def _refused(self, words: tuple[str, ...], kept: str, problem: Exception) -> None:
        """Say that an act was not carried out, and what is `kept` of what it was given."""
        what = clean(" ".join([w for w in words if w != "forkjoin"][:2]), 100)
        if isinstance(problem, Unconfirmed):
            self._app.receipts.unconfirmed(what, problem)
            return
        if isinstance(problem, StoreAway):
            again = kept or "Give it again when it is back."
            self._app.say(f"{what}: nothing was saved, the store is away. {again}", trouble=True)
            self._app.trouble(problem)
        elif isinstance(problem, ForkjoinError):
            self._app.say(f"{problem.message} {kept}".rstrip(), trouble=True)
        else:
            text = f"Not confirmed: {type(problem).__name__}: {problem}. Look again before you repeat it."
            self._app.say(f"{text} {kept}".rstrip(), trouble=True)
