"""Commands on flows and on the store: validate, graph, scaffold, schedule, export, import, prune."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.groups import NamedGroup
from console.cli.session import Session, changing, common, progress, reading, session, tell_receipt
from console.format import say, table
from runtime.errors import ForkjoinError, InvalidInput
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.receipts import Receipt


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--bound", is_flag=True, help="A task that is bound to nothing is a problem, not a warning.")
@reading
def validate(files: tuple[str, ...], bound: bool, as_json: bool) -> None:
    """Every problem of each flow: code, JSON path, sentence."""
    from runtime.assembly.catalogs import catalog_of

    catalog = catalog_of(session().settings)
    shown: list[tuple[str, list[tuple[str, str, str]], list[tuple[str, str, str]]]] = []
    for name in files:
        try:
            _, found, doubts = catalog.examine(catalog.find(name))
            told = [(p.code, p.path, p.message) for p in found]
            warned = [(w.code, w.path, w.message) for w in doubts]
            if not bound:
                # Without code beside it a flow is still a good flow: it can be started with --simulate.
                warned += [t for t in told if t[0] == "UNBOUND_TASK"]
                told = [t for t in told if t[0] != "UNBOUND_TASK"]
            shown.append((name, told, warned))
        except ForkjoinError as problem:
            shown.append((name, [("FILE", "$", problem.message)], []))
    if as_json:
        keys = ("code", "path", "message")
        say(
            json_text(
                [
                    {
                        "file": name,
                        "ok": not problems,
                        "problems": [dict(zip(keys, p, strict=True)) for p in problems],
                        "warnings": [dict(zip(keys, w, strict=True)) for w in warnings],
                    }
                    for name, problems, warnings in shown
                ]
            )
        )
    else:
        for name, problems, warnings in shown:
            say(f"{clean(name)}: {'ok' if not problems else f'{len(problems)} problems'}")
            for code, path, message in problems:
                say(f"  {code}  {clean(path)}  {clean(message, 1_000)}")
            for code, path, message in warnings:
                say(f"  warning {code}  {clean(path)}  {clean(message, 1_000)}", sys.stderr)
    if any(problems for _, problems, _ in shown):
        raise click.exceptions.Exit(2)


@click.command()
@click.argument("what", metavar="FILE_OR_RUN")
@click.option("--format", "form", type=click.Choice(["text", "mermaid", "svg"]), default="text", show_default=True)
@click.option("--ascii", "ascii_only", is_flag=True)
@common
def graph(what: str, form: str, ascii_only: bool) -> None:
    """The flow, or a run with its statuses, as a picture."""
    from runtime.assembly.catalogs import catalog_of
    from runtime.operations.queries.graph import picture

    one = session()
    ascii_only = ascii_only or one.ways.get("ascii", False)
    if names_run(one, what):
        stored = one.runtime.queries.load(what)
        program = one.runtime.queries.program(stored.run)
        say(picture(program.flow, stored, form=form, ascii_only=ascii_only))
        return
    if Path(what).exists():
        catalog = catalog_of(one.settings)
        flow = catalog.find(what).flow
        if flow is None:
            raise InvalidInput(f"{what} holds no flow that can be drawn; forkjoin validate says why.")
        say(picture(flow, None, form=form, ascii_only=ascii_only))
        return
    known = {w.name: w for w in catalog_of(one.settings).workflows()}
    if what in known and (drawn := known[what].flow) is not None:
        say(picture(drawn, None, form=form, ascii_only=ascii_only))
        return
    one.runtime.queries.load(what)


def names_run(one: Session, what: str) -> bool:
    """Whether there is a run of this id, which comes before a file or workflow of that name; says how to draw those."""
    from runtime.errors import NotFound, StoreUnavailable

    path = Path(what)
    if len(path.parts) != 1 or what.startswith("."):
        return False
    try:
        one.runtime.queries.load(what)
    except (NotFound, StoreUnavailable):
        return False
    if path.exists():
        progress(f"{what} is a run and a file here; the run is drawn. forkjoin graph ./{what} draws the file.")
    if any(workflow.name == what for workflow in one.runtime.queries.catalog.workflows()):
        progress(f"{what} is a run and a workflow; the run is drawn. Its flow is drawn by the path of its flow.json.")
    return True


@click.command()
@click.argument("file", type=click.Path())
@click.option("--into", type=click.Path(), help="Folder to make; by default named like the file.")
@common
def scaffold(file: str, into: str | None) -> None:
    """A workflow folder with a stub for each unbound task, from a FlowJSON file."""
    from runtime.assembly.catalogs import catalog_of
    from runtime.operations.scaffold import scaffold as make

    one = session()
    one.refuse_read_only("scaffold")
    catalog = catalog_of(one.settings)
    flow = catalog.check(catalog.find(file), simulate=True)
    folder = Path(into) if into else Path(file).with_suffix("")
    for made in make(flow, folder):
        say(f"wrote {clean(str(made), 1_000)}")


@click.group(cls=NamedGroup)
def schedule() -> None:
    """Schedules of workflows."""


@schedule.command("list")
@reading
def schedule_list(as_json: bool) -> None:
    """Workflows that have a schedule, and when they tick next."""
    runtime = session().about_workflows()
    found = runtime.queries.schedules()
    if as_json:
        say(json_text(found))
        return
    rows = [
        (
            f["workflow"],
            "on" if f["enabled"] else "off",
            f["rule"],
            f["last_tick"] or "-",
            f["overlap"],
            f"cannot tick: {f['problem']}" if f["problem"] else "  ".join(f"{tick[:19]}Z" for tick in f["next_ticks"]),
        )
        for f in found
    ]
    table(("WORKFLOW", "STATE", "RULE", "LAST TICK", "OVERLAP", "NEXT TICKS"), rows)


def _switch(name: str, enabled: bool, text: str) -> click.Command:
    @schedule.command(name, help=text)
    @click.argument("flow")
    @changing
    def switch(flow: str, reason: str, dry_run: bool, as_json: bool) -> None:
        def act(runtime: Runtime) -> Receipt:
            return runtime.commands.schedule(flow, enabled=enabled, reason=reason, dry_run=dry_run)

        receipt = session().beginning(act, dry_run=dry_run) if enabled else act(session().runtime)
        tell_receipt(receipt, as_json=as_json)

    return switch


_switch("enable", True, "Let the schedule of a workflow start runs.")
_switch("disable", False, "Start no more runs.")


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


@click.command()
@click.option("--older-than", help="A span like 30d.")
@click.option("--failed", is_flag=True, help="Failed runs too.")
@click.option("--damaged", is_flag=True, help="Instead: damaged runs, and all other records that cannot be read.")
@changing
def prune(older_than: str | None, failed: bool, damaged: bool, reason: str, dry_run: bool, as_json: bool) -> None:
    """Remove completed and cancelled runs, or what is damaged."""
    from runtime.operations.spans import seconds

    if damaged is (older_than is not None):
        raise InvalidInput("Name what is to be removed: --older-than SPAN for ended runs, or --damaged.")
    if older_than is None:
        tell_receipt(session().runtime.commands.prune_damaged(reason=reason, dry_run=dry_run), as_json=as_json)
        return
    span = timedelta(seconds=seconds(older_than))
    tell_receipt(session().runtime.commands.prune(span, failed, reason=reason, dry_run=dry_run), as_json=as_json)


COMMANDS = (validate, graph, scaffold, schedule, export, import_file, prune)
