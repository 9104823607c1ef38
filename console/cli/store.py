"""Commands on whole stores: upgrade, copy, homes, adopt."""

from __future__ import annotations

import sys
from typing import Any

import click
from msgspec.structs import asdict

from console.cli.groups import NamedGroup
from console.cli.options import changing, common, reading
from console.cli.output import print_receipt
from console.cli.session import progress, session
from console.format import say, table
from runtime.errors import Refused, StoreUnavailable
from runtime.safe_text import clean, json_text

INTERRUPTED = 130


class Bars:
    """One progress bar after another, a table each; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._table = ""
        self._bar: Any = None
        self.begun = False
        """Whether anything was copied."""

    def show(self, table: str, count: int, of: int) -> None:
        """Show how far the copy of a table is."""
        self.begun = True
        if not sys.stderr.isatty():
            return
        if table != self._table:
            self.end()
            self._table = table
            self._bar = click.progressbar(length=of, label=f"{table:<10}", file=sys.stderr, show_pos=True)
            self._bar.render_progress()
        self._bar.update(count - self._bar.pos)

    def end(self) -> None:
        """Leave the bar as it stands and go to the next line."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


@click.group(cls=NamedGroup)
@common
def store() -> None:
    """Make, upgrade and move stores; see and move the homes of local work."""


@store.command()
@common
def upgrade() -> None:
    """Make the store of a PostgreSQL database, or bring it to the format of this program."""
    from runtime.assembly.copying import upgrade_store

    one = session()
    one.refuse_read_only("store upgrade")
    say(clean(upgrade_store(one.settings.store), 1_000))


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@common
def copy(source: str, target: str) -> None:
    """Move all runs from one store to another: a directory or a postgresql:// URL each; may be repeated."""
    from runtime.assembly.copying import copy_store

    session().refuse_read_only("store copy")
    bars = Bars()
    try:
        result = copy_store(session().settings, source, target, bars.show)
    except (KeyboardInterrupt, StoreUnavailable) as problem:
        bars.end()
        if bars.begun or isinstance(problem, KeyboardInterrupt):
            progress("What was copied so far stays, the source is as it was. The same command goes on.")
        if isinstance(problem, KeyboardInterrupt):
            raise click.exceptions.Exit(INTERRUPTED) from None
        raise
    bars.end()
    for name, (count, sum_) in result.tables.items():
        say(f"{name:<10} {count:>10,}  {sum_}")
    say(clean(result.message, 1_000))
    for sentence in result.advice:
        progress(sentence)


@store.command("homes")
@reading
def list_homes(as_json: bool) -> None:
    """Where the work of systems lives that keep it in files of one machine."""
    runtime = session().runtime
    found = runtime.queries.homes()
    if as_json:
        say(json_text([asdict(home) for home in found]))
        return
    rows = [(home.system, home.host, ", ".join(home.workers) or "none", home.directory) for home in found]
    table(("SYSTEM", "HOST", "WORKERS", "DIRECTORY"), rows)


@store.command()
@click.argument("system")
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def adopt(system: str, yes: bool, reason: str, dry_run: bool, as_json: bool) -> None:
    """Make this machine the home of a system whose machine is gone."""
    from runtime.acts.adopt_home import AdoptHome
    from runtime.operations.order import Order

    runtime = session().runtime
    act = AdoptHome(system=system, directory=str(runtime.directory))
    if not yes and not dry_run:
        for effect in runtime.commands.give_store(act, Order(dry_run=True)).effects:
            progress(effect)
        if not sys.stdin.isatty():
            raise Refused("Nothing was changed: give --yes if this is meant, or --dry-run to only look.")
        if not click.confirm(f"Adopt {clean(system)}?", err=True):
            raise Refused("Nothing was changed.")
    receipt = runtime.commands.give_store(act, Order(reason=reason, dry_run=dry_run))
    print_receipt(receipt, as_json=as_json)


COMMANDS = (store,)
