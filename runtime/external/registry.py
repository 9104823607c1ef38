"""Which external systems there are: the shipped ones, and what installed packages add by entry point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

from runtime.clock import Clock, SystemClock
from runtime.external.base import ExternalSystem
from runtime.external.disabled import DisabledSystem
from runtime.external.http import HttpSystem
from runtime.external.process import ProcessSystem
from runtime.external.simulated import SimulatedSystem

ENTRY_POINTS = "forkjoin.external_systems"
_VERBS = ("problems", "target", "start", "poll", "cancel", "logs", "close")


@dataclass(frozen=True, slots=True)
class SystemContext:
    """What every external system is made from."""

    directory: Path
    """The store directory; a system keeps its files in it and writes none before its first call."""
    clock: Clock
    seed: int = 0


SHIPPED: Mapping[str, Callable[[SystemContext], ExternalSystem]] = {
    "simulated": lambda context: SimulatedSystem(context.directory, context.clock, seed=context.seed),
    "process": lambda context: ProcessSystem(context.directory),
    "http": lambda context: HttpSystem(context.clock),
}


def external_systems(directory: Path, clock: Clock | None = None, *, seed: int = 0) -> dict[str, ExternalSystem]:
    """Every external system by name; a plugin that cannot be made is there as a `DisabledSystem` with its reason."""
    context = SystemContext(directory, clock or SystemClock(), seed)
    systems = {name: make(context) for name, make in SHIPPED.items()}
    for point in entry_points(group=ENTRY_POINTS):
        systems[point.name] = _plugin(point, context, systems.get(point.name))
    return systems


def binding_checks(directory: Path, clock: Clock | None = None) -> dict[str, Callable[[Mapping[str, Any]], list[str]]]:
    """Check of a binding by system name, giving sentences; needs no network and writes no file."""
    return {name: system.problems for name, system in external_systems(directory, clock).items()}


def _plugin(point: EntryPoint, context: SystemContext, taken: ExternalSystem | None) -> ExternalSystem:
    where = f"external system `{point.name}` ({point.value})"
    if taken is not None and not isinstance(taken, DisabledSystem):
        # A shipped system keeps its name: flows written for it must not change meaning with what is installed.
        return taken
    try:
        system = point.load()(context)
    except Exception as error:  # a broken plugin must not stop the others
        return DisabledSystem(point.name, f"The {where} could not be loaded: {type(error).__name__}: {error}.")
    missing = [
        verb
        for verb in ("problems", "target", "start", "poll", "cancel", "logs", "close")
        if not callable(getattr(system, verb, None))
    ]
    if missing:
        return DisabledSystem(point.name, f"The {where} does not implement {', '.join(missing)}.")
    return cast(ExternalSystem, system)
