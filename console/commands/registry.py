"""Every command there is, in the order footer, palette and help show them: a new one is a class and a line here."""

from __future__ import annotations

from console.commands import (
    file_acts,
    list_tools,
    navigation,
    open_pane,
    session,
    views,
)
from console.commands.act_registry import act_commands
from console.commands.base import Command

COMMANDS: tuple[type[Command], ...] = (
    *act_commands(),
    *file_acts.COMMANDS,
    *navigation.COMMANDS,
    *open_pane.COMMANDS,
    *list_tools.COMMANDS,
    *views.COMMANDS,
    *session.COMMANDS,
)
BY_ID: dict[str, type[Command]] = {command.id: command for command in COMMANDS}
