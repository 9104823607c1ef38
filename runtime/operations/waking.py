"""Who wakes the runs of a store from now on, until when, and the command that keeps them going."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from runtime.acts.registry import act_class
from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.model.heartbeat import Heartbeat
from runtime.operations.receipts import Receipt

ALONE_SECONDS = 30
"""How long a scheduler that serves clients goes on without one (docs/semantics.md, Schedulers)."""


def keeping_command(location: str, workflows: Sequence[str], *, shared: bool) -> str:
    """The command that drives a store until it is stopped; a location without its password."""
    folders = "".join(f" --workflows {shlex.quote(folder)}" for folder in workflows)
    return f"forkjoin {'worker' if shared else 'scheduler'} --store {shlex.quote(location)}{folders}"


def needs_waking(receipt: Receipt) -> bool:
    """Whether what an act asks for is still to be carried out by a scheduler."""
    act = act_class(receipt.act.verb) if receipt.act is not None else None
    if receipt.dry_run or (act is not None and act.at_once):
        return False
    return receipt.run is None or receipt.run.next_wake_at is not None


def who_wakes(
    beat: Heartbeat | None, now: datetime, *, attached: int, command: str, shared: bool, starting: bool = False
) -> str | None:
    """The sentence about who wakes the runs, for one who is about to leave; None: a scheduler that stays does.

    `shared`: many workers drive the store, with `command`. `attached` is how many clients the scheduler has besides the
    one who asks; `starting`: one was started for them and has not shown itself yet.
    """
    alive, _ = scheduler_state(beat, now)
    if not alive and starting:
        beat = Heartbeat(attached=True)
    elif not alive or beat is None:
        if beat is not None and beat.moved_to:
            return None
        who = "worker" if shared else "scheduler"
        return f"No {who} is alive: nothing is started, polled or joined until one is. {command} wakes it."
    if not _only_serves(beat):
        return None
    if attached:
        clients = "a client" if attached == 1 else f"{attached} clients"
        until = f"the scheduler that wakes it serves {clients} and ends {ALONE_SECONDS} s after the last is gone"
    else:
        until = f"the scheduler that wakes it ends {ALONE_SECONDS} s after its last client is gone"
    return f"It goes on for now, but {until}. {command} keeps it going."


def _only_serves(beat: Heartbeat) -> bool:
    """Whether everybody who works on the store ends with the clients."""
    if beat.workers:
        return all(worker.attached for worker in beat.workers)
    return bool(beat.attached)
