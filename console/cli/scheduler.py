"""Commands on what wakes runs: scheduler, worker, wakes."""

from __future__ import annotations

import click

from console.cli.bounds import LIMIT
from console.cli.options import common, reading
from console.cli.session import session
from console.format import say, short_span, table
from runtime.errors import InvalidInput, Refused
from runtime.safe_text import json_text

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
    from runtime.assembly.driving import run_scheduler
    from runtime.log_lines import configure

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
    from runtime.assembly.driving import run_worker
    from runtime.log_lines import configure

    configure(one.settings.log_level, one.settings.log_format)
    named = [name.strip() for name in (systems or "").split(",") if name.strip()]
    if systems is not None and not named:
        raise InvalidInput("--systems names no external system; leave it out for all.")
    raise click.exceptions.Exit(run_worker(one.settings, concurrency=concurrency, systems=named))


@click.command()
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@reading
def wakes(limit: int, as_json: bool) -> None:
    """The wake board: next wakes across runs."""
    runtime = session().runtime
    board = runtime.json_views.wakes(limit)
    if as_json:
        say(json_text(board))
        return
    say(runtime.queries.scheduler_state()[1])
    rows = [
        (w["at"] or "held", short_span(w["late_s"]) + " late" if w["late_s"] else "", w["run"] or "-", w["reason"])
        for w in board
    ]
    table(("DUE", "LATE", "RUN", "WHAT"), rows)


COMMANDS = (
    scheduler,
    worker,
    wakes,
)
