"""Runs are removed with what they left in files of a machine: job folders and rows of the simulated system.

The files may lie on another host, or this process may die in between. So what is to go is noted in the store first,
by the beginning of its keys, and whoever has the files removes them: at once where they are here, else at the next
upkeep there. Keys hold the birth of their run, so no other run's work is ever meant.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.errors import Damaged
from runtime.logs import get_logger
from runtime.model.facts import home_of
from runtime.model.run import Run
from runtime.store.ports.documents import Documents
from runtime.store.ports.facts import Facts
from runtime.store.ports.runs import Runs
from runtime.store.ports.store import Store

log = get_logger(__name__)
NOTE = "removed:"
PART = 500
SWEEP_SECONDS = 60.0


def key_start(run: Run) -> str:
    """What all keys of a run begin with, and those of no other run."""
    return f"{run.id}~{run.birth}/" if run.birth else f"{run.id}/"


def remove_runs(store: Store, runs: Sequence[Run]) -> int:
    """Remove runs, noting whose files are to go; gives how many were there."""
    count = 0
    for first in range(0, len(runs), PART):
        part = runs[first : first + PART]
        store.facts.put(f"{NOTE}{secrets.token_hex(8)}", {"keys": [key_start(run) for run in part]})
        count += store.runs.remove([run.id for run in part])
    return count


def sweep(store: Store, systems: Mapping[str, Any]) -> int:
    """Remove here what removed runs left behind; gives how many pieces of work went. What still runs is left."""
    notes = _notes(store.documents)
    if not notes:
        return 0
    wanted = {start for _, note in notes for start in note["keys"]}
    there = {start for start in wanted if _there(store.runs, start)}
    gone, kept, swept = 0, set[str](), []
    for name, system in systems.items():
        place = _place(store.facts, name, system)
        if place is not None:
            count, left = system.forget(wanted - there, place)
            gone, kept = gone + count, kept | left
            swept.append(name)
    for number, note in notes:
        done = {*note.get("done", ()), *swept}
        # Each system has its files on one machine; the note goes when all have looked.
        owed = {name for name, system in systems.items() if hasattr(system, "forget")} - done
        if not owed and not kept.intersection(note["keys"]):
            store.documents.drop("meta", [number])
        elif swept and not done <= set(note.get("done", ())) and not kept.intersection(note["keys"]):
            store.facts.put(note["key"], {"keys": note["keys"], "done": sorted(done)})
    return gone


class Sweeping:
    """Sweeps now and then."""

    def __init__(self, store: Store, systems: Mapping[str, Any]) -> None:
        self._store, self._systems = store, systems
        self._swept_at = 0.0

    def __call__(self) -> None:
        """Sweep if it is time again."""
        if time.monotonic() - self._swept_at < SWEEP_SECONDS and self._swept_at:
            return
        self._swept_at = time.monotonic()
        count = sweep(self._store, self._systems)
        if count:
            log.info("removed.swept", jobs=count)


def _notes(documents: Documents) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    after = 0
    while page := documents.page("meta", after, PART):
        after = page[-1][0]
        for number, document in page:
            key, value = str(document.get("key")), document.get("value")
            if key.startswith(NOTE) and isinstance(value, dict) and isinstance(value.get("keys"), list):
                found.append((number, {**value, "key": key}))
    return found


def _place(facts: Facts, name: str, system: Any) -> Path | None:
    """The directory in which the files of a system lie, if that is on this machine."""
    if not hasattr(system, "forget"):
        return None
    home = home_of(name).read(facts)
    if home is None:
        directory: Path = system.directory
        return directory
    return Path(home.directory) if home.host == os.uname().nodename else None


def _there(runs: Runs, start: str) -> bool:
    """Whether the run of these keys is in the store; one that cannot be read is."""
    try:
        run = runs.get(start.rstrip("/").partition("~")[0])
    except Damaged:
        return True
    return run is not None and key_start(run) == start
