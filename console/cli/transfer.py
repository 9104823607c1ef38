"""Commands that write and read whole stores as files: export, import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.options import common
from console.cli.session import progress, session

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime


@click.command()
@click.argument("file", required=False)
@click.option("--skip-damaged", is_flag=True, help="Leave out what cannot be read, and say what that is.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@common
def export(file: str | None, skip_damaged: bool, force: bool) -> None:
    """The whole store as the plain JSON file that stock TinyDB opens."""
    from runtime.operations.transfer import WHOLE, Damage

    transfer = session().runtime.transfer
    left_out: list[Damage] | None = [] if skip_damaged else None
    count = transfer.export(sys.stdout if file is None else Path(file), left_out=left_out, force=force)
    if file is not None:
        progress(f"Exported {count} documents to {file}.")
    for one in left_out or ():
        whose = f", with all that belongs to the run {one.run_id}" if one.run_id and one.table in WHOLE else ""
        progress(f"Left out {one.place}{whose}: it {one.problem}.")


@click.command("import")
@click.argument("file")
@click.option("--merge", is_flag=True, help="Into a store that has runs.")
@click.option("--live", is_flag=True, help="Imported open runs go on at once.")
@common
def import_file(file: str, merge: bool, live: bool) -> None:
    """Read an exported file; open runs come held."""
    one = session()
    one.refuse_read_only("import")

    def act(runtime: Runtime) -> int:
        return runtime.transfer.import_file(Path(file), merge=merge, live=live)

    count = one.beginning(act)
    progress(f"Imported {count} documents from {file}.")


COMMANDS = (
    export,
    import_file,
)
