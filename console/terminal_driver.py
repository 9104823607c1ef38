"""The terminal as the console reads it: no bytes end it, and a mouse that is off does nothing."""

from __future__ import annotations

import os
import selectors

from textual.drivers.linux_driver import LinuxDriver
from textual.events import MouseEvent
from textual.message import Message

from console.incoming import Incoming

READ_BYTES = 65_536
LOOK_SECONDS = 0.1
"""How often it is looked whether the console ends."""


class TerminalDriver(LinuxDriver):
    """Textual's driver with a reader of our own: theirs ends the app at the first byte that is not UTF-8."""

    def run_input_thread(self) -> None:
        """Read until the console ends; a terminal that is gone is noticed elsewhere."""
        incoming = Incoming()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            quiet = 0.0
            while not self.exit_event.is_set():
                patience = incoming.patience
                wait = LOOK_SECONDS if patience is None else min(LOOK_SECONDS, patience)
                if selector.select(wait):
                    quiet = 0.0
                    self._read(incoming)
                    continue
                quiet += wait
                if patience is not None and quiet >= patience:
                    for message in incoming.rest():
                        self.process_message(message)

    def _read(self, incoming: Incoming) -> None:
        try:
            data = os.read(self.fileno, READ_BYTES)
        except OSError:
            data = b""
        if not data:
            # No terminal any more: it is ready to be read at once, again and again.
            self.exit_event.wait(LOOK_SECONDS)
        for message in incoming.feed(data):
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass on what came; a mouse only where it was asked for."""
        if self._mouse or not isinstance(message, MouseEvent):
            super().process_message(message)
