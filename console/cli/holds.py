"""The command that lists holds."""

from __future__ import annotations

import click

from console.cli.options import reading
from console.cli.session import session
from console.format import say, table
from runtime.operations.queries import views
from runtime.safe_text import json_text


@click.command()
@reading
def holds(as_json: bool) -> None:
    """Active holds."""
    found = [views.hold_view(h) for h in session().runtime.queries.records.holds()]
    if as_json:
        say(json_text(found))
    elif not found:
        say("Nothing is held.")
    else:
        table(("SCOPE", "BY", "SINCE", "REASON"), [(h["scope"], h["actor"], h["at"], h["reason"]) for h in found])


COMMANDS = (holds,)
