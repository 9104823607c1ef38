"""External work that answers at once: running at the first poll, completed at the second.

Each worker counts for itself, so that a run polled by several may be polled once more, never once less.
"""

from __future__ import annotations

from runtime.authoring import Completed, Running, Started, TaskRequest, task

POLLED: set[str] = set()


class Instant:
    """Work that takes no time."""

    def start(self, request: TaskRequest) -> Started:
        """Start it."""
        return Started(request.idempotency_key)

    def poll(self, request: TaskRequest) -> Running | Completed:
        """Running the first time it is asked."""
        if request.idempotency_key in POLLED:
            return Completed({"ok": True})
        POLLED.add(request.idempotency_key)
        return Running(0.5)


@task("one")
class One(Instant):
    """The first of the two."""


@task("two")
class Two(Instant):
    """The second of the two."""
