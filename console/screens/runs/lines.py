"""The lines around the list of runs: what is listed, and the why of the selected run in narrow terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.panes.why import table, you_can
from console.theme import Line, crop, plain
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.screens.runs.parts import RunsParts

SORT_WORDS = {
    "attention": "attention first",
    "updated_at": "last changed first",
    "created_at": "newest first",
    "next_wake_at": "next wake first",
    "id": "by id",
}


def info_lines(parts: RunsParts, width: int) -> list[Line]:
    """How many runs, in which order, by which filter; how many are marked, how many are new."""
    order, desk, state = parts.source.order, parts.desk, parts.state
    if state.progress is not None:
        return [plain(f" reading runs, {state.progress.done:,} of {state.progress.total:,}")]
    where, esc = state.only.label or state.whole_filter, desk.keymap.shown("back")
    if not order.total and not where:
        if not state.ordered:
            return [plain(" reading runs")]
        started = (
            ""
            if desk.options.read_only
            else desk.keymap.fill("  {screen_workflows}  choose a workflow and start a run.")
        )
        return [
            crop(
                plain(f" No runs yet in {desk.options.store_name}.{started}  forkjoin demo has some to look at."), width
            )
        ]
    if where and not len(order.numbers):
        return [crop(plain(f" No run matches {where}; {order.total:,} without the filter. {esc} clears it."), width)]
    runs = "run" if order.total == 1 else "runs"
    found = f"{len(order.numbers):,} of {order.total:,} {runs}" if where else f"{order.total:,} {runs}"
    text = f" {found}, {SORT_WORDS[state.sort]}, " + (f"filter {where}" if where else "no filter")
    if parts.source.marks:
        text += f"   {parts.source.marks.told(order)}"
    if state.new_rows:
        text += f"   {state.new_rows:,} new: {desk.keymap.shown('show_new')} shows them"
    return [crop(plain(text), width)]


UNWRAPPED = 10_000
"""A width at which each row of the why is one line, to be cut at its end."""


def why_lines(parts: RunsParts, width: int) -> list[Line]:
    """A title, the first sentences, and what can be done."""
    detail = parts.area.detail
    if detail is None or not parts.state.why_lines:
        return []
    showing = parts.area.showing(UNWRAPPED)
    headline, *rest = table(detail, showing)
    told = [tuple(line) for line in rest] or [headline]
    if parts.state.why_lines == 1:
        return [crop(((" ", ""), *told[0]), width)]
    can = you_can(detail, showing)
    told = [*told[: parts.state.why_lines - 1 - len(can)], *can]
    head = f" Why {detail.run.id} {clean(detail.run.workflow, 60)} "
    title: Line = ((head, "bold"), (parts.desk.options.look.rule(width - len(head)), "dim"))
    return [title, *(crop(((" ", ""), *line), width) for line in told)]
