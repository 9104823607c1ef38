"""What a key press becomes: a command on what was under the cursor at that moment, or a sentence why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.commands.base import Command, Here
from console.commands.registry import BY_ID
from console.key_bindings import CHORD, available, said

if TYPE_CHECKING:
    from console.app import ForkjoinApp


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

    def __init__(self, app: ForkjoinApp) -> None:
        self._app = app
        self._chord = False
        self.interrupted = False
        """Whether the last command was ctrl+c: then q means the console, not the page it would leave first."""

    def pressed(self, command_id: str) -> None:
        """A key of a command was pressed."""
        if self.interrupted and command_id == "quit":
            command_id = "quit_now"
        self.interrupted = False
        touched = getattr(self._app.view, "touched", None)
        if touched is not None:
            touched()
        if self._chord:
            self._chord = False
            command_id = CHORD.get(command_id, command_id)
        elif command_id == "go_prefix":
            self._chord = True
            keys = self._app.keymap
            self._app.say(keys.fill(f"{said(keys.keys('go_prefix')[0])}: {{go_prefix}} top   {{graph}} graph"))
            return
        self.perform(command_id)

    def perform(self, command_id: str, here: Here | None = None) -> None:
        """Do a command, or say why it is not possible here."""
        app, command = self._app, BY_ID[command_id]
        here = here or app.here()
        if command not in available(read_only=app.read_only):
            app.say(read_only(command, here))
            return
        try:
            possible = command.usable(here)
            if not possible:
                app.say(f"{app.keymap.shown(command.id)}: {possible.text}", trouble=True)
                return
            app.say("")
            command.run(app, here)
        except Exception as problem:
            # One command that fails leaves the others: the console goes on, and its crash log says more.
            where = app.report(problem)
            app.say(
                f"{command.id}: the console met a problem of its own: {type(problem).__name__}{where}.", trouble=True
            )

    def performing(self, here: Here) -> Callable[[str | None], None]:
        """Takes what was chosen in a menu of commands."""

        def take(command_id: str | None) -> None:
            if command_id:
                self.perform(command_id, here)

        return take
