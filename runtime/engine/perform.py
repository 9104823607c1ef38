"""The one part of the engine that does I/O: calls an external system and reads its answer."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Collection, Mapping
from copy import deepcopy
from typing import Any

from runtime.catalog import Catalog, MissingCode
from runtime.clock import Clock
from runtime.engine.crash_points import crash_point
from runtime.engine.draft import EXPRESSIONS, Draft
from runtime.engine.ledger import ANSWER_LENGTH
from runtime.engine.observed import Answer, Nothing, Observed, Stopped, Unreached
from runtime.engine.plan import Action
from runtime.engine.results import settled_view
from runtime.engine.scope import expression_names
from runtime.engine.sealing import seal, unseal
from runtime.errors import ExpressionError, ForkjoinError, Unreachable
from runtime.external.base import Call, ExternalSystem, find_work
from runtime.external.no_id import usable_id, with_id
from runtime.external.report import MARGIN, MESSAGE_LENGTH, NOTE_LENGTH, REPORTS, TYPE_LENGTH, plain_report
from runtime.flow.expressions.templates import RequestScope
from runtime.masking import masker
from runtime.model.task import (
    Completed,
    Failed,
    Outcome,
    Running,
    Started,
    TaskRequest,
)
from runtime.plain_json import plain_text
from runtime.safe_text import clean, described, mask


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
        """Make one call; never raises but for cancellation of this coroutine.

        Whatever fails on the way from the request to the cleaned answer is an observation too: a call whose outcome
        is not told would leave its branch under way for ever.
        """
        began = time.perf_counter()
        scope: RequestScope | None = None
        heard: list[str] = []
        answer: Answer
        try:
            call, scope = build_call(action, draft)
            heard = call.heard
            answer = await asyncio.wait_for(self._contained(self._ask(action, call, draft)), self._timeout)
        except TimeoutError:
            answer = Unreached(f"{action.system} did not answer within {self._timeout:g} s", "CallTimeout")
        except Unreachable as problem:
            answer = Unreached(problem.message, "Unreachable", problem.retry_after, problem.sent)
        except MissingCode as problem:
            answer = _unless_cancel(action, Failed(problem.message, "MissingCode"))
        except ExpressionError as problem:
            answer = _unless_cancel(action, Failed(problem.message, "ExpressionError"))
        except Exception as problem:
            answer = Unreached(described(problem, NOTE_LENGTH + MARGIN), type(problem).__name__)
        try:
            answer = _cleaned(answer, action.step, scope.variables if scope else {})
        except Exception as problem:
            answer = _unreadable(action, _hidden(described(problem), scope.secrets if scope else ()))
        said = _said(heard, scope.secrets if scope else ())
        return Observed(action, answer, self._clock.now(), (time.perf_counter() - began) * 1e3, draft.state, said)

    async def _contained(self, asked: Awaitable[Outcome | Stopped | Nothing]) -> Outcome | Stopped | Nothing:
        """The answer of a call; what would end more than the call, like SystemExit, ends the call alone."""
        try:
            return await asked
        except Exception:
            raise
        except BaseException as problem:
            task = asyncio.current_task()
            if isinstance(problem, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            raise Unreachable(f"The call ended with {described(problem, NOTE_LENGTH + MARGIN)}.") from None

    async def _ask(self, action: Action, call: Call, draft: Draft) -> Outcome | Stopped | Nothing:
        if action.step not in draft.program.bindings and action.system in ("local", "python"):
            raise MissingCode(f"Nothing is bound to the task {action.step} any more: put its code back, then retry.")
        if action.verb == "local":
            crash_point("start.before_call")
            done = await self._catalog.run_local(draft.program.bindings[action.step], call.request)
            crash_point("start.after_call")
            return done
        system = self._systems.get(action.system)
        if system is None:
            missing = f"The external system {action.system} is not installed here; install it or fix the task."
            raise Unreachable(missing, sent=False)
        if action.verb == "start":
            crash_point("start.before_call")
            started: object = await system.start(call)
            crash_point("start.after_call")
            return _started(started, action, call)
        if action.verb == "find":
            crash_point("find.before_call")
            found: object = await find_work(system, call)
            crash_point("find.after_call")
            return _found(found, action, call)
        if action.verb == "poll":
            crash_point("poll.before_call")
            seen: object = await system.poll(call)
            crash_point("poll.after_call")
            return _reported(seen, action)
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
        except ForkjoinError as problem:
            problem.message = str(mask(problem.message, scope.secrets))
            problem.args = (problem.message,)
            raise
        except Exception as problem:
            raise Unreachable(
                _hidden(f"{action.system} gave no logs: {described(problem, NOTE_LENGTH + MARGIN)}", scope.secrets)
            ) from None
        return str(mask(plain_text(text), scope.secrets))


def _unless_cancel(action: Action, failed: Failed) -> Failed | Unreached:
    """A cancel whose call cannot even be made is still owed; a poll that cannot be made says nothing of the job."""
    return failed if action.verb in ("start", "local") else Unreached(failed.message, failed.type)


def _reported(answer: Any, action: Action) -> Outcome:
    if issubclass(type(answer), REPORTS):
        return plain_report(answer, action.step)
    kind = type(answer).__name__
    message = f"The {action.verb} of {action.step} answered a {kind}, not a report."
    return Failed(message, "InvalidReport", retryable=False)


def _started(answer: Any, action: Action, call: Call) -> Outcome:
    """What a start answered; one that was answered is never made again because its answer cannot be read."""
    try:
        report = _reported(answer, action)
    except Exception as problem:
        message = f"The start of {action.step} answered what cannot be read: {described(problem)}"
        return Failed(message, "InvalidReport", retryable=False)
    return with_id(report, call.request) if isinstance(report, Started) else report


def _found(answer: Any, action: Action, call: Call) -> Outcome | Nothing:
    """What was said of the work of a key; raises Unreachable where that is no answer, for nothing may be started then.

    Only None says that no work has the key.
    """
    if answer is None:
        return Nothing()
    report = _reported(answer, action)
    if isinstance(report, Started) and usable_id(report.external_id) is not None:
        return report
    if isinstance(report, Completed) or (isinstance(report, Failed) and issubclass(type(answer), Failed)):
        return report
    kind = type(answer).__name__
    raise Unreachable(f"The find of {action.step} answered a {kind} without an id; wanted is Started, or None.")


def _said(heard: list[str], secrets: Collection[str]) -> str:
    """The last answer as it goes into the ledger: masked, cleaned, its first 500 characters."""
    try:
        text = str(mask(plain_text(heard[-1]), secrets)) if heard else ""
    except Exception:
        return ""
    return clean(text[:ANSWER_LENGTH], ANSWER_LENGTH)[:ANSWER_LENGTH]


def _cleaned(answer: Any, step: str, variables: Mapping[str, str]) -> Answer:
    """The answer as it will be stored: of plain values, secrets masked."""
    if isinstance(answer, Stopped | Nothing):
        return answer
    secrets = frozenset(variables.values())
    if isinstance(answer, Unreached):
        message, retry_after = plain_text(answer.message), answer.retry_after
        usable = isinstance(retry_after, int | float) and math.isfinite(retry_after)
        kind = _hidden(plain_text(answer.type), secrets, TYPE_LENGTH)
        after = retry_after if usable else None
        return Unreached(_hidden(message, secrets), kind, after, answer.sent)
    plain = plain_report(answer, step)
    if isinstance(plain, Started):
        return _sealed(plain.external_id, step, variables)
    if isinstance(plain, Running):
        return Running(
            plain.progress,
            *(None if text is None else _hidden(text, secrets, NOTE_LENGTH) for text in (plain.note, plain.doubt)),
        )
    if isinstance(plain, Completed):
        return Completed(mask(plain.result, secrets), mask(plain.state, secrets))
    if isinstance(plain, Failed):
        message = _hidden(plain.message, secrets, MESSAGE_LENGTH)
        details = plain.details
        shown = _hidden(details, secrets, MESSAGE_LENGTH) if isinstance(details, str) else mask(details, secrets)
        return Failed(message, _hidden(plain.type, secrets, TYPE_LENGTH), shown, plain.retryable)
    return plain


def _hidden(text: str, secrets: Collection[str], limit: int = NOTE_LENGTH) -> str:
    """A text with its secrets masked, then cut: half a secret would not be seen."""
    return masker(secrets).head(text, limit)


def _sealed(external_id: str, step: str, variables: Mapping[str, str]) -> Started | Failed:
    sealed = seal(external_id, variables)
    if sealed is not None:
        return Started(sealed)
    shown = mask(external_id, variables.values())
    message = f"The start of {step} gave the external id {shown}, which holds a secret in a form that cannot be kept."
    return Failed(message, "NoExternalId", retryable=False)


def _unreadable(action: Action, said: str) -> Answer:
    """What becomes of an answer that came and cannot be read: asked again it would be no better."""
    message = f"The answer to the {action.verb} of {action.step} could not be read: {said}"
    if action.verb == "cancel":
        return Unreached(message, "InvalidReport")
    return Failed(message, "InvalidResult", retryable=False)


def build_call(action: Action, draft: Draft) -> tuple[Call, RequestScope]:
    """The request, binding and templates of one call."""
    branch = draft.branches[action.branch]
    visit = next(v for v in branch.steps if (v.step_id, v.visit) == (action.step, action.visit))
    attempt = next(a for a in visit.attempts if a.attempt == action.attempt)
    step = draft.program.step(action.step)
    binding = draft.program.bindings.get(action.step)
    external_id = unseal(attempt.external_id, os.environ, draft.program.environment)
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
        # Python may change what it is given; what it read must stay known to merge what it answers.
        state=deepcopy(draft.state) if binding is not None and binding.system in ("local", "python") else draft.state,
        results=draft.results(),
        item=branch.item,
        index=branch.index,
        settled=settled_view(visit, draft.branches),
        external_id=external_id,
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
    names |= {"key": attempt.idempotency_key, "externalId": external_id}
    scope = RequestScope(
        names,
        expressions=EXPRESSIONS,
        now=draft.now,
        seed=draft.run.seed,
        env=os.environ,
        hidden=draft.program.environment,
    )
    config: Mapping[str, Any] = binding.config if binding else {}
    return Call(request, config, scope), scope
