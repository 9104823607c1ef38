"""Every command there is, in the order footer, palette and help show them: a new one is a class and a line here."""

from __future__ import annotations

from console.commands import (
    adopt_act,
    branch_acts,
    file_acts,
    holds,
    list_tools,
    maintenance,
    navigation,
    open_pane,
    run_acts,
    session,
    views,
)
from console.commands.base import Command

COMMANDS: tuple[type[Command], ...] = (
    *branch_acts.COMMANDS,
    *adopt_act.COMMANDS,
    *run_acts.COMMANDS,
    *holds.COMMANDS,
    *maintenance.COMMANDS,
    *file_acts.COMMANDS,
    *navigation.COMMANDS,
    *open_pane.COMMANDS,
    *list_tools.COMMANDS,
    *views.COMMANDS,
    *session.COMMANDS,
)
BY_ID: dict[str, type[Command]] = {command.id: command for command in COMMANDS}
