"""What became of the acts of this session: accepted, carried out, started, came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.app import ForkjoinApp
    from runtime.assembly import Runtime
    from runtime.operations.records import Act, Receipt

KEPT = 50


@dataclass
class Followed:
    """An act and what was last said of it."""

    act_id: int
    said: str


class Receipts:
    """Follows the acts of this session until nothing more comes of them."""

    def __init__(self, app: ForkjoinApp) -> None:
        self._app = app
        self._open: dict[int, Followed] = {}
        self.last_act: int | None = None
        """The newest act that may still be taken back."""

    def accepted(self, receipt: Receipt) -> None:
        """An act was accepted: say so, and follow it."""
        self._app.say(receipt.message)
        act = receipt.act
        if act is not None:
            self.last_act = act.id
            self._open[act.id] = Followed(act.id, act.outcome)
            while len(self._open) > KEPT:
                del self._open[next(iter(self._open))]

    def changed(self) -> None:
        """The store changed: look at the open acts again."""
        if not self._open:
            return
        ids = list(self._open)

        def work(runtime: Runtime) -> list[tuple[Act, str]]:
            found = [a for i in ids if (a := runtime.store.act(i)) is not None]
            return [(act, came_to(runtime, act)) for act in found]

        self._app.feed.read("receipts", work, self._take, self._app.trouble)

    def _take(self, found: list[tuple[Act, str]]) -> None:
        for act, text in found:
            known = self._open.get(act.id)
            if known is None:
                continue
            if text != known.said and text:
                known.said = text
                self._app.say(f"Act {act.id}: {text}", trouble=text.startswith("refused"))
            if act.outcome not in ("pending", "running") and not _follows(act, text):
                del self._open[act.id]


def _follows(act: Act, text: str) -> bool:
    return act.verb == "retry" and act.outcome == "carried out" and " is " not in text


def came_to(runtime: Runtime, act: Act) -> str:
    """What an act came to so far, in words."""
    if act.verb == "bulk":
        after = act.after or {}
        told = ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in after.items() if n)
        return f"{told or 'begins'}" + (f"; {act.outcome}" if act.outcome not in ("running", "carried out") else "")
    if act.outcome == "pending":
        return ""
    if act.verb == "retry" and act.outcome == "carried out":
        branch = (act.arguments or {}).get("branch")
        run_id = act.target.split("/")[0]
        stored = runtime.store.load([run_id])
        known = stored[0].branches.get(str(branch)) if stored and branch else None
        visit = known.current if known else None
        if known and visit and visit.attempts:
            last = visit.attempts[-1]
            where = f", id {last.external_id}" if last.external_id else ""
            return f"{known.step_id} attempt {last.attempt} is {known.status}{where}."
    return f"{act.verb} {act.target}: {act.outcome}."
