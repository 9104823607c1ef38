"""Commands on whole stores: upgrade, copy."""

from __future__ import annotations

import sys

import click

from console.cli.session import common, progress, session
from console.format import say
from runtime.safe_text import clean


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
    terminal = sys.stderr.isatty()

    def told(table: str, done: int, of: int) -> None:
        if terminal:
            filled = 20 if not of else done * 20 // of
            sys.stderr.write(f"\r{table:<10} [{'#' * filled}{'.' * (20 - filled)}] {done:,} of {of:,}\x1b[K")
            sys.stderr.write("\n" if done >= of else "")
            sys.stderr.flush()

    result = copy_store(session().settings, source, target, told)
    for table, (count, sum_) in result.tables.items():
        say(f"{table:<10} {count:>10,}  {sum_}")
    say(clean(result.message, 1_000))
    progress(result.advice)


COMMANDS = (store,)
