"""Moving whole stores between a directory and PostgreSQL, with nothing lost and nothing driven twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from runtime.assembly import directory_of
from runtime.errors import Refused, StoreUnavailable
from runtime.scheduler.driving_right import DrivingRight
from runtime.settings import Settings
from runtime.store.layout import TABLES
from runtime.store.opening import is_url, open_store

PAGE = 500
LOCAL = ("process", "simulated")
UNCOPIED = frozenset({"scheduler", "systems", "moved_to", "copied", "epoch"})


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to: documents and checksum by table, and sentences for the operator."""

    tables: dict[str, tuple[int, str]]
    message: str
    advice: str


def upgrade_store(location: str) -> str:
    """Make or upgrade a store; gives the sentence to show. Raises StoreUnavailable."""
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


def copy_store(settings: Settings, source: str, target: str, told: Callable[[str, int, int], None]) -> Copied:
    """Copy every document with its number, compare counts and checksums, and mark the source as moved.

    Going on after an interruption repeats only what is missing. Raises Refused: a scheduler or worker is alive on
    either store, the target holds runs of its own, or the copies differ.
    """
    one, two = open_store(source), None
    right = DrivingRight(Path(source).expanduser()) if not is_url(source) else None
    try:
        _refuse_driven(one, source, right)
        if one.meta("moved_to"):
            raise Refused(f"The runs of {_name(source)} were moved to {one.meta('moved_to')} already; copy that store.")
        if is_url(target):
            upgrade_store(target)
        two = open_store(target)
        _refuse_driven(two, target, None)
        begun = two.meta("copied")
        if begun != source and (two.counts() or two.tally("acts")):
            raise Refused(f"{_name(target)} holds runs of its own; a store is copied into an empty one.")
        # From here on nobody may save in the source with an older right.
        one.new_epoch()
        two.put_meta("copied", source)
        result: dict[str, tuple[int, str]] = {}
        for table in (*(t for t in TABLES if t != "meta"), "meta"):
            result[table] = _copy_table(one, two, table, told)
        _homes(settings, source, target, two)
        one.put_meta("moved_to", _name(target))
        two.put_meta("moved_to", None)
        two.put_meta("copied", None)
    finally:
        if right is not None:
            right.release()
        one.close()
        if two is not None:
            two.close()
    runs = result["runs"][0]
    message = f"Moved {runs:,} runs from {_name(source)} to {_name(target)}; counts and checksums agree."
    how = "forkjoin worker" if is_url(target) else "forkjoin scheduler"
    advice = f"The old store stays as it is and is not driven any more. Go on with: {how} --store {_name(target)}"
    return Copied(result, message, advice)


def _refuse_driven(store: Any, location: str, right: DrivingRight | None) -> None:
    if right is not None and not right.acquire():
        raise Refused(f"A scheduler works on {location}; stop it, then copy.")
    workers: Any = getattr(store, "database", None)
    if workers is not None:
        from runtime.store.postgres.cluster import Cluster

        cluster = Cluster(store)
        cluster.bury()
        names = [member.name for member in cluster.members()]
        if names:
            raise Refused(f"The worker {names[0]} works on {_name(location)}; stop all workers, then copy.")


def _copy_table(one: Any, two: Any, table: str, told: Callable[[str, int, int], None]) -> tuple[int, str]:
    total = one.tally(table)
    ours, theirs = hashlib.sha256(), hashlib.sha256()
    last = done = count = 0
    told(table, 0, total)
    while page := one.page(table, last, PAGE):
        last = page[-1][0]
        rows = _kept(table, page)
        known = dict(_kept(table, two.page(table, rows[0][0] - 1, 2 * PAGE))) if rows else {}
        missing = [(n, d) for n, d in rows if _canonical(known.get(n)) != _canonical(d)]
        if missing:
            two.put_documents(table, missing)
        written = dict(_kept(table, two.page(table, rows[0][0] - 1, 2 * PAGE))) if rows else {}
        for number, document in rows:
            ours.update(_canonical(document))
            theirs.update(_canonical(written.get(number)))
        done += len(page)
        count += len(rows)
        told(table, done, max(total, done))
    if ours.digest() != theirs.digest():
        raise StoreUnavailable(f"The copy of {table} differs from its source; nothing is driven from it. Copy again.")
    return count, ours.hexdigest()[:16]


def _kept(table: str, page: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Without facts that belong to one place: who drives it, where it went, where local work lives."""
    if table != "meta":
        return page
    return [(n, d) for n, d in page if d["key"] not in UNCOPIED and not str(d["key"]).startswith("home:")]


def _canonical(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _homes(settings: Settings, source: str, target: str, two: Any) -> None:
    """Work in files of this machine stays where it is, and is found there from the new store."""
    if is_url(target) and not is_url(source):
        folder = str(Path(source).expanduser().absolute())
        for name in LOCAL:
            two.put_meta(f"home:{name}", {"host": os.uname().nodename, "directory": folder})
    elif is_url(source) and not is_url(target):
        import dataclasses

        store = open_store(source, read_only=True)
        for name in LOCAL:
            home = store.meta(f"home:{name}") or {}
            place = Path(home.get("directory") or directory_of(dataclasses.replace(settings, store=source)))
            if home.get("host", os.uname().nodename) != os.uname().nodename:
                continue
            wanted = "jobs" if name == "process" else "simulated.db"
            here = Path(target).expanduser() / wanted
            if (place / wanted).exists() and not here.exists():
                with suppress(OSError):
                    here.symlink_to((place / wanted).absolute())
        store.close()


def _name(location: str) -> str:
    if not is_url(location):
        return location
    from runtime.store.postgres.database import shown

    return shown(location)
