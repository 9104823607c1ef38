"""The runtime a command line, a console or a script works with: a store, and everything over it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from runtime.assembly.lazy_systems import LazySystems
from runtime.assembly.location import location_of
from runtime.clock import Clock, SystemClock
from runtime.model.act import Actor
from runtime.operations.queries.queries import Queries

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.assembly.location import IfMissing
    from runtime.catalog.catalog import Catalog
    from runtime.engine.finding import Found
    from runtime.external.registry import Systems
    from runtime.operations.asking import Asking
    from runtime.operations.asking_here import AskingHere
    from runtime.operations.commands import Commands
    from runtime.operations.queries.json_views import JsonViews
    from runtime.operations.transfer import Transfer
    from runtime.settings import Settings
    from runtime.store.ports.store import Store


class Access(msgspec.Struct, frozen=True):
    """Who works with a runtime, and what that person may do."""

    actor: Actor
    read_only: bool = False
    runs_code: bool = True
    """A tasks.py may be run, in a process of its own, to find what it binds."""


class Runtime:
    """An open store with the operations over it; what only some commands need is made when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        directory: Path,
        clock: Clock,
        queries: Queries,
        systems: LazySystems,
        access: Access,
    ) -> None:
        """Put the parts together; `directory` is for jobs, locks and logs of this machine."""
        self.settings = settings
        self.store = store
        self.directory = directory
        self.clock = clock
        self.queries = queries
        self.systems = systems
        self.access = access

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.access.read_only

    @property
    def place(self) -> str:
        """Where the store lies, as it may be shown."""
        return self.store.place

    @property
    def pretends(self) -> bool:
        """Whether the store is gone when it is closed: there was none, and none was to be made."""
        return self.store.place == ":memory:"

    @cached_property
    def json_views(self) -> JsonViews:
        """The queries whose answer the command line prints as JSON."""
        from runtime.operations.queries.json_views import JsonViews

        return JsonViews(self.queries)

    @cached_property
    def catalog(self) -> Catalog:
        """The workflows, for acting: names the targets of systems and checks bindings."""
        from runtime.assembly.catalogs import make_catalog

        return make_catalog(self.settings, self.systems, runs_code=self.access.runs_code)

    @cached_property
    def commands(self) -> Commands:
        """What may be changed."""
        from runtime.operations.commands import Commands

        return Commands(self.store, self.clock, self.catalog, self.access.actor, self.read_only)

    @cached_property
    def asking(self) -> Asking:
        """What may be asked of external systems, through the scheduler."""
        from runtime.operations.asking import Asking

        return Asking(self.store, self.clock, self.access.actor, read_only=self.read_only)

    @cached_property
    def transfer(self) -> Transfer:
        """Export and import of the whole store."""
        from runtime.operations.transfer import Transfer

        return Transfer(self.store, self.clock, self.access.actor.name)

    def logs(self, run_id: str, branch: str) -> str:
        """What the external system says of the last attempt of a branch.

        Raises:
            NotFound: There is no such run or branch.
            Refused: Nothing was started, or the work is Python code that only the scheduler runs.
            Unreachable: The system did not answer.
        """
        return self._asking_here().logs(run_id, branch)

    def find(self, run_id: str, branch: str) -> Found:
        """Whether the external system has the work of a branch's last key; errors as `logs`."""
        return self._asking_here().find(run_id, branch)

    def _asking_here(self) -> AskingHere:
        from runtime.operations.asking_here import AskingHere

        return AskingHere(self.store, self.catalog, self.systems, self.clock, self.settings.call_timeout_seconds)

    def close(self) -> None:
        """Close the store, and the catalog if it was made."""
        if "catalog" in self.__dict__:  # where a cached property keeps what was made
            self.catalog.close()
        self.store.close()


def open_runtime(
    settings: Settings,
    *,
    read_only: bool = False,
    actor: Actor | None = None,
    clock: Clock | None = None,
    if_missing: IfMissing = "make",
    runs_code: bool = True,
) -> Runtime:
    """Open the store of these settings and everything over it; raises StoreUnavailable."""
    location = location_of(settings.store)
    directory = location.machine_directory(settings.directory)
    store = location.open(read_only=read_only, if_missing=if_missing)
    clock = clock or _clock_of(store)
    if not read_only and if_missing == "make":
        location.prepare(directory)

    def systems_of() -> Systems:
        from runtime.external.registry import Systems

        return Systems(directory, clock, trying=not read_only)

    def broken_plugins() -> list[str]:
        from runtime.external.registry import Systems

        # A read-only session starts no program, so it tries no plugin either.
        return [] if read_only else Systems(directory, clock).troubles()

    systems = LazySystems(systems_of)

    def reading_catalog() -> Catalog:
        from runtime.assembly.catalogs import make_catalog

        return make_catalog(settings, systems, names_targets=False, runs_code=runs_code)

    queries = Queries(store, clock, reading_catalog, broken_plugins)
    access = Access(actor or Actor("forkjoin", "scheduler"), read_only, runs_code)
    return Runtime(settings, store, directory, clock, queries, systems, access)


def _clock_of(store: Store) -> Clock:
    """The clock of this machine, or that of the store where many machines share it: their clocks may differ."""
    moment = store.now()
    if moment is None:
        return SystemClock()
    from runtime.scheduler.cluster.store_clock import StoreClock

    clock = StoreClock(SystemClock())
    clock.measure(moment)
    return clock
