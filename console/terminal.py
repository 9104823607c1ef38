"""The terminal a console draws on, as commands use it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from textual.app import App


class AppTerminal:
    """The terminal of a Textual app."""

    def __init__(self, app: App[int]) -> None:
        self._app = app

    def copy(self, text: str) -> None:
        """Put a text on the clipboard of the terminal (OSC 52)."""
        self._app.copy_to_clipboard(text)

    def suspend(self) -> None:
        """Put the console in the background of the shell."""
        self._app.action_suspend_process()

    def lend(self) -> AbstractContextManager[None]:
        """Leave the terminal to another program while the context is open."""
        return self._app.suspend()
