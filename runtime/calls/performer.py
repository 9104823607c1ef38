"""Makes the calls that a plan asks for; every outcome, a problem too, becomes an observation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping

from runtime.calls.cleaning import cleaned, hidden, spoken, unreadable
from runtime.calls.reports import found, reported, started
from runtime.calls.request import build_call
from runtime.catalog.catalog import Catalog
from runtime.catalog.code import MissingCode
from runtime.clock import Clock
from runtime.engine.crash_points import crash_point
from runtime.engine.draft import Draft
from runtime.engine.observed import Answer, Nothing, Observed, Stopped, Unreached
from runtime.engine.plan import Action
from runtime.errors import ExpressionError, ForkjoinError, Unreachable
from runtime.external.base import Call, ExternalSystem, find_work
from runtime.external.report import MARGIN, NOTE_LENGTH
from runtime.flow.expressions.templates import RequestScope
from runtime.masking import mask
from runtime.model.task import (
    Failed,
    Outcome,
)
from runtime.plain_json import plain_text
from runtime.safe_text import described


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
            async with asyncio.timeout(self._timeout):
                answer = await self._contained(self._ask(action, call, draft))
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
            answer = cleaned(answer, action.step, scope.variables if scope else {})
        except Exception as problem:
            answer = unreadable(action, hidden(described(problem), scope.secrets if scope else ()))
        text = spoken(heard, scope.secrets if scope else ())
        return Observed(action, answer, self._clock.now(), (time.perf_counter() - began) * 1e3, draft.state, text)

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
            answer: object = await system.start(call)
            crash_point("start.after_call")
            return started(answer, action, call)
        if action.verb == "find":
            crash_point("find.before_call")
            answer = await find_work(system, call)
            crash_point("find.after_call")
            return found(answer, action, call)
        if action.verb == "poll":
            crash_point("poll.before_call")
            answer = await system.poll(call)
            crash_point("poll.after_call")
            return reported(answer, action)
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
                hidden(f"{action.system} gave no logs: {described(problem, NOTE_LENGTH + MARGIN)}", scope.secrets)
            ) from None
        return str(mask(plain_text(text), scope.secrets))


def _unless_cancel(action: Action, failed: Failed) -> Failed | Unreached:
    """A cancel whose call cannot even be made is still owed; a poll that cannot be made says nothing of the job."""
    return failed if action.verb in ("start", "local") else Unreached(failed.message, failed.type)
