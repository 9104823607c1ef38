"""Commands on schedules: list, and the acts that switch them."""

from __future__ import annotations

import click

from console.cli.act_commands import command_of
from console.cli.groups import NamedGroup
from console.cli.options import reading
from console.cli.session import session
from console.format import say, table
from runtime.safe_text import json_text


@click.group(cls=NamedGroup)
def schedule() -> None:
    """Schedules of workflows."""


@schedule.command("list")
@reading
def schedule_list(as_json: bool) -> None:
    """Workflows that have a schedule, and when they tick next."""
    runtime = session().about_workflows()
    found = runtime.queries.schedules()
    if as_json:
        say(json_text(found))
        return
    rows = [
        (
            f["workflow"],
            "on" if f["enabled"] else "off",
            f["rule"],
            f["last_tick"] or "-",
            f["overlap"],
            f"cannot tick: {f['problem']}" if f["problem"] else "  ".join(f"{tick[:19]}Z" for tick in f["next_ticks"]),
        )
        for f in found
    ]
    table(("WORKFLOW", "STATE", "RULE", "LAST TICK", "OVERLAP", "NEXT TICKS"), rows)


schedule.add_command(command_of("schedule enable", "enable"))
schedule.add_command(command_of("schedule disable", "disable"))


COMMANDS = (schedule,)
