"""What stands around the panes: header, tabs, banner, message, footer."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.commands.base import Command, Group
from console.commands.registry import BY_ID
from console.key_bindings import available
from console.screen_names import ATTENTION, SCREEN_NAMES
from console.theme import Line, Piece, crop, plain, width_of
from console.times import clock_time, words
from runtime.operations.queries.workers import is_silent, workers_of
from runtime.operations.records import Heartbeat
from runtime.safe_text import clean

if TYPE_CHECKING:
    from console.desk import Desk
    from console.receipts import Receipts
    from console.store_status import StoreStatus

FOOTER_KEYS = 8
TEXT_WORDS = {"next_pane": "next", "filter": "find", "next_area": "panes", "back": "back", "help": "help"}
"""What keys are called where the focus is in a text."""


class Frame:
    """Draws the parts of the frame, each as lines for a width; keeps the sentence that was said last."""

    def __init__(self, desk: Desk, status: StoreStatus, receipts: Receipts) -> None:
        self._desk = desk
        self._status = status
        self._receipts = receipts
        self.text = ""
        """The last sentence, as it was said."""
        self._trouble = False

    def say(self, text: str, *, trouble: bool) -> None:
        """Keep a sentence for the line above the footer."""
        self.text = text
        self._trouble = trouble

    def header(self, width: int) -> Sequence[Line]:
        """Name, what may be done, store, scheduler, holds, clock."""
        desk, snapshot = self._desk, self._desk.snapshot
        mode = "RO" if desk.options.read_only else "RW"
        left: list[Piece] = [(" forkjoin ", "bold"), (f"{mode}  {clean(desk.options.store_name, 40)}  ", "")]
        if snapshot.alive:
            left.append((f"{_alive(snapshot.beat, with_host=width > 100)}  ", ""))
            if snapshot.overload:
                left += [desk.options.look.chip("overloaded"), ("  ", "")]
        else:
            left += [
                desk.options.look.chip("no scheduler") if desk.options.look.colour else ("[no scheduler]", ""),
                ("  ", ""),
            ]
        if snapshot.holds:
            first = snapshot.holds[0]
            many = f"{len(snapshot.holds)} hold{'s' if len(snapshot.holds) > 1 else ''}"
            left.append(desk.options.look.chip(f"{many}: {clean(first.scope, 60)}" if width > 100 else many))
        if self._status.stale:
            clock = f"[as of {clock_time(snapshot.at, desk.modes.zone)}]"
        else:
            now = desk.options.now()
            clock = clock_time(now, desk.modes.zone, seconds=False) + ("" if desk.modes.zone == "local" else " UTC")
        line = crop(left, width - len(clock) - 2)
        return [(*line, (" " * max(1, width - width_of(line) - len(clock) - 1), ""), (clock, ""))]

    def tabs(self, width: int) -> Sequence[Line]:
        """The numbered screens, the present one marked."""
        desk = self._desk
        line: list[Piece] = [(" ", "")]
        current = desk.view.name_id
        for name in SCREEN_NAMES:
            count = f" {desk.snapshot.attention:,}" if name is ATTENTION and desk.snapshot.attention else ""
            text = f"{name.number} {name.short if width < 100 else name.title}{count}"
            line.append((f"[{text}]" if name.id == current else text, "bold" if name.id == current else ""))
            line.append(("  ", ""))
        return [crop(line, width)]

    def banner(self, width: int) -> Sequence[Line]:
        """Standing trouble: the store is away or cannot be read, acts that are not confirmed, no scheduler, holds."""
        desk, snapshot = self._desk, self._desk.snapshot
        lines: list[Line] = []
        if (away := self._status.away) is not None:
            now, since = time.monotonic(), clock_time(away.since_at, desk.modes.zone)
            left = away.next_try - now
            again = f"trying again in {words(math.ceil(left))}" if left > 0 else "trying again now"
            lines.append(plain(f" {clean(away.text, 400)}", "red"))
            lines.append(
                plain(
                    f" Away for {words(now - away.since)}, since {since}; {again}. What is shown was read before.",
                    "red",
                )
            )
        elif self._status.problem:
            lines.append(plain(f" {clean(self._status.problem, 400)} forkjoin doctor says more.", "red"))
        lines += [plain(f" {clean(text, 400)}", "yellow") for text in self._receipts.unsure]
        if not snapshot.alive and snapshot.scheduler and snapshot.runs and self._status.away is None:
            lines.append(plain(" " + clean(snapshot.scheduler, 300), "red"))
            due = f" {snapshot.overdue} wakes overdue." if snapshot.overdue else ""
            shell = f" From a shell: {desk.options.driver}"
            can = desk.keymap.fill(" {scheduler} starts one from here.") if desk.options.start_scheduler else shell
            lines.append(plain(f"{due}{can}", "red"))
        if snapshot.overload and self._status.away is None:
            lines.append(plain(f" {clean(snapshot.overload, 300)}", "yellow"))
        for hold in snapshot.holds[:1]:
            since = words((desk.options.now() - hold.since).total_seconds())
            because = f": {clean(hold.reason, 100)}" if hold.reason else ""
            more = f"  and {len(snapshot.holds) - 1} more" if len(snapshot.holds) > 1 else ""
            lines.append(
                plain(f" held {clean(hold.scope, 80)} by {clean(hold.actor, 40)} for {since}{because}{more}", "yellow")
            )
        return [((text.ljust(width), style),) for line in lines[:3] for text, style in [crop(line, width)[0]]]

    def message(self, width: int) -> Sequence[Line]:
        """The last thing that was said."""
        return [crop(((f" {clean(self.text, 1_000)}", "bold" if self._trouble else ""),), width)]

    def footer(self, width: int) -> Sequence[Line]:
        """At most eight keys, those of what is selected first."""
        desk = self._desk
        here = desk.here()
        known = [c for c in available(read_only=desk.options.read_only) if c.label and c.belongs(here.screen)]
        acts = [c for c in known if c.group is Group.ACT and c.recommended(here) and c.usable(here)][:3]
        # The last, help, always has its place; of the others those before it go first.
        chosen = [*((desk.keymap.shown(c.id), c.label) for c in acts), *_moving_keys(desk, known)]
        while chosen:
            line = [piece for key, label in chosen for piece in (("  " + key, "bold"), (f" {label}", ""))]
            line[0] = (line[0][0][1:], "bold")
            if width_of(line) <= width and len(chosen) <= FOOTER_KEYS:
                return [crop(line, width)]
            del chosen[-2 if len(chosen) > 1 else -1]
        return [()]


def _alive(beat: Heartbeat | None, *, with_host: bool) -> str:
    """Who drives the store: a scheduler and its host, or how many workers."""
    workers = workers_of(beat)
    if len(workers) > 1:
        lively = sum(not is_silent(w) for w in workers)
        return f"{lively} workers alive" if lively == len(workers) else f"{lively} of {len(workers)} workers alive"
    return "scheduler alive" + (f" on {clean(beat.host or '', 40)}" if with_host and beat is not None else "")


def _moving_keys(desk: Desk, known: Sequence[type[Command]]) -> list[tuple[str, str]]:
    """Keys that look and move: in a text how it is scrolled and left; elsewhere what else there is to see."""
    several = desk.view.areas_shown > 1
    if desk.focus.in_text:
        names = ("next_pane", *(("next_area",) if several else ()), "back", "filter", "help")
        scroll = " ".join(desk.keymap.shown(name) for name in ("down", "up", "bottom"))
        return [(scroll, "scroll"), *((desk.keymap.shown(name), TEXT_WORDS[name]) for name in names)]
    return [
        (desk.keymap.shown(c.id), c.label)
        for c in known
        if c.group is not Group.ACT and not c.always and (several or c is not BY_ID["next_area"])
    ]
