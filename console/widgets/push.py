"""Things to press and to choose in dialogs, drawn as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.theme import SELECTED, Look, fit
from runtime.safe_text import clean


class Push(Widget, can_focus=True):
    """A button: `[ Retry 1 branch ]`. Enter and space press it."""

    DEFAULT_CSS = "Push { height: 1; width: auto; margin-right: 2; }"
    BINDINGS: ClassVar[list[Any]] = [Binding("enter,space", "press", "press", show=False, priority=True)]

    class Pressed(Message):
        """It was pressed."""

        def __init__(self, push: Push) -> None:
            super().__init__()
            self.push = push

    def __init__(self, look: Look, label: str, **how: Any) -> None:
        super().__init__(**how)
        self.look = look
        self.label = clean(label, 60)

    def get_content_width(self, container: Any, viewport: Any) -> int:
        """As wide as its text."""
        return len(self.label) + 4

    def render_line(self, y: int) -> Strip:
        """The button."""
        style = SELECTED if self.has_focus else self.look.styles[""]
        return Strip([Segment(f"[ {self.label} ]", style)])

    def on_focus(self) -> None:
        """Drawn reversed."""
        self.refresh()

    def on_blur(self) -> None:
        """Drawn plain."""
        self.refresh()

    def on_click(self) -> None:
        """A click presses, where the mouse is on."""
        self.action_press()

    def action_press(self) -> None:
        """Press it."""
        self.post_message(self.Pressed(self))


class Toggle(Widget, can_focus=True):
    """One of a few words: `(*) true  ( ) false`. Space, left and right choose."""

    DEFAULT_CSS = "Toggle { height: 1; width: 1fr; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("space,right,l", "turn(1)", "next", show=False, priority=True),
        Binding("left,h", "turn(-1)", "before", show=False, priority=True),
    ]

    class Changed(Message):
        """Another word was chosen."""

        def __init__(self, toggle: Toggle) -> None:
            super().__init__()
            self.toggle = toggle

    def __init__(self, look: Look, choices: Sequence[str], preset: str = "", **how: Any) -> None:
        super().__init__(**how)
        self.look = look
        self.choices = list(choices)
        self.chosen: str | None = preset if preset in self.choices else None

    @property
    def value(self) -> str:
        """The chosen word, or nothing."""
        return self.chosen or ""

    def render_line(self, y: int) -> Strip:
        """All words, the chosen one marked."""
        text = "  ".join(f"({'*' if c == self.chosen else ' '}) {clean(c, 40)}" for c in self.choices)
        style = SELECTED if self.has_focus else self.look.styles[""]
        return Strip([Segment(fit(text, self.size.width), style)])

    def action_turn(self, by: int) -> None:
        """Choose the next."""
        place = self.choices.index(self.chosen) if self.chosen in self.choices else -1 if by > 0 else 0
        self.chosen = self.choices[(place + by) % len(self.choices)]
        self.refresh()
        self.post_message(self.Changed(self))

    def on_focus(self) -> None:
        """Drawn reversed."""
        self.refresh()

    def on_blur(self) -> None:
        """Drawn plain."""
        self.refresh()
