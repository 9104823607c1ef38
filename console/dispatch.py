"""Giving acts: the acting thread carries them out in order, receipts come back as sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.dialogs.plan import Answers, Plan, shell, with_reason
from runtime.errors import ForkjoinError
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.assembly import Runtime
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

        self._app.feed.act(lambda runtime: plan.carry_out(runtime, answers), take, self._refused)
        self.note(with_reason(plan.command(answers), answers))

    def give(self, work: Callable[[Runtime], Receipt], words: tuple[str, ...]) -> None:
        """Give a harmless act without a dialog; `words` are the equal command."""
        self._app.feed.act(work, self._accepted, self._refused)
        self.note(words)

    def note(self, words: tuple[str, ...]) -> None:
        """Keep an equal command."""
        self.commands.append(clean(shell(words), 4_000))

    def _accepted(self, receipt: Receipt) -> None:
        self._app.receipts.accepted(receipt)
        self._app.look_again()

    def _refused(self, problem: Exception) -> None:
        if isinstance(problem, ForkjoinError):
            self._app.say(problem.message, trouble=True)
        else:
            text = f"Not confirmed: {type(problem).__name__}: {problem}. Look again before you repeat it."
            self._app.say(text, trouble=True)
