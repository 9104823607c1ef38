"""How a console is opened: options of the console that are understood before the name of the command too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from console.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])
OPTIONS = (
    ("--no-scheduler", "Start no scheduler process."),
    ("--restricted", "No editor, no suspend, no files written; acts are allowed."),
    ("--slow-link", "16 colours, 10 frames a second."),
    ("--mouse", "Use the mouse; selecting text in the terminal then needs shift."),
    ("--ascii", "Draw with ASCII only."),
)
OPENS_A_CONSOLE = (None, "console", "demo")
"""Commands that open a console; None: none was given."""


def ways(function: F) -> F:
    """The options, kept in the session wherever they stand on the line."""
    for flag, text in reversed(OPTIONS):
        function = click.option(flag, is_flag=True, help=text, expose_value=False, callback=_take)(function)
    return function


def refuse_strange_ways(one: Session, command: str | None) -> None:
    """Refuse options that a command has no use for; drawing with ASCII is a wish that any command may hear."""
    strange = [name for name in one.ways if name != "ascii"]
    if strange and command not in OPENS_A_CONSOLE:
        flag = "--" + strange[0].replace("_", "-")
        raise click.UsageError(f"{flag} says how a console is opened, and {command} opens none.")


def _take(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    root = context.find_root()
    if root.obj is None:
        root.obj = Session()
    if value:
        root.obj.ways[str(parameter.name)] = True
