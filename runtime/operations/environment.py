"""Whether a scheduler on this machine has another environment than who asks, in variables that flows name.

Nothing of an environment is stored or told for that, hashed neither: a short secret could be guessed from its hash. Who
asks reads the environment of the scheduler's process from the kernel, which shows it to the same user only; where it
does not, nothing is said.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.errors import ForkjoinError
from runtime.model.facts import HEARTBEAT
from runtime.store.ports.store import Store

if TYPE_CHECKING:
    from runtime.catalog.catalog import Catalog

_TEMPLATE = re.compile(r"\$\{[^}]*\benv\.([A-Za-z_][A-Za-z0-9_]*)")
_PROGRAMS = (b"forkjoin", b"runtime", b"console")
"""One of these stands in the command line of every scheduler."""
_SHOWN = 5


def other_environment(
    store: Store,
    catalog: Catalog,
    now: datetime,
    run_id: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    processes: Path = Path("/proc"),
) -> str:
    """A sentence about variables that are set here and otherwise in a scheduler at work, and how to go on; or ''.

    Only variables that known flows, or the flow of this run, name are compared; one that is not set here is none of
    who asks.
    """
    beat = HEARTBEAT.read(store.facts)
    if beat is None or not scheduler_state(beat, now)[0]:
        return ""
    mine = os.environ if environ is None else environ
    names = [name for name in named_variables(_sources(store, catalog, run_id)) if name in mine]
    for member in (beat,) if beat.workers is None else beat.workers:
        theirs = _environment(processes / str(member.pid)) if names and member.host == os.uname().nodename else None
        differ = [name for name in names if theirs is not None and theirs.get(name) != mine[name]]
        if differ:
            return _sentence(store, differ, member.pid, "scheduler" if beat.workers is None else "worker")
    return ""


def named_variables(sources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The variables that flows read: `${env.NAME}`, and what a process task inherits."""
    found: set[str] = set()
    for source in sources:
        found.update(_TEMPLATE.findall(json.dumps(source, default=dict)))
        steps = source.get("steps")
        for step in steps if isinstance(steps, list) else ():
            metadata = step.get("metadata") if isinstance(step, Mapping) else None
            task = metadata.get("task") if isinstance(metadata, Mapping) else None
            inherited = task.get("inherit") if isinstance(task, Mapping) else None
            found.update(name for name in inherited if isinstance(name, str)) if isinstance(inherited, list) else None
    return sorted(found)


def _sources(store: Store, catalog: Catalog, run_id: str | None) -> list[Mapping[str, Any]]:
    try:
        sources = [workflow.source for workflow in catalog.workflows() if workflow.source is not None]
    except ForkjoinError:
        sources = []
    run = store.runs.get(run_id) if run_id is not None else None
    own = store.flows.get(run.flow_hash) if run is not None else None
    return [*sources, own] if own is not None else sources


def _environment(process: Path) -> dict[str, str] | None:
    """The environment a scheduler's process was started with; None where it cannot be read, or is another program."""
    try:
        if not any(program in (process / "cmdline").read_bytes() for program in _PROGRAMS):
            return None
        entries = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}


def _sentence(store: Store, differ: list[str], pid: object, kind: str) -> str:
    names = ", ".join(differ[:_SHOWN]) + (f" and {len(differ) - _SHOWN} more" if len(differ) > _SHOWN else "")
    verb = "is" if len(differ) == 1 else "are"
    where = "" if kind == "worker" else f" --store {shlex.quote(str(Path(store.place).parent))}"
    return (
        f"{names} {verb} set otherwise here than in the {kind} (pid {pid}), and runs use what it was started with. "
        f"To have them use yours: kill {pid}; forkjoin {kind}{where}"
    )
