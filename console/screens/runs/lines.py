"""The lines around the list of runs: what is listed, and the why of the selected run in narrow terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.panes.why import told_sentences, you_can
from console.theme import Line, crop, plain
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.screens.runs.screen import RunsView

SORT_WORDS = {
    "attention": "attention first",
    "updated_at": "last changed first",
    "created_at": "newest first",
    "next_wake_at": "next wake first",
    "id": "by id",
}


def info_lines(view: RunsView, width: int) -> list[Line]:
    """How many runs, in which order, by which filter; how many are marked, how many are new."""
    order, desk = view.source.order, view.desk
    if view.reading.under_way is not None:
        done, total = view.reading.under_way
        return [plain(f" reading runs, {done:,} of {total:,}")]
    where, esc = view.only[1] or view.whole_filter, desk.keymap.shown("back")
    if not order.total and not where:
        if not view.reading.read_once:
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
    text = f" {found}, {SORT_WORDS[view.sort]}, " + (f"filter {where}" if where else "no filter")
    if view.source.marks:
        text += f"   {view.source.marks.told(order)}"
    if view.reading.new_rows:
        text += f"   {view.reading.new_rows:,} new: {desk.keymap.shown('show_new')} shows them"
    return [crop(plain(text), width)]


def why_lines(view: RunsView, width: int) -> list[Line]:
    """A title, the first sentences, and what can be done."""
    detail = view.area.detail
    if detail is None or not view.why_lines:
        return []
    told = [plain(clean(s, 400)) for s in told_sentences(detail)[1:]] or [plain(clean(told_sentences(detail)[0], 400))]
    if view.why_lines == 1:
        return [crop(((" ", ""), *told[0]), width)]
    can = you_can(detail, view.area.showing(10_000))
    told = [*told[: view.why_lines - 1 - len(can)], *can]
    head = f" Why {detail.run.id} {clean(detail.run.workflow, 60)} "
    title: Line = ((head, "bold"), (view.look.rule(width - len(head)), "dim"))
    return [title, *(crop(((" ", ""), *line), width) for line in told)]
