"""Commands on workflows and their files: flows, validate, graph, scaffold."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console.cli.options import common, reading
from console.cli.session import Session, progress, session
from console.format import say, table
from runtime.errors import ForkjoinError, InvalidInput
from runtime.operations.queries import views
from runtime.safe_text import clean, json_text


@click.command()
@reading
def flows(as_json: bool) -> None:
    """Known workflows and versions."""
    found = session().about_workflows().queries.flows()
    if as_json:
        say(json_text([views.workflow_view(state) for state in found]))
        return
    rows = [(state.workflow, state.version or "-", state.name or "-", state.summary) for state in found]
    table(("WORKFLOW", "VERSION", "NAME", "STATE"), rows)


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
            wrong = [(p.code, p.path, p.message) for p in found]
            warned = [(w.code, w.path, w.message) for w in doubts]
            if not bound:
                # Without code beside it a flow is still a good flow: it can be started with --simulate.
                warned += [t for t in wrong if t[0] == "UNBOUND_TASK"]
                wrong = [t for t in wrong if t[0] != "UNBOUND_TASK"]
            shown.append((name, wrong, warned))
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


COMMANDS = (
    flows,
    validate,
    graph,
    scaffold,
)
