"""The command that examines an installation."""

from __future__ import annotations

import click

from console.cli.advice import with_session_options
from console.cli.options import reading
from console.cli.session import session
from console.format import say
from runtime.errors import ForkjoinError
from runtime.operations.queries.doctor import examined
from runtime.safe_text import clean, json_text


@click.command()
@click.option("--deep", is_flag=True, help="Read every document, and let the database check its file.")
@reading
def doctor(deep: bool, as_json: bool) -> None:
    """Whether store, scheduler, workflows and terminal are well: each line ok, or what to do."""
    one = session()
    try:
        checks = examined(one.runtime.queries, one.runtime.directory, deep=deep)
    except ForkjoinError as problem:
        if as_json:
            say(json_text([{"name": "store", "ok": False, "text": problem.message}]))
        raise
    if as_json:
        say(json_text([{"name": c.name, "ok": c.ok, "text": c.text} for c in checks]))
    else:
        for check in checks:
            say(f"{'ok ' if check.ok else 'NO '} {check.name:12} {clean(with_session_options(check.text), 1_000)}")
    if not all(c.ok for c in checks):
        raise click.exceptions.Exit(5)


COMMANDS = (doctor,)
