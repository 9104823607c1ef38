"""The command that opens the console."""

from __future__ import annotations

import os

import click

from console.cli.options import common
from console.cli.session import session
from console.cli.ways import ways
from runtime.errors import InvalidInput
from runtime.operations.current_actor import actor_of


@click.command()
@ways
@common
def console() -> None:
    """See everything, know why, repair by keyboard."""
    from console.crash_guard import unusable

    problem = unusable()
    if problem is not None:
        raise InvalidInput(problem)
    from console.launch import Ways, open_console

    one = session()
    actor = actor_of(one.overrides.get("as"), os.environ, source="console")
    raise click.exceptions.Exit(open_console(one.settings, actor, Ways(**one.ways)))


COMMANDS = (console,)
