"""Commands that run something: console, scheduler, worker."""

from __future__ import annotations

import os

import click

from console.cli.session import common, session
from console.cli.ways import ways
from runtime.errors import InvalidInput, Refused
from runtime.operations.current_actor import actor_of


@click.command()
@ways
@common
def console() -> None:
    """See everything, know why, repair by keyboard."""
    from console.crash_guard import unusable

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
    from runtime.assembly.driving import run_scheduler
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
    from runtime.assembly.driving import run_worker
    from runtime.logs import configure

    configure(one.settings.log_level, one.settings.log_format)
    named = [name.strip() for name in (systems or "").split(",") if name.strip()]
    if systems is not None and not named:
        raise InvalidInput("--systems names no external system; leave it out for all.")
    raise click.exceptions.Exit(run_worker(one.settings, concurrency=concurrency, systems=named))


COMMANDS = (console, scheduler, worker)
