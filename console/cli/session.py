"""What every command shares: the options given anywhere on the line, the open runtime, the two ways to answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.cli.bounds import REVISION
from console.format import say
from runtime.errors import InvalidInput, Refused
from runtime.operations.current_actor import actor_of
from runtime.plain_json import MAXIMUM_DEPTH, cut_deep, exact_json
from runtime.safe_text import clean, json_text
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.assembly.location import IfMissing
    from runtime.assembly.runtime import Runtime
    from runtime.operations.receipts import Receipt
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Session:
    """One invocation: its overrides and the runtime, opened when first needed."""

    def __init__(self) -> None:
        self.overrides: dict[str, Any] = {}
        self.ways: dict[str, bool] = {}
        """How a console is to be opened: the options given for it, wherever they stood."""
        self._runtime: Runtime | None = None

    def give(self, name: str, value: Any) -> None:
        """Take an option; what stands first on the line is final for `as` and `read_only`."""
        if value in (None, (), False):
            return
        if name == "as" and "as" in self.overrides:
            return
        if name == "workflows":
            value = (*self.overrides.get(name, ()), *value)
        self.overrides[name] = value

    @property
    def settings(self) -> Settings:
        """The settings of this invocation."""
        return Settings.load({k: v for k, v in self.overrides.items() if k != "as"})

    @property
    def runtime(self) -> Runtime:
        """The open runtime, over a store that is there; StoreUnavailable if none is."""
        return self.opened("refuse")

    def opened(self, if_missing: IfMissing) -> Runtime:
        """The open runtime; where no store is, one is made, or pretended to be there, empty, for this command."""
        if if_missing == "make" and self.pretends:
            self.close()
            self._runtime = None
        if self._runtime is None:
            from runtime.assembly.runtime import open_runtime

            settings = self.settings
            self._runtime = open_runtime(
                settings,
                read_only=settings.read_only,
                actor=actor_of(self.overrides.get("as"), os.environ),
                if_missing=if_missing,
            )
        return self._runtime

    @property
    def pretends(self) -> bool:
        """Whether the open store is only pretended."""
        return self._runtime is not None and self._runtime.pretends

    def beginning(self, act: Callable[[Runtime], T], *, dry_run: bool = False) -> T:
        """What an act gives that begins a store where there is none; one that is refused, or dry, makes none."""
        done = act(self.opened("pretend"))
        return act(self.opened("make")) if self.pretends and not dry_run else done

    def about_workflows(self) -> Runtime:
        """The open runtime of a command about workflows, of which a store only knows their schedules."""
        runtime = self.opened("pretend")
        if self.pretends:
            progress(f"There is no store in {runtime.directory} yet, so every schedule is off.")
        return runtime

    def refuse_read_only(self, verb: str) -> None:
        """Refuse what a read-only session must not do."""
        if self.settings.read_only:
            raise Refused(f"This session is read-only; {verb} is not possible in it.")

    def close(self) -> None:
        """Close what was opened."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None


def session() -> Session:
    """The session of the running command."""
    found: Session = click.get_current_context().find_root().obj
    return found


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


def tell_receipt(receipt: Receipt, *, as_json: bool) -> None:
    """Say what an act changed."""
    if as_json:
        from runtime.operations.queries.views import act_view, list_view

        say(
            json_text(
                {
                    "message": receipt.message,
                    "dry_run": receipt.dry_run,
                    "effects": list(receipt.effects),
                    "act": act_view(receipt.act) if receipt.act else None,
                    "run": list_view(receipt.run) if receipt.run else None,
                }
            )
        )
    else:
        say(clean(receipt.message, 2_000))
        for effect in receipt.effects:
            say("  " + clean(effect, 2_000))
    tell_waking(receipt)


def tell_waking(receipt: Receipt) -> None:
    """Say, beside the answer, who carries out what an act asked for, unless a scheduler that stays does."""
    from runtime.assembly.leaving import who_wakes
    from runtime.operations.waking import needs_waking

    if needs_waking(receipt) and (sentence := who_wakes(session().runtime)):
        progress(sentence)


def tell_environment(run_id: str | None = None) -> None:
    """Say on stderr if a scheduler at work has other values for variables that flows name."""
    if told := session().runtime.queries.other_environment(run_id):
        progress(told)


def json_argument(text: str, what: str) -> Any:
    """JSON given on the line, or in a file as `@file`; InvalidInput if it is none."""
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as problem:
            raise InvalidInput(f"{what}: {text[1:]} cannot be read: {problem}.") from problem
    return read_json(text, what)


def read_json(text: str, what: str) -> Any:
    """JSON that can be stored; InvalidInput, naming what it is, if it is none."""
    if (whole := cut_deep(text, "")) is not text:
        raise InvalidInput(f"{what} is nested deeper than {MAXIMUM_DEPTH} levels.")
    try:
        value = json.loads(whole, parse_constant=_refuse)
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{what} is not JSON: {problem}.") from problem
    try:
        return exact_json(value)
    except ValueError as problem:
        raise InvalidInput(f"{what} cannot be stored: {problem}.") from problem


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def object_argument(text: str | None, what: str) -> Mapping[str, Any]:
    """A JSON object given on the line; nothing is an empty one."""
    value = json_argument(text, what) if text else {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{what} must be a JSON object.")
    return value


def progress(text: str) -> None:
    """A message for people, on stderr."""
    say(clean(text, 2_000), sys.stderr)
