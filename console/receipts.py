"""What became of the acts of this session: accepted, carried out, started, came to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.errors import Refused, Unconfirmed
from runtime.operations.records import ActState

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Act, Receipt

KEPT = 50
LOOK_SECONDS = 1.0
SHOWN_SECONDS = 60.0
"""How long what came of an unconfirmed act stays in the banner."""


@dataclass
class Unsure:
    """An act of which it is not known whether it was saved."""

    what: str
    problem: Unconfirmed
    text: str
    until: float = math.inf
    """When to say no more of it, by the monotonic clock."""


@dataclass
class Followed:
    """An act and what was last said of it."""

    act_id: int
    said: str = ""
    pending: bool = False
    """Whether it may still be taken back."""


class Receipts:
    """Follows the acts of this session until nothing more comes of them."""

    def __init__(self, desk: Desk, set_timer: Callable[[float, Callable[[], None]], object]) -> None:
        self._desk = desk
        self._set_timer = set_timer
        self._open: dict[int, Followed] = {}
        self._unsure: list[Unsure] = []
        self.last_act: int | None = None
        """The newest act that was accepted."""

    @property
    def undoable(self) -> int | None:
        """The newest act, if it may still be taken back."""
        known = self._open.get(self.last_act or 0)
        return known.act_id if known is not None and known.pending else None

    def accepted(self, receipt: Receipt) -> None:
        """An act was accepted: say so, and follow it."""
        self._desk.say(receipt.message)
        act = receipt.act
        if act is not None and act.id:
            self.last_act = act.id
            self._open[act.id] = Followed(act.id, pending=act.state is ActState.PENDING)
            while len(self._open) > KEPT:
                del self._open[next(iter(self._open))]

    @property
    def unsure(self) -> list[str]:
        """What is to be said of acts that were not confirmed."""
        now = time.monotonic()
        self._unsure = [u for u in self._unsure if u.until > now]
        return [u.text for u in self._unsure]

    def unconfirmed(self, what: str, problem: Unconfirmed) -> None:
        """An act was cut off while it was saved: keep it in sight, and look whether it is recorded."""
        text = f"{what}: not known whether it was saved, looking; do not repeat it yet."
        if problem.partly:
            text = f"{what}: {problem.partly}; whether the rest was saved is not known. Look before you repeat it."
        elif problem.act is None:
            text = f"{what}: not known whether it was saved. Look before you repeat it."
        self._unsure.append(Unsure(what, problem, text))
        self._desk.say(text, trouble=True)
        self._desk.update_frame()
        self._look()

    def _look(self) -> None:
        """Ask what came of the acts that were not confirmed, as soon as the store can be read."""
        asked = [u for u in self._unsure if u.until == math.inf]
        if not asked:
            return

        def work(runtime: Runtime) -> list[tuple[Unsure, Act | None]]:
            return [(u, found) for u in asked for known, found in [_recorded(runtime, u.problem)] if known]

        def take(known: list[tuple[Unsure, Act | None]]) -> None:
            for unsure, act in known:
                self._known(unsure, act)
            if len(known) < len(asked):
                self._set_timer(LOOK_SECONDS, self._look)

        self._desk.feed.read("unsure", work, take, self._desk.read_failed)

    def _known(self, unsure: Unsure, act: Act | None) -> None:
        unsure.until = time.monotonic() + SHOWN_SECONDS
        if act is not None:
            unsure.text = f"{unsure.what}: it was saved, act {act.id}."
            self.last_act = act.id
            self._open[act.id] = Followed(act.id, pending=act.state is ActState.PENDING)
        elif unsure.problem.act is not None:
            unsure.text = f"{unsure.what}: it was not saved; give it again."
        self._desk.say(unsure.text, trouble=act is None)
        self._desk.update_frame()

    def changed(self) -> None:
        """The store changed: look at the open acts again."""
        if not self._open:
            return
        ids = list(self._open)

        def work(runtime: Runtime) -> list[tuple[Act, Progress]]:
            found = [a for i in ids if (a := runtime.queries.records.act(i)) is not None]
            return [(act, came_to(runtime, act)) for act in found]

        self._desk.feed.read("receipts", work, self._take, self._desk.read_failed)

    def _take(self, found: list[tuple[Act, Progress]]) -> None:
        for act, progress in found:
            known = self._open.get(act.id)
            if known is None:
                continue
            known.pending = act.state is ActState.PENDING
            if progress.text != known.said and progress.text:
                known.said = progress.text
                self._desk.say(f"Act {act.id}: {progress.text}", trouble=progress.trouble)
            if not progress.more:
                del self._open[act.id]


def _recorded(runtime: Runtime, problem: Unconfirmed) -> tuple[bool, Act | None]:
    """Whether it can be said by now what came of it, and the act if it was saved."""
    if problem.act is None:
        return True, None
    try:
        return True, runtime.queries.recorded(problem.act, problem.transaction)
    except Refused:
        return False, None


@dataclass(frozen=True)
class Progress:
    """What an act came to so far."""

    text: str
    trouble: bool = False
    more: bool = False
    """Whether more may come of it."""


def came_to(runtime: Runtime, act: Act) -> Progress:
    """What an act came to so far, in words."""
    if act.verb == "bulk":
        counts = ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in (act.after or {}).items() if n)
        ended = "" if act.state in (ActState.RUNNING, ActState.CARRIED_OUT) else f"; {act.outcome}"
        return Progress(f"{counts or 'begins'}{ended}", more=act.state.open)
    if act.state is ActState.PENDING:
        return Progress("", more=True)
    if act.verb == "retry" and act.state is ActState.CARRIED_OUT:
        branch = (act.arguments or {}).get("branch")
        run_id = act.target.split("/")[0]
        stored = runtime.queries.records.usable(run_id)
        known = stored.branches.get(str(branch)) if stored and branch else None
        visit = known.current if known else None
        if known and visit and visit.attempts:
            last = visit.attempts[-1]
            where = f", id {last.external_id}" if last.external_id else ""
            return Progress(f"{known.step_id} attempt {last.attempt} is {known.status}{where}.")
        return Progress(f"{act.verb} {act.target}: {act.outcome}.", more=True)
    text = f"{act.verb} {act.target}: {act.outcome}."
    return Progress(text, trouble=act.state is ActState.REFUSED, more=act.state.open)
