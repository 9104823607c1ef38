"""Runs what drives a store in the foreground: one scheduler on a directory, one worker of many on a database."""

from __future__ import annotations

from runtime.assembly.location import location_of
from runtime.settings import Settings


def run_scheduler(settings: Settings, *, until_idle: bool = False, attached: bool = False) -> int:
    """Drive the store of these settings until it is stopped; returns the exit code.

    With `until_idle` it ends when nothing is left to wake; `attached`: it serves clients and ends after the last.
    """
    if location_of(settings.store).shared:
        from runtime.assembly.cluster import run_worker

        return run_worker(settings, until_idle=until_idle, attached=attached)
    from runtime.assembly.single import run_single_scheduler

    return run_single_scheduler(settings, until_idle=until_idle, attached=attached)
