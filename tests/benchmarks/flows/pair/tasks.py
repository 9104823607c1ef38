"""External work that answers at once: running at the first poll, completed at the second."""

from __future__ import annotations

from datetime import datetime, timedelta

from runtime.authoring import Completed, Running, Started, TaskRequest, task

INTERVAL = timedelta(seconds=0.2)


class Instant:
    """Remembers nothing, so that any worker can poll it: its id says when it was started."""

    def start(self, request: TaskRequest) -> Started:
        """Start it."""
        return Started(f"{request.idempotency_key} {request.now.isoformat()}")

    def poll(self, request: TaskRequest) -> Running | Completed:
        """Completed from one and a half intervals after the start."""
        begun = datetime.fromisoformat(str(request.external_id).split(" ")[1])
        return Completed({"ok": True}) if request.now - begun > INTERVAL * 1.5 else Running(0.5)


@task("one")
class One(Instant):
    """The first of the two."""


@task("two")
class Two(Instant):
    """The second of the two."""
