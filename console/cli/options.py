"""Options that many commands share, usable before and after the name of the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from console.cli.bounds import REVISION
from console.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])


def _taker(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def take(context: click.Context, _: click.Parameter, value: Any) -> None:
        root = context.find_root()
        if root.obj is None:
            root.obj = Session()
        root.obj.give(name, value)

    return take


def common(function: F) -> F:
    """Global options, usable before and after the name of the command."""
    options = (
        click.option(
            "--store",
            metavar="DIR_OR_URL",
            help="Directory of the store, or postgresql://...",
            expose_value=False,
            callback=_taker("store"),
        ),
        click.option(
            "--workflows",
            metavar="DIR",
            multiple=True,
            help="A folder of workflow folders, besides the built-in ones.",
            expose_value=False,
            callback=_taker("workflows"),
        ),
        click.option(
            "--read-only", is_flag=True, help="Change nothing.", expose_value=False, callback=_taker("read_only")
        ),
        click.option(
            "--log-level",
            type=click.Choice(["debug", "info", "warning", "error"]),
            expose_value=False,
            callback=_taker("log_level"),
        ),
        click.option(
            "--log-format", type=click.Choice(["text", "json"]), expose_value=False, callback=_taker("log_format")
        ),
        click.option("--as", "as_", metavar="NAME", help="Who acts.", expose_value=False, callback=_taker("as")),
    )
    for option in options:
        function = option(function)
    return function


def reading(function: F) -> F:
    """Options of every reading command."""
    return common(click.option("--json", "as_json", is_flag=True, help="One JSON document.")(function))


def changing(function: F) -> F:
    """Options of every changing command."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON document."),
        click.option("--dry-run", is_flag=True, help="Say what would change; change nothing."),
        click.option("--reason", default="", help="Why; kept with the act."),
    ):
        function = option(function)
    return common(function)


def at_revision(function: F) -> F:
    """The option that refuses unless the run is as it was seen."""
    return click.option("--revision", type=REVISION, help="Refuse unless the run is at this revision.")(function)


def over_many(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that make an act one over many runs, carried out by the scheduler."""
    for option in (
        click.option("--canary", is_flag=True, help="First on one run, the rest if it does not fail again."),
        click.option("--rate", type=float, help="Runs a second."),
        click.option("--where", help="Act on every run this filter matches."),
    ):
        function = option(function)
    return function
