"""Giving acts: the acting thread carries them out in order, receipts come back as sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from runtime.errors import ForkjoinError, StoreAway, Unconfirmed
from runtime.safe_text import clean
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk, Words
    from console.receipts import Receipts
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Receipt


class ActDispatch:
    """Acts are never dropped and never given twice; what they were given for was taken at the key press."""

    def __init__(self, desk: Desk, receipts: Receipts) -> None:
        self._desk = desk
        self._receipts = receipts
        self._commands: list[str] = []

    @property
    def commands(self) -> Sequence[str]:
        """Shell lines equal to the acts of this session, oldest first."""
        return self._commands

    @property
    def last_act(self) -> int | None:
        """Id of the newest act of this session that was accepted."""
        return self._receipts.last_act

    def carry_out(
        self,
        work: Callable[[Runtime], Receipt],
        command: Words,
        *,
        kept: str = "",
        finished: Callable[[Receipt], object] | None = None,
    ) -> None:
        """Give an act; `finished` gets its receipt in the app's thread, `kept` is said besides if it is refused."""

        def take(receipt: Receipt) -> None:
            self._accepted(receipt)
            if finished is not None:
                finished(receipt)

        self._desk.feed.act(work, take, partial(self._refused, command, kept))
        self._record(command)

    def give(self, work: Callable[[Runtime], Receipt], *commands: Words) -> None:
        """Give an act that needs no dialog, with the equal commands."""
        self._desk.feed.act(work, self._accepted, partial(self._refused, commands[0], ""))
        for command in commands:
            self._record(command)

    def _record(self, command: Words) -> None:
        self._commands.append(clean(shell_line(command), 100_000))

    def _accepted(self, receipt: Receipt) -> None:
        self._receipts.accepted(receipt)
        self._desk.read_again()

    def _refused(self, command: Words, kept: str, problem: Exception) -> None:
        """Say that an act was not carried out, and what is `kept` of what it was given."""
        desk = self._desk
        what = clean(" ".join([word for word in command if word != "forkjoin"][:2]), 100)
        if isinstance(problem, Unconfirmed):
            self._receipts.unconfirmed(what, problem)
            return
        if isinstance(problem, StoreAway):
            again = kept or "Give it again when it is back."
            desk.say(f"{what}: nothing was saved, the store is away. {again}", trouble=True)
            desk.read_failed(problem)
        elif isinstance(problem, ForkjoinError):
            desk.say(f"{problem.message} {kept}".rstrip(), trouble=True)
        else:
            text = f"Not confirmed: {type(problem).__name__}: {problem}. Look again before you repeat it."
            desk.say(f"{text} {kept}".rstrip(), trouble=True)
