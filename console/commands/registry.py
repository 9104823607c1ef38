"""Every command there is, in the order footer, palette and help show them: a new one is a class and a line here."""

from __future__ import annotations

from console.commands import (
    adopt_act,
    branch_acts,
    console_wide,
    file_acts,
    keeping_acts,
    looking,
    moving,
    run_acts,
    store_acts,
    views,
    within,
)
from console.commands.base import Command

COMMANDS: tuple[type[Command], ...] = (
    *branch_acts.COMMANDS,
    *adopt_act.COMMANDS,
    *run_acts.COMMANDS,
    *store_acts.COMMANDS,
    *keeping_acts.COMMANDS,
    *file_acts.COMMANDS,
    *moving.COMMANDS,
    *looking.COMMANDS,
    *within.COMMANDS,
    *views.COMMANDS,
    *console_wide.COMMANDS,
)
BY_ID: dict[str, type[Command]] = {command.id: command for command in COMMANDS}
