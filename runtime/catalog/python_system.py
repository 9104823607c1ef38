"""Tasks written in Python, as an external system and as local work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.catalog.code import MissingCode, TaskCode
from runtime.catalog.raised import TaskRaised
from runtime.catalog.threads import Overran
from runtime.errors import Unreachable
from runtime.external.base import Call
from runtime.external.report import Stranger
from runtime.model.external_id import with_id
from runtime.model.task import Completed, Failed, Lost, Outcome, Running, Started, TaskRequest


class PythonSystem:
    """The external system `python`: the classes authors bind in tasks.py."""

    name = "python"

    def __init__(self, code: Callable[[Mapping[str, Any]], TaskCode]) -> None:
        """Make the system; `code` returns the code that a binding names."""
        self._code = code

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        """None: whether the code is there is checked with tasks.py itself."""
        return []

    def target(self, binding: Mapping[str, Any]) -> str:
        """The workflow whose code is called."""
        return str(binding.get("workflow", ""))

    async def start(self, call: Call) -> Started | Completed | Failed:
        """Call the author's `start`; missing code is a failure, because nothing was begun."""
        try:
            answer = await self._ask(call, "start")
        except MissingCode as missing:
            return Failed(missing.message, type="MissingCode")
        if not isinstance(answer, Started | Completed | Failed):
            return invalid_report(call.request, "start", answer, "Started, Completed or Failed")
        if not isinstance(answer, Started):
            return answer
        return with_id(answer, call.request)

    async def find(self, call: Call) -> Started | Completed | Failed | None:
        """Call the author's `find` for the work of the key; nothing is started.

        Raises Unreachable: the answer says neither that there is work nor that there is none.
        """
        answer = await self._ask(call, "find")
        if answer is None or isinstance(answer, Started | Completed | Failed):
            return answer
        raise Unreachable(invalid_report(call.request, "find", answer, "Started, Completed, Failed or None").message)

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        """Call the author's `poll`; raises MissingCode, which says nothing about the work."""
        answer = await self._ask(call, "poll")
        if not isinstance(answer, Running | Completed | Failed | Lost):
            return invalid_report(call.request, "poll", answer, "Running, Completed, Failed or Lost")
        return answer

    async def cancel(self, call: Call) -> None:
        """Call the author's `cancel`, if the class has one."""
        await self._ask(call, "cancel")

    async def logs(self, call: Call) -> str:
        """The text the author's `logs` returns; empty if the class has none."""
        answer = await self._ask(call, "logs")
        return "" if answer is None else str(answer)

    async def close(self) -> None:
        """Nothing: the threads belong to the catalog."""

    async def _ask(self, call: Call, verb: str) -> Outcome | Stranger | str | None:
        step_id = call.request.step_id
        try:
            return await self._code(call.binding).call(step_id, verb, call.request)
        except TaskRaised as raised:
            raise Unreachable(f"Step '{step_id}': {verb} raised {raised}") from None


async def run_local(code: TaskCode, request: TaskRequest, timeout_seconds: float | None = None) -> Completed | Failed:
    """Run the function bound to the step of a request; returns its outcome, an exception as a failure.

    Raises:
        Unreachable: No thread of the workflow is left; nothing was run.
    """
    try:
        answer = await code.call(request.step_id, "run", request, timeout_seconds)
    except MissingCode as missing:
        return Failed(missing.message, type="MissingCode")
    except Overran as overran:
        return Failed(overran.message, type="CallTimeout")
    except TaskRaised as raised:
        return Failed(raised.message, type=raised.type, details=raised.details)
    if not isinstance(answer, Completed | Failed):
        return invalid_report(request, "the function", answer, "Completed or Failed")
    return answer


def invalid_report(request: TaskRequest, asked: str, answer: object, wanted: str) -> Failed:
    """The failure of task code whose answer is not allowed; another attempt would answer the same."""
    kind = answer.kind if isinstance(answer, Stranger) else type(answer).__name__
    given = "nothing" if answer is None else f"a {kind}"
    message = f"Step '{request.step_id}': {asked} answered {given}, wanted is {wanted}."
    return Failed(message, type="InvalidReport", retryable=False)
