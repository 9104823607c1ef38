"""Help, palette, the menu of actions and typed commands: all read from the command classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands.base import Command, Group, Here
from console.commands.registry import BY_ID, COMMANDS
from console.dialogs.menu import Item, MenuDialog
from console.key_bindings import available
from console.key_dispatch import read_only
from runtime.model.status import LOOKS

if TYPE_CHECKING:
    from console.app import ForkjoinApp


def on_screen(app: ForkjoinApp, here: Here) -> list[type[Command]]:
    """Commands of this session that belong to the screen."""
    return [c for c in available(read_only=app.read_only) if c.belongs(here.screen)]


def text(app: ForkjoinApp, command: type[Command]) -> str:
    """The help text of a command, its keys named as they are in this session."""
    return app.keymap.fill(command.text())


def help_dialog(app: ForkjoinApp, here: Here) -> MenuDialog:
    """Every key of this screen by group, then what the signs mean."""
    items: list[Item] = []
    for group in Group:
        kept = [c for c in on_screen(app, here) if c.group is group and (c.key or c.key_display)]
        if kept:
            items.append(Item(str(group), ""))
            items += [
                Item(f"  {app.keymap.shown(c.id)}", f"{c.id.replace('_', ' ')}: {text(app, c)}", c.id) for c in kept
            ]
    items.append(Item("Signs", ""))
    items += [Item(f"  {app.look.glyph(s)} {s}", look.meaning) for s, look in LOOKS.items()]
    moving = app.keymap.fill("{bottom}, {previous_match}, {mark_range} only move and mark")
    note = f"UPPER CASE asks first, then changes something ({moving}). / finds a key, esc closes."
    return MenuDialog(app.look, f"Keys on {app.view.title}", items, note=note, mark=18)


def action_menu(app: ForkjoinApp, here: Here) -> MenuDialog:
    """What can be done here, then what cannot, with the reason."""
    acts = [c for c in COMMANDS if c.group is Group.ACT and c.belongs(here.screen)]
    can, cannot = [], []
    for command in acts:
        possible = command.usable(here)
        name = f"{app.keymap.shown(command.id)}  {command.id}"
        if app.read_only and command.writes:
            cannot.append(Item(name, "r" + read_only(command, here)[1:], style="dim"))
        elif possible:
            can.append(Item(name, possible.text or text(app, command), command.id))
        else:
            cannot.append(Item(name, possible.text, style="dim"))
    about = here.run_id or app.view.title
    if here.branch is not None and here.detail is not None:
        about = f"{here.detail.name(here.branch)} in {about}"
    items = [*can, *([Item("Not possible now", "")] if cannot else []), *cannot]
    return MenuDialog(app.look, f"Actions for {about}", items, mark=16)


def palette_dialog(app: ForkjoinApp, here: Here) -> MenuDialog:
    """Every command, found by typing."""
    items = [
        Item(f"{app.keymap.shown(c.id):<8}{c.id.replace('_', ' ')}", text(app, c), c.id) for c in on_screen(app, here)
    ]
    return MenuDialog(app.look, "Commands", items, search=True, mark=30)


def suggestions(app: ForkjoinApp) -> list[str]:
    """Words that complete a typed command."""
    return sorted({c.id for c in available(read_only=app.read_only)} | {"q", "quit"})


def run_typed(app: ForkjoinApp, here: Here, text: str) -> None:
    """Do what was typed after the colon; `:runs FILTER` goes to the runs with a filter."""
    word, _, rest = text.strip().partition(" ")
    if not word:
        return
    if word in ("q", "quit"):
        app.leave()
        return
    by_screen = {c.id.removeprefix("screen_"): c for c in COMMANDS if c.id.startswith("screen_")}
    if word in by_screen:
        app.perform(by_screen[word].id, here)
        if word == "runs" and rest:
            app.filter_runs(rest)
        return
    names = [i for i in BY_ID if i == word.replace("-", "_")] or [i for i in BY_ID if i.startswith(word)]
    if len(names) != 1:
        known = ", ".join(names) if names else "? shows all"
        app.say(f"There is no command {word}: {known}.", trouble=True)
        return
    app.perform(names[0], here)
