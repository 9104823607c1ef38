"""Commands that start runs and follow them: start, restart."""

from __future__ import annotations

from collections.abc import Mapping

import click

from console.cli.acting import one_or_many, over_many
from console.cli.bounds import COUNT
from console.cli.following import follow_run
from console.cli.session import (
    changing,
    object_argument,
    read_json,
    session,
    tell_environment,
    tell_receipt,
    tell_waking,
)
from console.format import say
from runtime.acts.start import NewRun
from runtime.errors import InvalidInput
from runtime.safe_text import clean, json_text


def labels_of(given: tuple[str, ...]) -> dict[str, str]:
    """Labels from `k=v`; InvalidInput for anything else."""
    labels = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--label {text} must be k=v.")
        labels[name] = value
    return labels


def each_of(path: str) -> list[NewRun]:
    """One run for each line of a file: a JSON object with id, state, labels."""
    runs = []
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"--each {path} cannot be read: {problem}.") from problem
    for number, line in enumerate(lines, 1):
        entry = read_json(line, f"{clean(path)}, line {number}")
        if not isinstance(entry, Mapping) or set(entry) - {"id", "state", "labels"}:
            raise InvalidInput(f"{clean(path)}, line {number} must be an object with id, state and labels.")
        run_id, state, labels = entry.get("id"), entry.get("state"), entry.get("labels")
        fits = {
            "id": run_id is None or isinstance(run_id, str),
            "state": state is None or isinstance(state, Mapping),
            "labels": labels is None
            or (isinstance(labels, Mapping) and all(isinstance(v, str) for v in labels.values())),
        }
        for key in (key for key, well in fits.items() if not well):
            wanted = {"id": "text", "state": "an object", "labels": "an object of texts"}[key]
            raise InvalidInput(f"{clean(path)}, line {number}: {key} must be {wanted}.")
        runs.append(NewRun(run_id, state or {}, labels or {}))
    return runs


@click.command()
@click.argument("flow")
@click.option("--state", help="JSON object or @file, over the defaults and globalState.")
@click.option("--id", "run_id", help="Id of the run; with --count its beginning.")
@click.option("--label", multiple=True, metavar="K=V")
@click.option("--simulate", is_flag=True, help="Bind every unbound task to the simulated system.")
@click.option("--follow", is_flag=True, help="Show it to the end, starting a scheduler if none is alive.")
@click.option("--timeout", help="With --follow: give up after this span, like 5m.")
@click.option("--count", type=COUNT, help="So many runs at once.")
@click.option("--each", metavar="FILE", help="One run for each line of a file.")
@changing
def start(
    flow: str,
    state: str | None,
    run_id: str | None,
    label: tuple[str, ...],
    simulate: bool,
    follow: bool,
    timeout: str | None,
    count: int | None,
    each: str | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Start a run of a workflow, by name or flow file."""
    if count is not None and each is not None:
        raise InvalidInput("--count and --each exclude each other.")
    if follow and (count is not None or each is not None):
        raise InvalidInput("--follow follows one run; leave --count and --each out.")
    seconds = _seconds(timeout) if timeout else None
    asked = (
        flow,
        object_argument(state, "--state"),
        run_id,
        labels_of(label),
        simulate,
        count,
        each_of(each) if each else None,
    )
    runs, receipt = session().beginning(
        lambda runtime: runtime.commands.start(*asked, reason=reason, dry_run=dry_run), dry_run=dry_run
    )
    runtime = session().runtime
    if runs and not dry_run:
        tell_environment(runs[0].id)
    if follow and not dry_run:
        raise click.exceptions.Exit(follow_run(runs[0].id, seconds, quiet=as_json))
    if as_json and not dry_run:
        shown = [runtime.json_views.show(r.id) for r in runs]
        say(json_text(shown[0] if count is None and each is None else shown))
        tell_waking(receipt)
    else:
        tell_receipt(receipt, as_json=as_json)


def _seconds(text: str) -> float:
    from runtime.operations.spans import seconds

    return seconds(text)


@click.command()
@click.argument("run", required=False)
@click.option("--id", "new_id", help="Id of the new run.")
@over_many
@changing
def restart(
    run: str | None,
    new_id: str | None,
    where: str | None,
    rate: float | None,
    canary: bool,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """A new run with the same input, linked to the old one."""
    runtime = session().runtime
    if run is None or where is not None:
        if new_id is not None:
            raise InvalidInput("--id names one run; with --where ids are made up.")
        how = {"reason": reason, "dry_run": dry_run}
        one_or_many("restart", run, where, rate, canary, how, {}, as_json=as_json)
        return
    receipt = runtime.commands.restart(run, new_id=new_id, reason=reason, dry_run=dry_run)
    if receipt.run is not None and not dry_run:
        tell_environment(receipt.run.id)
    if as_json and not dry_run and receipt.run is not None:
        say(json_text(runtime.json_views.show(receipt.run.id)))
        tell_waking(receipt)
    else:
        tell_receipt(receipt, as_json=as_json)


COMMANDS = (start, restart)
