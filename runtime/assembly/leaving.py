"""The sentence for a client that leaves a store: who wakes its runs from then on, and the command that goes on."""

from __future__ import annotations

from runtime.assembly.location import location_of
from runtime.assembly.runtime import Runtime
from runtime.operations import waking
from runtime.scheduler.single.attachment import attached_count
from runtime.settings import Settings


def who_wakes(runtime: Runtime, *, starting: bool = False) -> str | None:
    """The sentence about who wakes the runs of this store from now on; None: a scheduler that stays does.

    `starting`: one that serves clients was started and may not have shown itself yet.
    """
    return waking.who_wakes(
        runtime.queries.scheduler(),
        runtime.clock.now(),
        attached=attached_count(runtime.directory),
        command=keeping_command(runtime.settings),
        shared=location_of(runtime.settings.store).shared,
        starting=starting,
    )


def keeping_command(settings: Settings) -> str:
    """The command that drives the store of these settings until it is stopped; never with a password."""
    location = location_of(settings.store)
    return waking.keeping_command(location.address, settings.workflows, shared=location.shared)
