"""Moving whole stores between directories and PostgreSQL, with nothing lost and nothing driven twice."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.assembly.runtime import directory_of
from runtime.errors import Refused, StoreUnavailable
from runtime.scheduler.single.driving_lock import DrivingRight
from runtime.settings import Settings
from runtime.store.base import RunStore
from runtime.store.embedded.place import directory_at, missing, store_is_there
from runtime.store.opening import is_url, open_store
from runtime.store.table_copy import Told, copy_tables

LOCAL = {"process": "jobs", "simulated": "simulated.db"}
"""Systems whose work lives in files of one machine, and the name of those files in its directory."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to: documents and checksum by table, and sentences for the operator."""

    tables: dict[str, tuple[int, str]]
    message: str
    advice: tuple[str, ...]
    """The last one is the command to go on with."""


def upgrade_store(location: str) -> str:
    """Make or upgrade a store; gives the sentence to show. Raises StoreUnavailable, Refused while it is driven."""
    if not is_url(location):
        open_store(location).close()
        return f"The store in {location} has the format of this forkjoin; opening it upgrades it."
    from runtime.store.postgres.opening import upgrade_postgres

    found, name = upgrade_postgres(location)
    queue = f" Its queue caught up with {len(found.migrations)} migrations." if found.migrations else ""
    if found.before == 0:
        return f"Made a store of format {found.now} in {name}."
    if found.before == found.now:
        return f"The store {name} has format {found.now} already.{queue}"
    return f"Upgraded {name} from format {found.before} to {found.now}.{queue}"


def copy_store(settings: Settings, source: str, target: str, told: Told) -> Copied:
    """Copy every document with its number, compare counts and checksums, and mark the source as moved.

    The source is only read until that mark. Going on after an interruption writes only what is missing. Raises
    Refused: a scheduler or worker is alive on either store, the target holds runs of its own, or the source was
    changed meanwhile; StoreUnavailable: the copies differ, a store cannot be used, or the target has another format.
    """
    ours, theirs = _identity(source), _identity(target)
    if ours == theirs:
        raise Refused(f"{_name(source)} and {_name(target)} are one store.")
    if not is_url(source) and not store_is_there(directory_at(source)):
        raise missing(directory_at(source))
    with ExitStack() as stack:
        one = _opened(stack, source)
        assure_one = stack.enter_context(_at_rest(one, source))
        moved = one.meta("moved_to")
        if moved and moved != _name(target):
            raise Refused(f"The runs of {_name(source)} were moved to {moved} already; copy that store.")
        if is_url(target):
            _make_missing(target)
        two = _opened(stack, target)
        assure_two = stack.enter_context(_at_rest(two, target))
        if two.meta("copied") != ours:
            if moved:
                raise Refused(f"The runs of {_name(source)} were moved to {moved} already; copy that store.")
            if two.counts() or two.tally("acts"):
                raise Refused(f"{_name(target)} holds runs of its own; a store is copied into an empty one.")
            two.put_meta("copied", ours)
        token = one.change_token()
        tables = copy_tables(one, two, told)
        left = _homes(settings, one, two, source, target)
        assure_one()
        assure_two()
        if one.change_token() != token:
            raise Refused(f"{_name(source)} was changed while it was copied. Copy again: only what changed is written.")
        one.put_meta("moved_to", _name(target))
        # From here on it may be driven; cut off before, a repeated copy comes here again.
        two.put_meta("moved_to", None)
        two.put_meta("copied", None)
    message = f"Moved {tables['runs'][0]:,} runs from {_name(source)} to {_name(target)}; counts and checksums agree."
    how = "forkjoin worker" if is_url(target) else "forkjoin scheduler"
    go_on = f"Go on with: {how} --store {shlex.quote(_name(target))}"
    return Copied(tables, message, ("The old store stays as it is and is not driven any more.", *left, go_on))


def _opened(stack: ExitStack, location: str) -> RunStore:
    store = open_store(location)
    stack.callback(store.close)
    return store


def _make_missing(url: str) -> None:
    """Make a store where there is none; one of another format is left to be refused."""
    from runtime.store.postgres.opening import make_postgres

    make_postgres(url)


@contextmanager
def _at_rest(store: RunStore, location: str) -> Iterator[Any]:
    """Keep schedulers and workers away; gives what raises if that right was lost. Refused while one is there."""
    if is_url(location):
        from runtime.store.postgres.maintenance_lock import standstill

        database: Any = getattr(store, "database", None)
        with standstill(database) as still:
            yield still.assure
        return
    right = DrivingRight(directory_at(location))
    if not right.acquire():
        raise Refused(f"A scheduler works on {_name(location)}; stop it, then copy.")
    try:
        yield lambda: None
    finally:
        right.release()


def _homes(settings: Settings, one: RunStore, two: RunStore, source: str, target: str) -> list[str]:
    """Work in files of a machine stays there and is found from the new store; gives what must be kept, or is lost."""
    host, told = os.uname().nodename, []
    own = directory_of(dataclasses.replace(settings, store=source, directory=settings.directory * is_url(source)))
    for name, files in LOCAL.items():
        home = one.meta(f"home:{name}") or {"host": host, "directory": str(own.absolute())}
        place = Path(home["directory"])
        if is_url(target):
            two.put_meta(f"home:{name}", home)
        elif home["host"] != host:
            told.append(f"Work of {name} lives on {home['host']}, in {place}: it cannot be seen from {host}.")
            continue
        elif (place / files).exists() and not (here := directory_at(target) / files).exists():
            with suppress(OSError):
                here.symlink_to((place / files).absolute())
        if home["host"] == host and (place / files).exists():
            told.append(f"Work of {name} stays in {place / files}: keep it while work is under way.")
    return told


def _identity(location: str) -> str:
    """What names a store, whoever looks: without password; a directory with its machine."""
    return _name(location) if is_url(location) else f"{os.uname().nodename}:{directory_at(location).resolve()}"


def _name(location: str) -> str:
    if not is_url(location):
        return str(directory_at(location).absolute())
    try:
        from runtime.store.postgres.connection_url import without_password
    except ImportError:
        raise StoreUnavailable(
            "PostgreSQL stores need more than is installed here: pip install 'forkjoin-console[postgres]'."
        ) from None
    return without_password(location)
