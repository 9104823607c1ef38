"""Lines that stand still around the panes: header, tabs, banner, titles, message, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from console.theme import Line, Look, crop, width_of

Draw = Callable[[int], Sequence[Line]]
"""Lines for a width."""


class Bar(Widget):
    """One or a few lines, drawn for the width there is; repainted only when they change."""

    def __init__(self, look: Look, draw: Draw | None = None, **how: Any) -> None:
        super().__init__(**how)
        self.look = look
        self._draw: Draw = draw or (lambda width: ())
        self._lines: Sequence[Line] = ()
        self._for: int = -1

    def show(self, draw: Draw) -> None:
        """Draw something else."""
        self._draw = draw
        self.update_lines()

    def update_lines(self) -> None:
        """Draw again if the lines changed."""
        lines = list(self._draw(self.size.width or 80))
        if lines != self._lines or self._for != self.size.width:
            grown = len(lines) != len(self._lines)
            self._lines, self._for = lines, self.size.width
            self.refresh(layout=grown and self.styles.height is not None and self.styles.height.is_auto)

    def on_resize(self) -> None:
        """Another width."""
        self.update_lines()

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:
        """As many lines as there are."""
        return len(self._draw(width))

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width)
        styles = self.look.styles
        shown = crop(self._lines[y], width)
        return Strip([Segment(t, styles[s]) for t, s in shown], width_of(shown)).extend_cell_length(width)
