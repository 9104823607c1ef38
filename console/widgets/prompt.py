"""The line above the footer where filters, commands and searches are typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input

from console.widgets.line import LineInput


class PromptLine(LineInput):
    """Opened with what takes the line; escape closes it, enter gives the line."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "close", "close", show=False)]

    class Closed(Message):
        """The line is away again."""

    def __init__(self, **how: Any) -> None:
        super().__init__(compact=True, select_on_focus=False, **how)
        self._take: Callable[[str], Any] | None = None
        self._back_to: Widget | None = None
        """What had the focus, and gets it back."""

    def ask(self, preset: str, hint: str, take: Callable[[str], Any], suggestions: Sequence[str] | None = None) -> None:
        """Open the line."""
        self._take = take
        self._back_to = self.screen.focused
        self.suggester = SuggestFromList(suggestions, case_sensitive=False) if suggestions else None
        self.value = preset
        self.placeholder = hint
        self.cursor_position = len(preset)
        # Shown and given the focus at once: what is typed right after belongs to the line.
        self.display = True
        self.screen.set_focus(self)

    def action_close(self) -> None:
        """Put the line away; nothing is taken."""
        self.display = False
        # At once, like the opening: the line may open a dialog, or bring another screen, with a focus of its own.
        self.screen.set_focus(self._back_to)
        self.post_message(self.Closed())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The line was entered."""
        event.stop()
        self.action_close()
        if self._take is not None:
            self._take(event.value)
