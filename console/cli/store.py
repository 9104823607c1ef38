"""Commands on whole stores: upgrade, copy."""

from __future__ import annotations

import sys
from typing import Any

import click

from console.cli.session import common, progress, session
from console.format import say
from runtime.errors import StoreUnavailable
from runtime.safe_text import clean

INTERRUPTED = 130


class Bars:
    """One progress bar after another, a table each; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._table = ""
        self._bar: Any = None

    def told(self, table: str, count: int, of: int) -> None:
        """Show how far the copy of a table is."""
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


@click.group()
@common
def store() -> None:
    """Make, upgrade and move stores."""


@store.command()
@common
def upgrade() -> None:
    """Make the store of a PostgreSQL database, or bring it to the format of this program."""
    from runtime.moving import upgrade_store

    one = session()
    one.refuse_read_only("store upgrade")
    say(clean(upgrade_store(one.settings.store), 1_000))


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@common
def copy(source: str, target: str) -> None:
    """Move all runs from one store to another: a directory or a postgresql:// URL each; may be repeated."""
    from runtime.moving import copy_store

    session().refuse_read_only("store copy")
    bars = Bars()
    try:
        result = copy_store(session().settings, source, target, bars.told)
    except (KeyboardInterrupt, StoreUnavailable) as problem:
        bars.end()
        progress("What was copied so far stays, the source is as it was. The same command goes on.")
        if isinstance(problem, KeyboardInterrupt):
            raise click.exceptions.Exit(INTERRUPTED) from None
        raise
    bars.end()
    for table, (count, sum_) in result.tables.items():
        say(f"{table:<10} {count:>10,}  {sum_}")
    say(clean(result.message, 1_000))
    for sentence in result.advice:
        progress(sentence)


COMMANDS = (store,)
