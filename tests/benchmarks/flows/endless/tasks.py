"""External work that answers at once and is never done."""

from __future__ import annotations

from runtime.authoring import Running, Started, TaskRequest, task


class Endless:
    """Work that goes on for ever."""

    def start(self, request: TaskRequest) -> Started:
        """Start it."""
        return Started(request.idempotency_key)

    def poll(self, request: TaskRequest) -> Running:
        """Running, whenever it is asked."""
        return Running(0.5)


@task("one")
class One(Endless):
    """The first of the two."""


@task("two")
class Two(Endless):
    """The second of the two."""
