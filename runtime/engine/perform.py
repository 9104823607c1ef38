"""The one part of the engine that does I/O: calls an external system and reads its answer."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from typing import Any

from runtime.catalog import Catalog, MissingCode
from runtime.clock import Clock
from runtime.engine.apply import Observed, Stopped, Unreached
from runtime.engine.crash_points import crash_point
from runtime.engine.draft import EXPRESSIONS, Draft
from runtime.engine.plan import Action
from runtime.engine.results import settled_view
from runtime.engine.scope import expression_names
from runtime.errors import ExpressionError, ForkjoinError, Unreachable
from runtime.external.base import Call, ExternalSystem
from runtime.flow.templates import RequestScope
from runtime.model.task import (
    Completed,
    Failed,
    Lost,
    Outcome,
    Running,
    Started,
    TaskRequest,
)
from runtime.safe_text import mask, replace_surrogates

ANSWERS = (Started, Running, Completed, Failed, Lost)


class Performer:
    """Makes the calls a plan asks for, each with a timeout; every problem becomes an observation."""

    def __init__(
        self,
        systems: Mapping[str, ExternalSystem],
        catalog: Catalog,
        clock: Clock,
        call_timeout_seconds: float = 30.0,
    ) -> None:
        self._systems = systems
        self._catalog = catalog
        self._clock = clock
        self._timeout = call_timeout_seconds

    async def perform(self, action: Action, draft: Draft) -> Observed:
        """Make one call; never raises but for cancellation of this coroutine."""
        began = time.perf_counter()
        call, scope = build_call(action, draft)
        answer: Outcome | Unreached | Stopped
        try:
            answer = await asyncio.wait_for(self._ask(action, call, draft), self._timeout)
        except TimeoutError:
            answer = Unreached(f"{action.system} did not answer within {self._timeout:g} s", "CallTimeout")
        except Unreachable as problem:
            answer = Unreached(problem.message, "Unreachable", problem.retry_after)
        except MissingCode as problem:
            answer = _unless_cancel(action, Failed(problem.message, "MissingCode"))
        except ExpressionError as problem:
            answer = _unless_cancel(action, Failed(problem.message, "ExpressionError"))
        except Exception as problem:
            answer = Unreached(f"{type(problem).__name__}: {problem}"[:2_000], type(problem).__name__)
        return Observed(action, _safe(answer, scope.secrets), self._clock.now(), (time.perf_counter() - began) * 1e3)

    async def _ask(self, action: Action, call: Call, draft: Draft) -> Outcome | Stopped:
        if action.verb == "local":
            crash_point("start.before_call")
            done = await self._catalog.run_local(draft.program.bindings[action.step], call.request)
            crash_point("start.after_call")
            return done
        system = self._systems.get(action.system)
        if system is None:
            raise Unreachable(f"The external system {action.system} is not installed here; install it or fix the task.")
        if action.verb == "start":
            crash_point("start.before_call")
            started: Any = await system.start(call)
            crash_point("start.after_call")
            return _read(started, f"start of {action.step}")
        if action.verb == "poll":
            crash_point("poll.before_call")
            seen: Any = await system.poll(call)
            crash_point("poll.after_call")
            return _read(seen, f"poll of {action.step}")
        crash_point("cancel.before_call")
        await system.cancel(call)
        crash_point("cancel.after_call")
        return Stopped()

    async def logs(self, action: Action, draft: Draft) -> str:
        """What the external system says of one attempt's work; raises Unreachable."""
        call, scope = build_call(action, draft)
        system = self._systems.get(action.system)
        if system is None:
            raise Unreachable(f"The external system {action.system} is not installed here.")
        try:
            text = await asyncio.wait_for(system.logs(call), self._timeout)
        except ForkjoinError:
            raise
        except Exception as problem:
            raise Unreachable(f"{action.system} gave no logs: {type(problem).__name__}: {problem}") from problem
        return str(mask(text, scope.secrets))


def _unless_cancel(action: Action, failed: Failed) -> Failed | Unreached:
    """A cancel whose call cannot even be made is still owed; a poll that cannot be made says nothing of the job."""
    return failed if action.verb in ("start", "local") else Unreached(failed.message, failed.type)


def _read(answer: Any, what: str) -> Outcome:
    if isinstance(answer, ANSWERS):
        return answer
    return Failed(f"{what} answered {type(answer).__name__}, not a report.", "InvalidReport", retryable=True)


def _safe(answer: Outcome | Unreached | Stopped, secrets: set[str]) -> Outcome | Unreached | Stopped:
    """Secrets masked, lone surrogates replaced, in everything that will be stored."""

    def clean(value: Any) -> Any:
        return mask(replace_surrogates(value), secrets) if secrets else replace_surrogates(value)

    if isinstance(answer, Started):
        return Started(str(replace_surrogates(str(answer.external_id)))[:1_000])
    if isinstance(answer, Running):
        progress = answer.progress
        usable = isinstance(progress, int | float) and 0 <= progress <= 1
        note = None if answer.note is None else clean(str(answer.note))[:2_000]
        return Running(float(progress) if usable and progress is not None else None, note)
    if isinstance(answer, Completed):
        return Completed(clean(answer.result), clean(answer.state) if answer.state else None)
    if isinstance(answer, Failed):
        return Failed(
            clean(str(answer.message))[:16_000],
            str(answer.type)[:200],
            _details(clean(answer.details)),
            answer.retryable,
        )
    if isinstance(answer, Unreached):
        return Unreached(clean(answer.message)[:2_000], answer.type, answer.retry_after)
    return answer


def _details(value: Any) -> Any:
    text = value if isinstance(value, str) else None
    return text[:16_000] if text is not None else value


def build_call(action: Action, draft: Draft) -> tuple[Call, RequestScope]:
    """The request, binding and templates of one call."""
    branch = draft.branches[action.branch]
    visit = next(v for v in branch.steps if (v.step_id, v.visit) == (action.step, action.visit))
    attempt = next(a for a in visit.attempts if a.attempt == action.attempt)
    step = draft.program.step(action.step)
    binding = draft.program.bindings.get(action.step)
    request = TaskRequest(
        run_id=draft.run.id,
        flow_id=draft.program.flow.id,
        step_id=step.id,
        branch_id=branch.id,
        visit=visit.visit,
        attempt=attempt.attempt,
        idempotency_key=attempt.idempotency_key,
        now=draft.now,
        params=step.params,
        state=draft.state,
        results=draft.results(),
        item=branch.item,
        index=branch.index,
        settled=settled_view(visit, draft.branches),
        external_id=attempt.external_id,
    )
    names = expression_names(
        draft.program,
        draft.run,
        branch,
        step_id=step.id,
        attempt=attempt.attempt,
        state=draft.state,
        results=request.results,
        settled=request.settled,
    )
    names |= {"key": attempt.idempotency_key, "externalId": attempt.external_id}
    scope = RequestScope(names, expressions=EXPRESSIONS, now=draft.now, seed=draft.run.seed, env=os.environ)
    config: Mapping[str, Any] = binding.config if binding else {}
    return Call(request, config, scope), scope
