"""The only place that picks concrete parts and puts them together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_state_dir

from runtime.clock import Clock, SystemClock
from runtime.model.act import Actor
from runtime.operations.queries.queries import Queries
from runtime.settings import Settings
from runtime.store.base import RunStore
from runtime.store.embedded.place import directory_at
from runtime.store.opening import IfMissing as IfMissing
from runtime.store.opening import is_url, open_store
from runtime.store.private import make_private
from runtime.store.url_text import database_name, like_an_address

if TYPE_CHECKING:
    import subprocess

    from runtime.catalog import Catalog
    from runtime.engine.finding import Found
    from runtime.operations.asking import Asking
    from runtime.operations.asking_here import AskingHere
    from runtime.operations.commands import Commands


class Lazily(Mapping[str, Any]):
    """A mapping that is made when it is first looked into, so that reading commands stay light."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._made: Mapping[str, Any] | None = None

    def _all(self) -> Mapping[str, Any]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def all(self) -> dict[str, Any]:
        """Everything in it, made at once where the mapping can do that."""
        made = self._all()
        return dict(made.all() if hasattr(made, "all") else made)

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


@dataclass
class Runtime:
    """Everything a command line, a console or a script works with."""

    settings: Settings
    store: RunStore
    directory: Path
    clock: Clock
    queries: Queries
    actor: Actor
    read_only: bool = False
    runs_code: bool = True
    systems: Lazily = field(default_factory=lambda: Lazily(dict))

    @cached_property
    def catalog(self) -> Catalog:
        """For acting: knows targets of systems and checks bindings."""
        return _catalog(self.settings, self.systems, self.systems, runs_code=self.runs_code)

    @cached_property
    def commands(self) -> Commands:
        """What may be changed; made when first asked for, reading commands do without."""
        from runtime.operations.commands import Commands

        return Commands(self.store, self.clock, self.catalog, self.actor, self.read_only)

    @cached_property
    def asking(self) -> Asking:
        """What may be asked of external systems, through the scheduler."""
        from runtime.operations.asking import Asking

        return Asking(self.store, self.clock, self.actor, read_only=self.read_only)

    def logs(self, run_id: str, branch: str) -> str:
        """What the external system says of the last attempt of a branch.

        Raises NotFound, Refused (nothing was started, or the work is Python code that only the scheduler runs)
        or Unreachable.
        """
        return self._asking_here().logs(run_id, branch)

    def find(self, run_id: str, branch: str) -> Found:
        """Whether the external system has the work of a branch's last key; errors as `logs`."""
        return self._asking_here().find(run_id, branch)

    def _asking_here(self) -> AskingHere:
        from runtime.operations.asking_here import AskingHere

        return AskingHere(self.store, self.catalog, self.systems, self.clock, self.settings.call_timeout_seconds)

    def close(self) -> None:
        """Close the store."""
        if "catalog" in self.__dict__:
            self.catalog.close()
        self.store.close()


@contextmanager
def attach(directory: Path) -> Iterator[None]:
    """Be attached to the scheduler that serves a store, as long as the context lasts."""
    from runtime.scheduler.single import attachment

    with attachment.attach(directory):
        yield


def attached_count(directory: Path) -> int:
    """How many clients are attached to the scheduler of a store."""
    from runtime.scheduler.single import attachment

    return attachment.attached_count(directory)


def directory_of(settings: Settings) -> Path:
    """The directory in which jobs, locks and logs of this machine lie: for an embedded store, the store itself."""
    if settings.directory:
        return directory_at(settings.directory)
    if not is_url(settings.store):
        return directory_at(settings.store)
    # One for each database, whoever connects to it: two workers on one machine share it.
    place = settings.store.partition("://")[2].rpartition("@")[2]
    name = hashlib.sha256(place.encode()).hexdigest()[:12]
    return Path(user_state_dir("forkjoin")) / f"postgresql-{name}"


def store_name(settings: Settings) -> str:
    """What the store is called on screen; never with a password."""
    if is_url(settings.store):
        return database_name(settings.store) or "postgresql"
    if like_an_address(settings.store) and not os.path.isdir(settings.store):
        return "store"
    return Path(settings.store).name or settings.store


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
    directory = directory_of(settings)
    store = open_store(settings.store, read_only=read_only, if_missing=if_missing)
    clock = clock or _clock_of(store)
    if is_url(settings.store) and not read_only and if_missing == "make":
        # Nothing in it can be looked into: the folders and files we make there are for their owner alone.
        make_private(directory)

    def made() -> Mapping[str, Any]:
        from runtime.external.registry import Systems

        return Systems(directory, clock, trying=not read_only)

    def broken_plugins() -> list[str]:
        from runtime.external.registry import Systems

        # A read-only session starts no program, so it tries no plugin either.
        return [] if read_only else Systems(directory, clock).troubles()

    systems = Lazily(made)

    def reading() -> Catalog:
        # It names no targets: that would load the systems of every run that is looked at.
        return _catalog(settings, {}, systems, runs_code=runs_code)

    return Runtime(
        settings,
        store,
        directory,
        clock,
        Queries(store, clock, reading, broken_plugins),
        actor or Actor("forkjoin", "scheduler"),
        read_only,
        runs_code,
        systems,
    )


def _clock_of(store: RunStore) -> Clock:
    """The clock of this machine, or that of the store where many machines share it: theirs may differ."""
    moment = store.now()
    if moment is None:
        return SystemClock()
    from runtime.scheduler.cluster.store_clock import StoreClock

    clock = StoreClock(SystemClock())
    clock.measure(moment)
    return clock


def _checks(systems: Mapping[str, Any]) -> Mapping[str, Any]:
    def made() -> Mapping[str, Any]:
        from runtime.external.registry import Checks

        return Checks(systems)

    return Lazily(made)


def _catalog(
    settings: Settings, systems: Mapping[str, Any], examined_with: Mapping[str, Any], *, runs_code: bool = True
) -> Catalog:
    from runtime.catalog import Catalog
    from runtime.catalog.probing import bound_by_running

    return Catalog(
        [Path(folder) for folder in settings.workflows],
        binding_checks=_checks(examined_with),
        systems=systems,
        examined_with=examined_with,
        probe=bound_by_running if runs_code and not settings.read_only else None,
        threads_per_workflow=settings.threads_per_workflow,
        call_timeout_seconds=settings.call_timeout_seconds,
    )


def catalog_of(settings: Settings) -> Catalog:
    """Workflows, to be checked without a store."""
    from runtime.external.registry import Systems

    systems = Lazily(lambda: Systems(directory_of(settings)))
    return _catalog(settings, systems, systems)


def scheduler_alive(runtime: Runtime) -> bool:
    """Whether a scheduler has shown itself lately."""
    from runtime.engine.explain.reasons import scheduler_state

    return scheduler_state(runtime.store.meta("scheduler"), runtime.clock.now())[0]


def start_scheduler_process(runtime: Runtime) -> subprocess.Popen[bytes]:
    """Start a scheduler in a process of its own that ends when nobody is attached to the store any more."""
    from runtime.scheduler.single.attached_process import start

    return start(runtime.settings, runtime.directory)
