"""The demo: a store of its own with a few dozen runs to look at, or the fork-join example played to its end."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext

import click

from console.cli.following import follow_run
from console.cli.options import common
from console.cli.runs import list_rows
from console.cli.session import Session, progress, session
from console.cli.ways import ways
from console.format import say
from runtime.assembly.temporary import temporary_store
from runtime.errors import Refused, StoreUnavailable
from runtime.operations.current_actor import actor_of

PREFIX = "forkjoin-demo-"
DEMO_SECONDS = 5.0
DEMO_RUNS: tuple[tuple[str, str, dict[str, object], int], ...] = (
    ("profile_update", "healthy", {"emailOutcome": "completed"}, 8),
    ("profile_update", "failing", {"emailOutcome": "failed"}, 6),
    ("profile_update", "lost", {"emailOutcome": "lost"}, 2),
    ("profile_update", "slow", {"emailOutcome": "completed", "emailDuration": "50 seconds"}, 4),
    ("profile_update", "unseen", {"emailOutcome": "completed", "emailUnreachablePolls": 12}, 2),
    ("nightly_etl", "etl", {}, 4),
    ("nightly_etl", "etl-broken", {"brokenFiles": 1}, 2),
    ("release_approval", "release", {}, 4),
)


@click.command()
@click.option("--headless", is_flag=True, help="Play the fork-join example to its end.")
@click.option("--keep", is_flag=True, help="Keep the store; one that --store names is kept anyway.")
@ways
@common
def demo(headless: bool, keep: bool) -> None:
    """A store of its own with a few dozen runs to look at."""
    one = session()
    one.refuse_read_only("demo")
    given = "store" in one.overrides
    with _place(one, keep=keep) as place:
        one.overrides["store"] = place
        try:
            made = one.opened("make")
            if made.queries.records.counts():
                raise Refused(f"{made.place} holds runs already; the demo wants a fresh store.")
            kept = keep or given
            lasts = "." if kept else "; it is removed at the end, unless --keep is given."
            progress(f"The store of this demo is {place}{lasts}")
            code = _play(one, kept=kept) if headless else _show(one, kept=kept)
        finally:
            one.close()
    raise click.exceptions.Exit(code)


def _place(one: Session, *, keep: bool) -> AbstractContextManager[str]:
    if "store" in one.overrides:
        return nullcontext(str(one.overrides["store"]))
    try:
        if keep:
            import tempfile

            return nullcontext(tempfile.mkdtemp(prefix=PREFIX))
        return temporary_store(PREFIX)
    except OSError as problem:
        raise StoreUnavailable(f"No temporary directory can be made: {problem.strerror}. Name a --store.") from problem


def _play(one: Session, *, kept: bool) -> int:
    runs, _ = one.runtime.commands.start("profile_update", run_id="demo")
    code = follow_run(runs[0].id, 120, stays=kept)
    if kept:
        progress(f"Look again: forkjoin --store {one.overrides['store']} why demo")
    return code


def _show(one: Session, *, kept: bool) -> int:
    for flow, base, state, count in DEMO_RUNS:
        one.runtime.commands.start(flow, state, base, {"demo": base}, count=count)
    from console.crash_guard import unusable

    if unusable() is None:
        from console.launch import Ways, open_console

        actor = actor_of(one.overrides.get("as"), os.environ, source="console")
        return open_console(one.settings, actor, Ways(**one.ways), stays=kept)
    from runtime.assembly.serving_scheduler import attach, start_scheduler_process

    with attach(one.runtime.directory):
        start_scheduler_process(one.runtime)
        progress("A scheduler was started; the first results come in a few seconds.")
        time.sleep(DEMO_SECONDS)
    list_rows("", "attention", 40, None, as_json=False)
    if kept:
        say("")
        say(f"A scheduler works on them for half a minute. Look again: forkjoin --store {one.overrides['store']} list")
    sys.stdout.flush()
    return 0


COMMANDS = (demo,)
