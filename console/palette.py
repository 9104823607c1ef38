"""Help, palette, the menu of actions and typed commands: all read from the command classes."""

from __future__ import annotations

from collections.abc import Callable

from console.commands.base import Command, Group
from console.commands.registry import BY_ID, COMMANDS
from console.desk import Desk
from console.dialogs.menu import Item, MenuDialog
from console.here import Here
from console.key_bindings import available
from console.key_dispatch import read_only
from runtime.model.status import LOOKS


class Menus:
    """Opens the menus of commands, and does what is chosen from them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def help(self, here: Here) -> None:
        """Open the list of keys."""
        self._desk.open_dialog(help_dialog(self._desk, here), self._performing(here))

    def actions(self, here: Here) -> None:
        """Open the list of acts that are possible here, and of those that are not."""
        self._desk.open_dialog(action_menu(self._desk, here), self._performing(here))

    def palette(self, here: Here) -> None:
        """Open the search over all commands."""
        self._desk.open_dialog(palette_dialog(self._desk, here), self._performing(here))

    def prompt(self, here: Here) -> None:
        """Open the line that takes the name of a command."""
        desk = self._desk
        desk.ask_line(":", "", lambda text: run_typed(desk, here, text), suggestions(desk))

    def _performing(self, here: Here) -> Callable[[str | None], None]:
        def take(command_id: str | None) -> None:
            if command_id:
                self._desk.perform(command_id, here)

        return take


def on_screen(desk: Desk, here: Here) -> list[type[Command]]:
    """Commands of this session that belong to the screen."""
    return [c for c in available(read_only=desk.options.read_only) if c.belongs(here.screen)]


def text(desk: Desk, command: type[Command]) -> str:
    """The help text of a command, its keys named as they are in this session."""
    return desk.keymap.fill(command.text())


def help_dialog(desk: Desk, here: Here) -> MenuDialog:
    """Every key of this screen by group, then what the signs mean."""
    items: list[Item] = []
    for group in Group:
        kept = [c for c in on_screen(desk, here) if c.group is group and (c.key or c.key_display)]
        if kept:
            items.append(Item(str(group), ""))
            items += [
                Item(f"  {desk.keymap.shown(c.id)}", f"{c.id.replace('_', ' ')}: {text(desk, c)}", c.id) for c in kept
            ]
    items.append(Item("Signs", ""))
    items += [Item(f"  {desk.options.look.glyph(s)} {s}", look.meaning) for s, look in LOOKS.items()]
    moving = desk.keymap.fill("{bottom}, {previous_match}, {mark_range} only move and mark")
    note = f"UPPER CASE asks first, then changes something ({moving}). / finds a key, esc closes."
    return MenuDialog(desk, f"Keys on {desk.view.title}", items, note=note, mark=18)


def action_menu(desk: Desk, here: Here) -> MenuDialog:
    """What can be done here, then what cannot, with the reason."""
    acts = [c for c in COMMANDS if c.group is Group.ACT and c.belongs(here.screen)]
    can, cannot = [], []
    for command in acts:
        possible = command.usable(here)
        name = f"{desk.keymap.shown(command.id)}  {command.id}"
        if desk.options.read_only and command.writes:
            cannot.append(Item(name, "r" + read_only(command, here)[1:], style="dim"))
        elif possible:
            can.append(Item(name, possible.text or text(desk, command), command.id))
        else:
            cannot.append(Item(name, possible.text, style="dim"))
    about = here.run_id or desk.view.title
    if here.branch is not None and here.detail is not None:
        about = f"{here.detail.name(here.branch)} in {about}"
    items = [*can, *([Item("Not possible now", "")] if cannot else []), *cannot]
    return MenuDialog(desk, f"Actions for {about}", items, mark=16)


def palette_dialog(desk: Desk, here: Here) -> MenuDialog:
    """Every command, found by typing."""
    items = [
        Item(f"{desk.keymap.shown(c.id):<8}{c.id.replace('_', ' ')}", text(desk, c), c.id)
        for c in on_screen(desk, here)
    ]
    return MenuDialog(desk, "Commands", items, search=True, mark=30)


def suggestions(desk: Desk) -> list[str]:
    """Words that complete a typed command."""
    return sorted({c.id for c in available(read_only=desk.options.read_only)} | {"q", "quit"})


def run_typed(desk: Desk, here: Here, text: str) -> None:
    """Do what was typed after the colon; `:runs FILTER` goes to the runs with a filter."""
    word, _, rest = text.strip().partition(" ")
    if not word:
        return
    if word in ("q", "quit"):
        desk.leave()
        return
    by_screen = {c.id.removeprefix("screen_"): c for c in COMMANDS if c.id.startswith("screen_")}
    if word in by_screen:
        desk.perform(by_screen[word].id, here)
        if word == "runs" and rest:
            desk.runs.filter_by(rest)
        return
    names = [i for i in BY_ID if i == word.replace("-", "_")] or [i for i in BY_ID if i.startswith(word)]
    if len(names) != 1:
        known = ", ".join(names) if names else "? shows all"
        desk.say(f"There is no command {word}: {known}.", trouble=True)
        return
    desk.perform(names[0], here)
