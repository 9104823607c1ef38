"""Starts nobody can account for: asking for the work of a key, and taking work that runs already."""

from __future__ import annotations

import click

from console.cli.reading import answer_of
from console.cli.session import at_revision, changing, reading, session, tell_receipt
from console.format import say
from runtime.errors import Refused, Unreachable
from runtime.safe_text import clean, json_text


@click.command()
@click.argument("run")
@click.argument("branch")
@reading
def find(run: str, branch: str, as_json: bool) -> None:
    """Ask the external system for the work of a branch's key; nothing is started."""
    from runtime.assembly.serving_scheduler import scheduler_alive

    runtime = session().runtime
    if runtime.read_only:
        raise Refused("This session is read-only; asking an external system is not possible in it.")
    if scheduler_alive(runtime):
        answered = answer_of(runtime, run, branch, "find")
        found, text, external_id = answered.reading, answered.text, answered.external_id
    else:
        here = runtime.find(run, branch)
        found, text, external_id = here.reading, here.text, here.external_id
    if as_json:
        told = {"run": run, "branch": branch, "found": found, "externalId": external_id or None, "text": text}
        say(json_text(told))
    else:
        say(clean(text, 2_000))
    if found == "unreachable":
        raise click.exceptions.Exit(Unreachable.exit_code)


@click.command()
@click.argument("run")
@click.argument("branch")
@click.option("--external-id", required=True, help="What the external system calls the work.")
@at_revision
@changing
def adopt(
    run: str, branch: str, external_id: str, reason: str, dry_run: bool, revision: int | None, as_json: bool
) -> None:
    """Take work that runs outside already as that of a branch; nothing is started."""
    receipt = session().runtime.commands.adopt(
        run, branch, external_id, reason=reason, dry_run=dry_run, revision=revision
    )
    tell_receipt(receipt, as_json=as_json)


COMMANDS = (find, adopt)
