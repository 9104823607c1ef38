"""Marking runs by key: one, all from the last mark to the cursor, or every run that matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.screens.runs.marks import Mark

if TYPE_CHECKING:
    from console.screens.runs.parts import RunsParts
    from console.screens.runs.reading import Reading


class RunMarking:
    """Marks runs by id; ranges and all that match are read first, since a row in the order may not be read yet."""

    def __init__(self, parts: RunsParts, reading: Reading) -> None:
        self._parts = parts
        self._reading = reading

    def mark(self) -> None:
        """Mark or unmark the run under the cursor, and go on."""
        parts, run = self._parts, self._parts.run
        if run is not None:
            parts.source.marks.turn(Mark(parts.source.key(parts.list.cursor), run.id))
            parts.list.move(1)
            parts.redraw_list()

    def mark_range(self) -> None:
        """Mark from the last mark to the cursor."""
        parts = self._parts
        begun = parts.source.marks.last
        if begun is None:
            text = "V: no run was marked before; space marks one, V then all from it to here."
            parts.desk.say(text, trouble=True)
            return
        place = parts.source.index_of(begun.number)
        if place is None:
            text = f"V: {begun.run_id}, marked last, is not in this list; space marks one that is."
            parts.desk.say(text, trouble=True)
            return
        first, last = sorted((place, parts.list.cursor))
        self._reading.mark(parts.source.numbers(first, last - first + 1))

    def mark_all(self) -> None:
        """Mark every run that matches, or take all marks away."""
        parts = self._parts
        if parts.source.marks:
            parts.source.marks.clear()
            parts.redraw_list()
        else:
            self._reading.mark(parts.source.order.numbers, parts.state.whole_filter)
