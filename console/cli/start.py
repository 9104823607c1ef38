"""The command that starts runs, and follows one to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from console.cli.act_inputs import option_of, read
from console.cli.following import follow_run
from console.cli.options import changing
from console.cli.output import print_environment_note, print_receipt, print_who_wakes
from console.cli.session import session
from console.format import say
from runtime.acts.inputs import inputs_of
from runtime.acts.start import Start
from runtime.errors import InvalidInput
from runtime.safe_text import json_text

F = TypeVar("F", bound=Callable[..., Any])


def arguments(*fields: str) -> Callable[[F], F]:
    """The options of the act for these of its fields."""

    def decorate(function: F) -> F:
        declared = inputs_of(Start)
        for field in reversed(fields):
            function = option_of(Start, field, declared[field])(function)
        return function

    return decorate


@click.command(help=Start.__doc__)
@arguments("flow", "state", "run_id", "labels", "simulate")
@click.option("--follow", is_flag=True, help="Show it to the end, starting a scheduler if none is alive.")
@click.option("--timeout", help="With --follow: give up after this span, like 5m.")
@arguments("count", "each")
@changing
def start(follow: bool, timeout: str | None, reason: str, dry_run: bool, as_json: bool, **given: Any) -> None:
    many = given["count"] is not None or given["each"] is not None
    if given["count"] is not None and given["each"] is not None:
        raise InvalidInput("--count and --each exclude each other.")
    if follow and many:
        raise InvalidInput("--follow follows one run; leave --count and --each out.")
    seconds = _seconds(timeout) if timeout else None
    act = Start(**read(Start, given))
    runs, receipt = session().beginning(
        lambda runtime: runtime.commands.begin(act, reason=reason, dry_run=dry_run), dry_run=dry_run
    )
    if runs and not dry_run:
        print_environment_note(runs[0].id)
    if follow and not dry_run:
        raise click.exceptions.Exit(follow_run(runs[0].id, seconds, quiet=as_json))
    if as_json and not dry_run:
        shown = [session().runtime.json_views.show(run.id) for run in runs]
        say(json_text(shown if many else shown[0]))
        print_who_wakes(receipt)
    else:
        print_receipt(receipt, as_json=as_json)


def _seconds(text: str) -> float:
    from runtime.durations import seconds

    return seconds(text)


COMMANDS = (start,)
