"""Which external systems one worker of many reaches: those it may reach, less those whose files lie elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.assembly.runtime import Runtime
from runtime.errors import InvalidInput, Refused
from runtime.external.base import ExternalSystem, works_on_one_machine
from runtime.external.registry import external_systems
from runtime.nearest import did_you_mean
from runtime.store.postgres.cluster import Cluster


@dataclass(frozen=True, slots=True)
class ReachableSystems:
    """The external systems of a worker."""

    systems: Mapping[str, ExternalSystem]
    names: list[str] | None
    """None: every system that is installed."""

    def reaches(self, name: str) -> bool:
        """Whether calls of a system can be made here; Python code always runs where its run is moved."""
        return self.names is None or name in self.names or name in ("python", "local")


def reachable_systems(runtime: Runtime, cluster: Cluster, chosen: Sequence[str]) -> ReachableSystems:
    """The external systems this worker may reach; `chosen` names them, empty: all it can.

    Work of some systems lives in files of one machine. The first worker that reaches such a system makes its
    machine, and directory, the home of that work; workers elsewhere leave it to those there.

    Raises:
        InvalidInput: There is no system of a chosen name.
        Refused: The work of a chosen system lives on another machine.
    """
    installed = runtime.systems.all()
    unknown = sorted(set(chosen) - set(installed))
    if unknown:
        near = did_you_mean(unknown[0], installed)
        raise InvalidInput(f"There is no external system {unknown[0]}; there are {', '.join(sorted(installed))}.{near}")
    host = os.uname().nodename
    directory = str(runtime.directory.absolute())
    away: set[str] = set()
    for name in sorted(chosen or installed):
        if not works_on_one_machine(installed[name]):
            continue
        home, folder = cluster.home(name, host, directory)
        if home != host:
            if name in chosen:
                raise Refused(
                    f"The work of {name} lives on {home}, in {folder}: this worker on {host} cannot see it. "
                    f"Run a worker there, or leave {name} out of --systems."
                )
            away.add(name)
        elif folder != directory:
            installed[name] = external_systems(Path(folder), runtime.clock)[name]
    if not chosen and not away:
        return ReachableSystems(installed, None)
    reached = {
        name: system for name, system in installed.items() if name not in away and (not chosen or name in chosen)
    }
    return ReachableSystems(reached, sorted(reached))
