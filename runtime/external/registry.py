"""Which external systems there are: the shipped ones, and what installed packages add by entry point."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from runtime.clock import Clock, SystemClock
from runtime.external.apart import Misbehaved, within
from runtime.external.base import ExternalSystem
from runtime.external.disabled import DisabledSystem
from runtime.external.http.system import HttpSystem
from runtime.external.plugin import PluginSystem
from runtime.external.probing import answer, probe
from runtime.external.process.system import ProcessSystem
from runtime.external.simulated.system import SimulatedSystem

ENTRY_POINTS = "forkjoin.external_systems"
VERBS = ("problems", "target", "start", "poll", "cancel", "logs", "close")
OURS = frozenset({"python", "local"})
"""Names under which the engine runs the code of workflows."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class SystemContext:
    """What an external system is made from."""

    directory: Path
    """The store directory; a system keeps its files in it and writes none before its first call."""
    clock: Clock
    seed: int = 0


SHIPPED: Mapping[str, Callable[[SystemContext], ExternalSystem]] = {
    "simulated": lambda context: SimulatedSystem(context.directory, context.clock, seed=context.seed),
    "process": lambda context: ProcessSystem(context.directory),
    "http": lambda context: HttpSystem(context.clock),
}


class Systems(Mapping[str, ExternalSystem]):
    """External systems by name; a plugin is loaded when it is asked for, and one that cannot be is disabled.

    A plugin is first tried in a process of its own, within five seconds. With `trying` off (a read-only session,
    which starts no program) it is loaded at once.
    """

    def __init__(self, directory: Path, clock: Clock | None = None, *, seed: int = 0, trying: bool = True) -> None:
        self._context = SystemContext(directory, clock or SystemClock(), seed)
        self._trying = trying
        self._made: dict[str, ExternalSystem] = {name: make(self._context) for name, make in SHIPPED.items()}
        self._points: dict[str, EntryPoint] = {}
        self.ignored: list[str] = []
        """Sentences about plugins that are not used because their name is taken."""
        try:
            found: Iterable[EntryPoint] = entry_points(group=ENTRY_POINTS)
        except Exception as error:  # one broken package must not hide the shipped systems
            self.ignored.append(f"Installed packages cannot be read, so no plugin is used: {error}.")
            found = ()
        for point in found:
            # A shipped system keeps its name: flows written for it must not change meaning with what is installed.
            if point.name in SHIPPED or point.name in OURS or point.name in self._points:
                self.ignored.append(f"The {_where(point)} is not used: its name is taken.")
            else:
                self._points[point.name] = point

    def __getitem__(self, name: str) -> ExternalSystem:
        if name not in self._made:
            self._load([self._points[name]])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*SHIPPED, *self._points))

    def __len__(self) -> int:
        return len(SHIPPED) + len(self._points)

    def all(self) -> dict[str, ExternalSystem]:
        """Every system; plugins that were not loaded yet are tried at once, so that many that hang take no longer."""
        self._load([point for name, point in self._points.items() if name not in self._made])
        return {name: self._made[name] for name in self}

    def troubles(self) -> list[str]:
        """A sentence for each plugin that is disabled or ignored."""
        disabled = [system.reason for system in self.all().values() if isinstance(system, DisabledSystem)]
        return [*disabled, *self.ignored]

    def _load(self, points: list[EntryPoint]) -> None:
        usable = [point for point in points if _NAME.fullmatch(point.name)]
        facts = {"directory": str(self._context.directory), "seed": self._context.seed}
        asked = {(p.name, p.value): {**facts, "name": p.name, "value": p.value} for p in usable}
        wrong = probe(asked) if self._trying else {}
        for point in points:
            self._made[point.name] = _loaded(point, self._context, wrong.get((point.name, point.value)))


def external_systems(directory: Path, clock: Clock | None = None, *, seed: int = 0) -> dict[str, ExternalSystem]:
    """Every external system by name; a plugin that cannot be made is a `DisabledSystem` with the reason."""
    return Systems(directory, clock, seed=seed).all()


def binding_checks(directory: Path, clock: Clock | None = None) -> dict[str, Callable[[Mapping[str, Any]], list[str]]]:
    """The check of a binding of each system, by name."""
    return {name: system.problems for name, system in external_systems(directory, clock).items()}


def try_plugin(asked: Mapping[str, Any]) -> None:
    """In the process of a trial: make the plugin and check that it has the methods of every system."""
    context = SystemContext(Path(asked["directory"]), SystemClock(), int(asked["seed"]))
    point = EntryPoint(asked["name"], asked["value"], ENTRY_POINTS)
    answer(asked, lambda: _made(point, context))


def _loaded(point: EntryPoint, context: SystemContext, problem: str | None) -> ExternalSystem:
    if not _NAME.fullmatch(point.name):
        problem = "has a name that flows cannot use; letters, digits, `.`, `_` and `-` make one, 64 at most"
    if problem is None:
        try:
            # What a plugin prints must not mix with the output of a command.
            with redirect_stdout(sys.stderr):
                return PluginSystem(point.name, within(lambda: _made(point, context)), _where(point))
        except Misbehaved as error:
            problem = str(error)
    return DisabledSystem(point.name, f"The {_where(point)} is disabled: it {problem.rstrip('.')}.")


def _made(point: EntryPoint, context: SystemContext) -> Any:
    system = point.load()(context)
    missing = [verb for verb in VERBS if not callable(getattr(system, verb, None))]
    if missing:
        raise Misbehaved(f"does not implement {', '.join(missing)}")
    return system


def _where(point: EntryPoint) -> str:
    return f"external system `{point.name}` ({point.value})"
