"""Runs what drives a store in the foreground: one scheduler on a directory, one worker of many on a database."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.assembly.location import location_of
from runtime.errors import InvalidInput
from runtime.settings import Settings

CONCURRENCY = 100


def run_scheduler(settings: Settings, *, until_idle: bool = False, attached: bool = False) -> int:
    """Drive the store of these settings until it is stopped; returns the exit code.

    With `until_idle` it ends when nothing is left to wake; `attached`: it serves clients and ends after the last.
    """
    if location_of(settings.store).shared:
        return run_worker(settings, until_idle=until_idle, attached=attached)
    from runtime.assembly.single import run_single_scheduler

    return run_single_scheduler(settings, until_idle=until_idle, attached=attached)


def run_worker(
    settings: Settings,
    *,
    concurrency: int = CONCURRENCY,
    systems: Sequence[str] = (),
    until_idle: bool = False,
    attached: bool = False,
) -> int:
    """Work on a PostgreSQL store together with others until stopped; returns the exit code.

    `systems` names the external systems this worker may reach; none: all it can.

    Raises:
        InvalidInput: The store is an embedded one, or a system is unknown.
        StoreUnavailable: The store cannot be used.
    """
    if not location_of(settings.store).shared:
        raise InvalidInput(
            "Workers share a PostgreSQL store: --store postgresql://... For a directory: forkjoin scheduler."
        )
    from runtime.assembly.cluster import run_cluster_worker

    return run_cluster_worker(
        settings, concurrency=concurrency, systems=systems, until_idle=until_idle, attached=attached
    )
