"""Moves a whole store to another place: directory or PostgreSQL, with nothing lost and nothing driven twice."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.assembly.location import StoreLocation, location_of
from runtime.errors import Refused
from runtime.model.facts import COPIED, MOVED_TO, Home, home_of
from runtime.settings import Settings
from runtime.store.ports.facts import Facts
from runtime.store.ports.store import Store
from runtime.store.table_copy import Told, copy_tables

FILES_BESIDE = {"process": "jobs", "simulated": "simulated.db"}
"""External systems whose work lives in files of one machine, and the name of those files in its directory."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to."""

    tables: dict[str, tuple[int, str]]
    """Number of documents and checksum, by table."""
    message: str
    advice: tuple[str, ...]
    """Sentences for the operator; the last one names the command to go on with."""


def upgrade_store(store: str) -> str:
    """Make or upgrade a store; returns the sentence to show.

    Raises:
        StoreUnavailable: It cannot be used.
        Refused: It is being driven.
    """
    return location_of(store).upgrade()


def copy_store(settings: Settings, source_text: str, target_text: str, progress: Told) -> Copied:
    """Copy every document with its number, compare counts and checksums, and mark the source as moved.

    The source is only read until that mark. After an interruption a repeated copy writes only what is missing.
    `progress` is called with what was copied so far.

    Raises:
        Refused: A scheduler or worker is alive on either store, the target holds runs of its own, or the source was
            changed meanwhile.
        StoreUnavailable: The copies differ, a store cannot be used, or the target has another format.
    """
    source = location_of(source_text)
    target = location_of(target_text)
    identity = source.identity
    if identity == target.identity:
        raise Refused(f"{source.address} and {target.address} are one store.")
    source.require()
    with ExitStack() as stack:
        old = _opened(stack, source)
        assure_source = stack.enter_context(source.at_rest(old))
        moved_to = MOVED_TO.read(old.facts)
        if moved_to and moved_to != target.address:
            raise _moved_already(source, moved_to)
        target.make_target()
        new = _opened(stack, target)
        assure_target = stack.enter_context(target.at_rest(new))
        if COPIED.read(new.facts) != identity:
            if moved_to:
                raise _moved_already(source, moved_to)
            if new.listing.counts() or new.documents.tally("acts"):
                raise Refused(f"{target.address} holds runs of its own; a store is copied into an empty one.")
            COPIED.write(new.facts, identity)
        token = old.changes.token()
        tables = copy_tables(old, new, progress)
        advice = _hand_over_files(
            old.facts, new.facts, target, source.machine_directory(settings.directory * source.shared)
        )
        assure_source()
        assure_target()
        if old.changes.token() != token:
            raise Refused(
                f"{source.address} was changed while it was copied. Copy again: only what changed is written."
            )
        MOVED_TO.write(old.facts, target.address)
        # From here on the target may be driven; a copy cut off before is repeated and comes here again.
        MOVED_TO.write(new.facts, None)
        COPIED.write(new.facts, None)
    message = f"Moved {tables['runs'][0]:,} runs from {source.address} to {target.address}; counts and checksums agree."
    command = "forkjoin worker" if target.shared else "forkjoin scheduler"
    go_on = f"Go on with: {command} --store {shlex.quote(target.address)}"
    return Copied(tables, message, ("The old store stays as it is and is not driven any more.", *advice, go_on))


def _opened(stack: ExitStack, location: StoreLocation) -> Store:
    store = location.open()
    stack.callback(store.close)
    return store


def _moved_already(source: StoreLocation, moved_to: str) -> Refused:
    return Refused(f"The runs of {source.address} were moved to {moved_to} already; copy that store.")


def _hand_over_files(old_facts: Facts, new_facts: Facts, target: StoreLocation, directory: Path) -> list[str]:
    """Let the new store find work that lives in files of a machine; the files themselves stay where they are.

    `directory` is where this machine has them. Returns a sentence for each system whose files must be kept, or whose
    work is out of reach from the new store.
    """
    host = os.uname().nodename
    advice: list[str] = []
    for system, files in FILES_BESIDE.items():
        fact = home_of(system)
        home = fact.read(old_facts) or Home(host, str(directory.absolute()))
        folder = Path(home.directory)
        if target.shared:
            fact.write(new_facts, home)
        elif home.host != host:
            advice.append(f"Work of {system} lives on {home.host}, in {folder}: it cannot be seen from {host}.")
            continue
        elif (folder / files).exists() and not (link := target.machine_directory() / files).exists():
            with suppress(OSError):
                link.symlink_to((folder / files).absolute())
        if home.host == host and (folder / files).exists():
            advice.append(f"Work of {system} stays in {folder / files}: keep it while work is under way.")
    return advice
