"""What is said to whoever leaves a store: who wakes its runs from then on, and the command that keeps them going."""

from __future__ import annotations

from runtime.assembly.runtime import Runtime, attached_count
from runtime.operations.waking import keeping_command as command_of
from runtime.operations.waking import who_wakes as told
from runtime.settings import Settings
from runtime.store.embedded.place import directory_at
from runtime.store.opening import is_url


def who_wakes(runtime: Runtime, *, starting: bool = False) -> str | None:
    """The sentence about who wakes the runs of this store from now on; None: a scheduler that stays does.

    `starting`: one that serves clients was started and may not have shown itself yet.
    """
    count = attached_count(runtime.directory)
    command = keeping_command(runtime.settings)
    return told(runtime.queries.scheduler(), runtime.clock.now(), attached=count, command=command, starting=starting)


def keeping_command(settings: Settings) -> str:
    """The command that drives the store of these settings until it is stopped; never with a password."""
    if not is_url(settings.store):
        return command_of(str(directory_at(settings.store).absolute()), settings.workflows, shared=False)
    from runtime.store.postgres.connection_url import without_password

    return command_of(without_password(settings.store), settings.workflows, shared=True)
