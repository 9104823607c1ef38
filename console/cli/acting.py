"""Commands that act on runs: each calls one operation and prints its receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from console.cli.bounds import ACT_NUMBER
from console.cli.session import at_revision, changing, json_argument, session, tell_environment, tell_receipt
from runtime.errors import InvalidInput


def over_many(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that make an act one over many runs, carried out by the scheduler."""
    for option in (
        click.option("--canary", is_flag=True, help="First on one run, the rest if it does not fail again."),
        click.option("--rate", type=float, help="Runs a second."),
        click.option("--where", help="Act on every run this filter matches."),
    ):
        function = option(function)
    return function


def one_or_many(
    verb: str,
    run: str | None,
    where: str | None,
    rate: float | None,
    canary: bool,
    how: Mapping[str, Any],
    arguments: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Act on one run, or store a bulk act over those a filter matches."""
    from runtime.acts.registry import act_of
    from runtime.operations.bulk import Batch

    runtime = session().runtime
    if (run is None) == (where is None):
        raise InvalidInput(f"{verb} needs a RUN or --where, not {'both' if run else 'neither'}.")
    if where is not None:
        if not where.strip():
            raise InvalidInput("--where must not be empty: name the runs the act is meant for.")
        runs = runtime.queries.runs(where, sort="id", limit=None)
        given = {k: v for k, v in how.items() if k in ("reason", "dry_run")}
        batch = Batch(runs=runs, where=where, rate=rate, canary=canary)
        receipt = runtime.commands.bulk(act_of(verb, arguments), batch, **given)
    else:
        receipt = getattr(runtime.commands, verb)(run, **arguments, **how)
    if verb in ("retry", "resume", "poll") and not receipt.dry_run:
        tell_environment(run)
    tell_receipt(receipt, as_json=as_json)


def _how(reason: str, dry_run: bool, revision: int | None) -> dict[str, Any]:
    return {"reason": reason, "dry_run": dry_run, "revision": revision}


@click.command()
@click.argument("run", required=False)
@click.argument("branch", required=False)
@click.option(
    "--intent",
    default="new-attempt",
    type=click.Choice(["new-attempt", "same-key", "reattach", "cancel-first"]),
    show_default=True,
)
@click.option("--force", is_flag=True, help="Even if the old job may still run.")
@over_many
@at_revision
@changing
def retry(
    run: str | None,
    branch: str | None,
    intent: str,
    force: bool,
    where: str | None,
    rate: float | None,
    canary: bool,
    reason: str,
    dry_run: bool,
    revision: int | None,
    as_json: bool,
) -> None:
    """A new attempt of failed branches, siblings untouched."""
    arguments = {"intent": intent, "force": force, **({"branch": branch} if branch else {})}
    one_or_many("retry", run, where, rate, canary, _how(reason, dry_run, revision), arguments, as_json=as_json)


@click.command()
@click.argument("run", required=False)
@click.argument("branch", required=False)
@over_many
@at_revision
@changing
def poll(
    run: str | None,
    branch: str | None,
    where: str | None,
    rate: float | None,
    canary: bool,
    reason: str,
    dry_run: bool,
    revision: int | None,
    as_json: bool,
) -> None:
    """Poll now."""
    arguments = {"branch": branch} if branch else {}
    one_or_many("poll", run, where, rate, canary, _how(reason, dry_run, revision), arguments, as_json=as_json)


def _simple(verb: str, text: str) -> click.Command:
    @click.command(verb, help=text)
    @click.argument("run", required=False)
    @over_many
    @at_revision
    @changing
    def act(
        run: str | None,
        where: str | None,
        rate: float | None,
        canary: bool,
        reason: str,
        dry_run: bool,
        revision: int | None,
        as_json: bool,
    ) -> None:
        one_or_many(verb, run, where, rate, canary, _how(reason, dry_run, revision), {}, as_json=as_json)

    return act


@click.command()
@click.argument("run", required=False)
@click.option("--clocks", type=click.Choice(["stop", "run"]), default="stop", show_default=True, help="Timeouts.")
@over_many
@at_revision
@changing
def pause(run: str | None, clocks: str, reason: str, dry_run: bool, revision: int | None, **many: Any) -> None:
    """Hold a run."""
    one_or_many("pause", run, how=_how(reason, dry_run, revision), arguments={"clocks": clocks}, **many)


@click.command()
@click.argument("run", required=False)
@click.option("--at", required=True, help="ISO 8601 moment, or a span like 5m from now.")
@over_many
@at_revision
@changing
def wake(run: str | None, at: str, reason: str, dry_run: bool, revision: int | None, **many: Any) -> None:
    """Set the next wake: postpone or bring forward."""
    moment = _moment(at, session().runtime.clock.now())
    arguments = {"at": moment if many["where"] is None else moment.isoformat()}
    one_or_many("wake", run, how=_how(reason, dry_run, revision), arguments=arguments, **many)


def _moment(text: str, now: datetime) -> datetime:
    from runtime.operations.spans import seconds

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now + timedelta(seconds=seconds(text))
        except InvalidInput:
            raise InvalidInput(f"--at {text} is neither an ISO 8601 moment nor a span like 5m.") from None
        except OverflowError:
            raise InvalidInput(f"--at {text} leads beyond the year 9999.") from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"--at {text} lies beyond the years 1 to 9999.") from None


@click.command()
@click.argument("run", required=False)
@click.argument("branch", required=False)
@click.option("--note", required=True)
@over_many
@at_revision
@changing
def ack(
    run: str | None, branch: str | None, note: str, reason: str, dry_run: bool, revision: int | None, **many: Any
) -> None:
    """Take a run out of needs attention until it changes."""
    arguments = {"note": note, **({"branch": branch} if branch else {})}
    one_or_many("ack", run, how=_how(reason, dry_run, revision), arguments=arguments, **many)


@click.command()
@click.argument("run")
@click.argument("branch")
@click.option("--result", default="null", help="JSON or @file.")
@at_revision
@changing
def skip(run: str, branch: str, result: str, reason: str, dry_run: bool, revision: int | None, as_json: bool) -> None:
    """Settle the step of a branch by hand."""
    value = json_argument(result, "--result")
    receipt = session().runtime.commands.skip(run, branch, value, **_how(reason, dry_run, revision))
    tell_receipt(receipt, as_json=as_json)


@click.command()
@click.argument("run")
@click.argument("event")
@click.option("--payload", default="null", help="JSON or @file.")
@click.option("--branch", help="Which branch, if several wait for the name.")
@at_revision
@changing
def send(
    run: str,
    event: str,
    payload: str,
    branch: str | None,
    reason: str,
    dry_run: bool,
    revision: int | None,
    as_json: bool,
) -> None:
    """Answer a waitForEvent."""
    value = json_argument(payload, "--payload")
    receipt = session().runtime.commands.send(run, event, value, branch, **_how(reason, dry_run, revision))
    tell_receipt(receipt, as_json=as_json)


@click.command()
@click.argument("run", required=False)
@click.option("--state", required=True, help="JSON or @file.")
@over_many
@at_revision
@changing
def edit(run: str | None, state: str, reason: str, dry_run: bool, revision: int | None, **many: Any) -> None:
    """Replace the state; the act keeps the old one."""
    arguments = {"state": json_argument(state, "--state")}
    one_or_many("edit", run, how=_how(reason, dry_run, revision), arguments=arguments, **many)


@click.command()
@click.argument("scope")
@click.option("--clocks", type=click.Choice(["stop", "run"]), default="stop", show_default=True)
@click.option("--force", is_flag=True, help="Though no flow or run known here has this system, target or flow.")
@changing
def hold(scope: str, clocks: str, force: bool, reason: str, dry_run: bool, as_json: bool) -> None:
    """Stop starts, polls, timers and schedules in a scope: all, system=NAME[:TARGET], flow=NAME, run=ID."""
    receipt = session().runtime.commands.hold(scope, clocks, force, reason=reason, dry_run=dry_run)
    tell_receipt(receipt, as_json=as_json)


@click.command()
@click.argument("scope")
@changing
def release(scope: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Release a hold."""
    tell_receipt(session().runtime.commands.release(scope, reason=reason, dry_run=dry_run), as_json=as_json)


@click.command()
@click.argument("act", type=ACT_NUMBER)
@changing
def undo(act: int, reason: str, dry_run: bool, as_json: bool) -> None:
    """Take back an act that is not carried out yet."""
    tell_receipt(session().runtime.commands.undo(act, reason=reason, dry_run=dry_run), as_json=as_json)


COMMANDS = (
    retry,
    poll,
    pause,
    _simple("resume", "End the pause, or retry the failed branches of a failed run."),
    _simple("cancel", "End a run and ask the external systems to stop."),
    wake,
    ack,
    skip,
    send,
    edit,
    hold,
    release,
    undo,
)
