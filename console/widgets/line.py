"""A line to type in, into which only clean text is pasted."""

from __future__ import annotations

from textual.events import Paste
from textual.widgets import Input

PASTE_LIMIT = 20_000
"""Characters of a paste that are taken."""


class LineInput(Input):
    """Textual's field, but a paste of many lines becomes one, without control characters."""

    def on_paste(self, event: Paste) -> None:
        """Put the paste where the cursor is, in place of what is selected."""
        event.prevent_default()
        event.stop()
        text = one_line(event.text)
        if text:
            self.replace(text, *self.selection)


def one_line(text: str) -> str:
    """A pasted text as one line: lines joined by spaces, what cannot be seen left out, cut where it is too long."""
    joined = " ".join(part for line in text[: 4 * PASTE_LIMIT].splitlines() if (part := line.strip()))
    return "".join(c for c in joined.replace("\t", " ") if c.isprintable())[:PASTE_LIMIT]
