"""The interface of external systems, and the record of one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from runtime.errors import Unreachable
from runtime.model.binding_keys import Key
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


class Call(msgspec.Struct, frozen=True):
    """One start, poll, cancel or logs call."""

    request: TaskRequest
    binding: Mapping[str, Any]
    """The `metadata.task` object as written, templates unresolved."""
    scope: Scope
    heard: list[str] = msgspec.field(default_factory=list)
    """Answers of the system, word for word, added by the adapter; the last one goes into the poll ledger."""


class Abilities(msgspec.Struct, frozen=True):
    """What a system can do under one binding."""

    idempotent: bool = True
    """Two starts with one key make one piece of work."""
    finds: bool = False
    """`find` returns the work of a key."""
    cancels: bool = True
    """`cancel` reaches the system."""


def abilities_of(system: object, binding: Mapping[str, Any]) -> Abilities:
    """Abilities of an adapter under a binding: from `abilities(binding)`, else from `idempotent` and `find`."""
    said = getattr(system, "abilities", None)
    if callable(said):
        try:
            found = said(binding)
        except Exception:  # A start of an adapter that cannot answer is never repeated.
            found = Abilities(idempotent=False)
        if isinstance(found, Abilities):
            return found
    return Abilities(getattr(system, "idempotent", True) is not False, callable(getattr(system, "find", None)))


async def find_work(system: object, call: Call) -> object:
    """Ask an adapter for the work of the key of a call; raises Unreachable where it has no `find`."""
    find = getattr(system, "find", None)
    if not callable(find):
        raise Unreachable(f"{getattr(system, 'name', 'The system')} cannot be asked for the work of a key.")
    return await find(call)


def works_on_one_machine(system: object) -> bool:
    """Whether the work of a system lives in files of the machine that started it: `on_one_machine` of its class."""
    return bool(getattr(system, "on_one_machine", False))


def doubts_of(system: object, binding: Mapping[str, Any]) -> list[str]:
    """Sentences about a binding that can be used and is doubtful; none for a system without `doubts`."""
    doubts = getattr(system, "doubts", None)
    return list(doubts(binding)) if callable(doubts) else []


def binding_keys_of(system: object) -> Mapping[str, Key] | None:
    """The keys a system knows in its bindings; None if it does not declare them as `Key` records."""
    binding_keys = getattr(system, "binding_keys", None)
    try:
        found = binding_keys() if binding_keys is not None else None
    except Exception:  # a plugin may raise anything
        return None
    return found if isinstance(found, Mapping) and all(isinstance(key, Key) for key in found.values()) else None


class ExternalSystem(Protocol):
    """Speaks to one kind of external system.

    Every method may raise `Unreachable` (or any exception): "could not reach", which says nothing about
    the work. Starting twice with one idempotency key must give one piece of work, unless the class says
    `idempotent = False`.

    A system may also have:

    - `async def find(self, call) -> Started | Completed | Failed | None`: the work of the key; it starts nothing.
    - `abilities(binding) -> Abilities`: what can be asked of it under a binding.
    - `doubts(binding) -> list[str]`: sentences about a binding that can be used and is doubtful.
    - `binding_keys() -> Mapping[str, Key]`: the keys it knows in a binding.
    - `on_one_machine = True`: its work lives in files of the machine that started it.
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
