"""The interface every external system implements, and what a call is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.model.task import Completed, Failed, Lost, Running, Started, TaskRequest


class Scope(Protocol):
    """Resolves `${...}` templates and expressions over one request."""

    def render(self, value: Any, *, env: bool = False, quote: Callable[[str], str] | None = None) -> Any:
        """Replace every `${...}` in the strings of a JSON value.

        A template standing alone keeps its JSON type. `env` allows `${env.NAME}`; `quote` is applied to
        values that do not come from `env` (percent-encoding in URLs). A name that cannot be resolved raises
        ExpressionError; a missing environment variable is named in it.
        """
        ...

    def evaluate(self, expression: str, **names: Any) -> Any:
        """Value of a JavaScript expression over the request and further names; raises ExpressionError."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One start, poll, cancel or logs call."""

    request: TaskRequest
    binding: Mapping[str, Any]
    """The `metadata.task` object as written, templates unresolved."""
    scope: Scope


class ExternalSystem(Protocol):
    """Speaks to one kind of external system.

    Every method may raise `Unreachable` (or any exception): "could not reach", which says nothing about
    the work. Starting twice with one idempotency key must give one piece of work.
    """

    name: str

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        """Sentences about a binding that cannot be used; empty when it can."""
        ...

    def target(self, binding: Mapping[str, Any]) -> str:
        """What limits and holds apply to (http: the host; process: the program); '' if there is none."""
        ...

    async def start(self, call: Call) -> Started | Completed | Failed:
        """Start the work, or find it again by its key."""
        ...

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        """Ask how the work of `request.external_id` stands."""
        ...

    async def cancel(self, call: Call) -> None:
        """Ask the system to stop the work; unknown work counts as stopped."""
        ...

    async def logs(self, call: Call) -> str:
        """What the system has logged of the work."""
        ...

    async def close(self) -> None:
        """Give back connections and files."""
        ...
