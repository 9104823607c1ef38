"""Commands that run something: console, scheduler, worker, demo."""

from __future__ import annotations

import os
import sys
import tempfile
import time

import click

from console.cli.following import follow_run
from console.cli.reading import list_rows
from console.cli.session import common, progress, session
from console.cli.ways import ways
from console.format import say
from runtime.errors import InvalidInput, Refused
from runtime.operations.actors import actor_of


@click.command()
@ways
@common
def console() -> None:
    """See everything, know why, repair by keyboard."""
    from console.guard import unusable

    problem = unusable()
    if problem is not None:
        raise InvalidInput(problem)
    from console.launch import Ways, open_console

    one = session()
    actor = actor_of(one.overrides.get("as"), os.environ, source="console")
    raise click.exceptions.Exit(open_console(one.settings, actor, Ways(**one.ways)))


metrics_port = click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve /healthz, /readyz and /metrics on 127.0.0.1:PORT; 0 for none.",
)


@click.command()
@click.option("--until-idle", is_flag=True, help="End when nothing is left to wake.")
@metrics_port
@common
def scheduler(until_idle: bool, metrics_port: int | None) -> None:
    """Headless mode: wake runs until stopped; logs on stderr."""
    one = session()
    one.overrides["metrics_port"] = metrics_port
    if one.settings.read_only:
        raise Refused("This session is read-only; a scheduler changes the store.")
    from runtime.driving import run_scheduler
    from runtime.logs import configure

    configure(one.settings.log_level, one.settings.log_format)
    raise click.exceptions.Exit(run_scheduler(one.settings, until_idle=until_idle))


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 1_000), default=100, show_default=True, help="Wakes at once.")
@click.option("--systems", metavar="A,B", help="External systems this worker may reach; default all.")
@metrics_port
@common
def worker(concurrency: int, systems: str | None, metrics_port: int | None) -> None:
    """One of any number of workers on a PostgreSQL store; logs on stderr."""
    one = session()
    one.overrides["metrics_port"] = metrics_port
    if one.settings.read_only:
        raise Refused("This session is read-only; a worker changes the store.")
    from runtime.driving import run_worker
    from runtime.logs import configure

    configure(one.settings.log_level, one.settings.log_format)
    named = [name.strip() for name in (systems or "").split(",") if name.strip()]
    if systems is not None and not named:
        raise InvalidInput("--systems names no external system; leave it out for all.")
    raise click.exceptions.Exit(run_worker(one.settings, concurrency=concurrency, systems=named))


DEMO_SECONDS = 5.0
DEMO_RUNS: tuple[tuple[str, str, dict[str, object], int], ...] = (
    ("profile_update", "healthy", {"emailOutcome": "completed"}, 8),
    ("profile_update", "failing", {"emailOutcome": "failed"}, 6),
    ("profile_update", "lost", {"emailOutcome": "lost"}, 2),
    ("profile_update", "slow", {"emailOutcome": "completed", "emailDuration": "50 seconds"}, 4),
    ("profile_update", "unseen", {"emailOutcome": "completed", "emailUnreachablePolls": 12}, 2),
    ("nightly_etl", "etl", {}, 4),
    ("nightly_etl", "etl-broken", {"brokenFiles": 1}, 2),
    ("release_approval", "release", {}, 4),
)


@click.command()
@click.option("--headless", is_flag=True, help="Play the fork-join example to its end.")
@ways
@common
def demo(headless: bool) -> None:
    """A store of its own with a few dozen runs to look at."""
    one = session()
    one.refuse_read_only("demo")
    if "store" not in one.overrides:
        one.overrides["store"] = tempfile.mkdtemp(prefix="forkjoin-demo-")
    else:
        made = one.opened("make")
        if made.store.counts():
            raise Refused(f"{made.store.place} holds runs already; the demo wants a fresh store.")
    progress(f"The store of this demo is {one.overrides['store']}.")
    commands = one.opened("make").commands
    if headless:
        runs, _ = commands.start("profile_update", run_id="demo")
        code = follow_run(runs[0].id, 120)
        progress(f"Look again: forkjoin --store {one.overrides['store']} why demo")
        raise click.exceptions.Exit(code)
    for flow, base, state, count in DEMO_RUNS:
        commands.start(flow, state, base, {"demo": base}, count=count)
    from console.guard import unusable

    if unusable() is None:
        from console.launch import Ways, open_console

        actor = actor_of(one.overrides.get("as"), os.environ, source="console")
        raise click.exceptions.Exit(open_console(one.settings, actor, Ways(**one.ways)))
    from runtime.assembly import attach, start_scheduler_process

    with attach(one.runtime.directory):
        start_scheduler_process(one.runtime)
        progress("A scheduler was started; the first results come in a few seconds.")
        time.sleep(DEMO_SECONDS)
    list_rows("", "attention", 40, None, as_json=False)
    say("")
    say(f"A scheduler works on them for half a minute. Look again: forkjoin --store {one.overrides['store']} list")
    sys.stdout.flush()


COMMANDS = (console, scheduler, worker, demo)
