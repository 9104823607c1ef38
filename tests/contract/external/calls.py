"""Calls to external systems as the engine makes them, for tests."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.clock import SystemClock
from runtime.external.base import Call, ExternalSystem
from runtime.flow.expressions.evaluation import Expressions
from runtime.flow.expressions.templates import RequestScope
from runtime.model.task import Completed, Failed, Lost, Running, Started, TaskRequest


def call_of(
    binding: Mapping[str, Any],
    *,
    key: str = "run-1:send:1:-:1",
    attempt: int = 1,
    external_id: str | None = None,
    state: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> Call:
    """A call for one attempt of one task, with the real scope."""
    now = SystemClock().now()
    request = TaskRequest(
        run_id="run-1",
        flow_id="flow",
        step_id="send",
        branch_id="main",
        visit=1,
        attempt=attempt,
        idempotency_key=key,
        now=now,
        state=state or {},
        external_id=external_id,
    )
    names = {"state": state or {}, "params": {}, "results": {}, "item": None, "key": key, "externalId": external_id}
    environment = dict(os.environ) if env is None else dict(env)
    scope = RequestScope(names, expressions=Expressions(), now=now, seed=1, env=environment)
    return Call(request, binding, scope)


async def started(system: ExternalSystem, binding: Mapping[str, Any], **facts: Any) -> Call:
    """Start work and give the call with which it is polled."""
    answer = await system.start(call_of(binding, **facts))
    assert isinstance(answer, Started), answer
    return call_of(binding, external_id=answer.external_id, **facts)


async def end_of(system: ExternalSystem, call: Call, seconds: float = 20.0) -> Completed | Failed | Lost:
    """Poll until the work has ended."""
    deadline = time.monotonic() + seconds
    while isinstance(answer := await system.poll(call), Running):
        assert time.monotonic() < deadline, f"the work has not ended within {seconds} seconds"
        await asyncio.sleep(0.02)
    return answer


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.01)
