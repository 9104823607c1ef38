"""Following one run to its end: what happens to it is shown as it happens, and who wakes it is always said."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from console.cli.session import progress, session
from console.format import say
from runtime.errors import StoreUnavailable, TimedOut
from runtime.model.status import RunStatus
from runtime.operations.records import Run
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    import subprocess

    from runtime.assembly.runtime import Runtime

LOOK_SECONDS = 0.1
BEAT_SECONDS = 2.0
START_SECONDS = 15.0
"""How long a scheduler that was started may take to show itself."""
INTERRUPTED = 130
TOO_LATE = "too late"


def follow_run(run_id: str, timeout_seconds: float | None, *, quiet: bool = False, stays: bool = True) -> int:
    """Show a run to its end; gives the exit code: 0 completed, 1 failed or cancelled, 130 interrupted.

    `stays`: whether the store is still there when this has ended, so that it matters who wakes the run.

    Raises TimedOut after a while; both say who wakes the run from then on. StoreUnavailable if a scheduler that was
    started ended at once.
    """
    from runtime.assembly.serving_scheduler import attach

    runtime = session().runtime
    watching = _Scheduler(runtime)
    try:
        with attach(runtime.directory):
            ended = _until_ended(run_id, watching, timeout_seconds)
    except KeyboardInterrupt:
        progress(f"Interrupted. {watching.goes_on(run_id) if stays else ''}".strip())
        return INTERRUPTED
    if ended is not TOO_LATE:
        return _finish(ended, quiet=quiet)
    raise TimedOut(
        f"{run_id} did not end within {timeout_seconds:g} s. {watching.goes_on(run_id)} "
        f"forkjoin why {run_id} says what it waits for."
    )


def _until_ended(run_id: str, watching: _Scheduler, timeout_seconds: float | None) -> Run | str | None:
    runtime = session().runtime
    began, shown = time.monotonic(), 0
    token: int | None = None
    while True:
        watching.look()
        changed = runtime.queries.changes.token()
        if changed != token:
            token = changed
            run = runtime.queries.records.head(run_id)
            shown = _show_new(run_id, shown)
            if run is None or run.ended_at is not None or run.status is RunStatus.DAMAGED:
                return run
        if timeout_seconds is not None and time.monotonic() - began > timeout_seconds:
            return TOO_LATE
        time.sleep(LOOK_SECONDS)


class _Scheduler:
    """Keeps an eye on who wakes the run: starts a scheduler where that may be, says it where it may not."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started: subprocess.Popen[bytes] | None = None
        self._looked_at: float | None = None
        self._started_at = 0.0
        self._warned = False

    def goes_on(self, run_id: str) -> str:
        """Who wakes the run from now on, for one who stops looking."""
        from runtime.assembly.leaving import who_wakes

        starting = self._started is not None and self._started.poll() is None
        sentence = who_wakes(self._runtime, starting=starting)
        return sentence or f"{run_id} goes on: the scheduler that wakes it stays."

    def look(self) -> None:
        """Look every two seconds."""
        from runtime.assembly.leaving import who_wakes
        from runtime.assembly.location import location_of
        from runtime.assembly.serving_scheduler import scheduler_alive, start_scheduler_process

        now = time.monotonic()
        if self._looked_at is not None and now - self._looked_at < BEAT_SECONDS:
            return
        self._looked_at = now
        if scheduler_alive(self._runtime):
            self._warned = False
            return
        if location_of(self._runtime.settings.store).shared:
            # What many share is driven by those who are meant to, never by whoever happens to look.
            if not self._warned:
                progress(who_wakes(self._runtime) or "")
            self._warned = True
            return
        if self._started is not None and self._started.poll() not in (None, 0) and not self._warned:
            log = self._runtime.directory / "scheduler.log"
            raise StoreUnavailable(
                f"The scheduler that was started ended with exit code {self._started.returncode}; {log} says why. "
                "The run is kept, and nothing wakes it."
            )
        if self._started is None or now - self._started_at > START_SECONDS:
            gone = "is alive" if self._started is None else "is alive any more"
            progress(f"No scheduler {gone}; starting one.")
            self._started, self._started_at = start_scheduler_process(self._runtime), now


def _show_new(run_id: str, shown: int) -> int:
    entries = session().runtime.queries.records.history(run_id)
    for entry in entries[shown:]:
        if entry.kind not in ("entered",):
            say(f"{entry.at:%H:%M:%S} {entry.kind:14} {clean(entry.message, 1_000)}", sys.stderr)
    return len(entries)


def _finish(run: Run | str | None, *, quiet: bool) -> int:
    if not isinstance(run, Run):
        progress("The run was removed.")
        return 1
    if run.status is RunStatus.DAMAGED:
        session().runtime.queries.load(run.id)
    shown: Any = (
        session().runtime.json_views.show(run.id)
        if quiet
        else {"id": run.id, "status": str(run.status), "failed_branches": run.failed_branches, "state": dict(run.state)}
    )
    say(json_text(shown))
    return 0 if run.status is RunStatus.COMPLETED else 1
