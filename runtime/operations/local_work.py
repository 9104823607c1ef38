"""Homes: the one machine, and directory, that has the work of a system whose work lives in files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from runtime.acts.adopt_home import AdoptHome
from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.errors import NotFound, Refused
from runtime.model import facts
from runtime.model.codec import from_document, to_document
from runtime.model.facts import HEARTBEAT, HOME, home_of
from runtime.model.heartbeat import WorkerState
from runtime.operations.acting import Acting
from runtime.operations.order import Order
from runtime.operations.queries.systems import systems
from runtime.operations.receipts import Receipt, recording
from runtime.store.facts import fact_in
from runtime.store.ports.store import Store

PAGE = 500


class Home(msgspec.Struct, frozen=True):
    """Where the work of a system lives."""

    system: str
    host: str
    directory: str
    workers: tuple[str, ...] = ()
    """Workers there that are alive and reach the system."""


def homes(store: Store, now: datetime) -> list[Home]:
    """The homes of a store, by system; an embedded store has none, its work lies in its directory."""
    beat = HEARTBEAT.read(store.facts)
    alive = (beat.workers or ()) if beat is not None and scheduler_state(beat, now)[0] else ()
    found, after = [], 0
    while page := store.documents.raw("meta", after, PAGE):
        after = page[-1][0]
        keys = [(str(columns["key"]), doc) for _, columns, doc in page]
        found += [(key, value) for key, doc in keys if key.startswith(HOME) and (value := fact_in(key, doc))]
    return [_home(key.removeprefix(HOME), value, alive) for key, value in sorted(found, key=lambda one: one[0])]


def _home(system: str, value: Mapping[str, Any], alive: Sequence[WorkerState]) -> Home:
    place = from_document(value, facts.Home)
    there = tuple(
        worker.name
        for worker in alive
        if (worker.host or worker.name.rpartition(":")[0]) == place.host
        and (worker.systems is None or system in worker.systems)
    )
    return Home(system, place.host, place.directory, there)


def deserted(home: Home) -> str | None:
    """What is wrong with a home where no worker lives, and what to do; None if one does."""
    if home.workers:
        return None
    return (
        f"Work of {home.system} lives on {home.host}, in {home.directory}, and no worker is alive there: it is neither "
        "started nor polled. Run forkjoin worker there; if that machine is gone, run here: forkjoin store adopt "
        f"{home.system}"
    )


def adopt(acting: Acting, act: AdoptHome, order: Order) -> Receipt:
    """Make this machine and directory the home of a system.

    Raises NotFound if it has no home, Refused if it is here already or a worker is alive in the old one.
    """
    system, directory = act.system, Path(act.directory)
    acting.refuse_read_only(act.verb)
    known = homes(acting.store, acting.clock.now())
    found = next((home for home in known if home.system == system), None)
    if found is None:
        names = ", ".join(home.system for home in known) or "none"
        raise NotFound(f"{system} has no home in this store. Systems that have one: {names}.")
    place = facts.Home(os.uname().nodename, str(directory.absolute()))
    if (found.host, found.directory) == (place.host, place.directory):
        raise Refused(f"The home of {system} is this machine and {place.directory} already.")
    if found.workers:
        raise Refused(
            f"The worker {found.workers[0]} is alive on {found.host} and reaches {system}: its work would be given up "
            "while it goes on. Stop that worker first."
        )
    under_way = sum(row.open for row in systems(acting.store) if row.name.partition(":")[0] == system)
    effects = (
        f"The home of {system} moves from {found.host}, {found.directory}, to {place.host}, {place.directory}.",
        f"Work that was under way there ({under_way} branches) cannot be seen from here and will be found lost.",
        "If that machine still runs it, it goes on unseen: a new attempt would do it twice.",
        "Workers on this machine must be started again to reach it.",
    )
    if order.dry_run:
        return Receipt(f"Would adopt {system}.", effects, dry_run=True)
    home_of(system).write(acting.store.facts, place)
    before = {"host": found.host, "directory": found.directory}
    with recording(None, partly=f"The home of {system} is moved"):
        new = acting.new_act("adopt", f"system={system}", order.reason, before=before, after=to_document(place))
        done = acting.store.acts.put(new)
    return Receipt(f"adopt {system}: accepted, act {done.id}.", effects, done)
