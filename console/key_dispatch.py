"""What a key press becomes: a command on what was under the cursor at that moment, or a sentence why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.commands.base import Command
from console.commands.registry import BY_ID
from console.here import Here
from console.key_bindings import CHORD, Keymap, available, said

if TYPE_CHECKING:
    from console.desk import Desk


def read_only(command: type[Command], here: Here) -> str:
    """What a read-only session says of a command that changes something: the one of a shell, or why there is none."""
    possible = command.usable(here)
    line = command.shell(here) if possible else ""
    if not line:
        looking = f"forkjoin why {here.run_id} shows what can be done" if here.run_id else "forkjoin --help"
        line = looking + (f"; {possible.text}" if not possible else "")
    return f"Read-only. From a shell: {line}"


class Keys:
    """Remembers whether `g` was pressed before."""

    def __init__(self, desk: Desk, keymap: Keymap, report: Callable[[BaseException], str]) -> None:
        self._desk = desk
        self._keymap = keymap
        self._report = report
        """Writes an unexpected exception to the crash log, and returns where it can be read."""
        self._chord = False

    def pressed(self, command_id: str) -> None:
        """A key of a command was pressed."""
        if self._desk.modes.interrupted and command_id == "quit":
            command_id = "quit_now"
        self._desk.modes.interrupted = False
        self._desk.view.touched()
        if self._chord:
            self._chord = False
            command_id = CHORD.get(command_id, command_id)
        elif command_id == "go_prefix":
            self._chord = True
            keys = self._keymap
            self._desk.say(keys.fill(f"{said(keys.keys('go_prefix')[0])}: {{go_prefix}} top   {{graph}} graph"))
            return
        self.perform(command_id)

    def perform(self, command_id: str, here: Here | None = None) -> None:
        """Do a command, or say why it is not possible here."""
        desk, command = self._desk, BY_ID[command_id]
        here = here or desk.here()
        if command not in available(read_only=desk.options.read_only):
            desk.say(read_only(command, here))
            return
        try:
            possible = command.usable(here)
            if not possible:
                desk.say(f"{self._keymap.shown(command.id)}: {possible.text}", trouble=True)
                return
            desk.say("")
            command.run(desk, here)
        except Exception as problem:
            # One command that fails leaves the others: the console goes on, and its crash log says more.
            where = self._report(problem)
            desk.say(
                f"{command.id}: the console met a problem of its own: {type(problem).__name__}{where}.", trouble=True
            )
