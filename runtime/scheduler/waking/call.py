"""One call of one run, from its place in line to its outcome: nothing on the way loses the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runtime.clock import Clock
from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.logs import get_logger
from runtime.safe_text import described
from runtime.scheduler.waking.limits import Limits

log = get_logger(__name__)


async def call_within(
    limits: Limits,
    perform: Callable[[Action, Draft], Awaitable[Observed]],
    action: Action,
    draft: Draft,
    clock: Clock,
) -> Observed:
    """What came of a call once there was room for it; raises only when its task is cancelled.

    A call without an outcome would be under way for ever, so what goes wrong beside it is one: it says nothing of
    the work, and the call is made again later.
    """
    try:
        async with limits.of(action.system, action.target):
            return await perform(action, draft)
    except BaseException as problem:
        task = asyncio.current_task()
        if isinstance(problem, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        log.exception("call.failed", run=draft.run.id, branch=action.branch, verb=action.verb)
        message = f"The {action.verb} of {action.step} was not carried out: {described(problem)}"
        return Observed(action, Unreached(message, type(problem).__name__), clock.now(), 0.0)
