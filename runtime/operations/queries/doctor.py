"""What doctor looks at: store, permissions, disk, scheduler, homes, workflows, terminal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from runtime.engine.explain.heartbeat_words import scheduler_state
from runtime.model.facts import COPIED, MOVED_TO
from runtime.model.heartbeat import Heartbeat
from runtime.operations.checks import Check, damage_checks
from runtime.operations.local_work import deserted, homes
from runtime.operations.network_disk import network_disk
from runtime.operations.queries.queries import Queries
from runtime.operations.queries.workers import troubles
from runtime.operations.queries.workflows import workflows_check


def examined(queries: Queries, directory: Path, *, deep: bool = False) -> list[Check]:
    """Look at store, permissions, disk, scheduler and workflows; with `deep` at every document."""
    checks = [Check("store", True, f"{queries.store.place}: {sum(queries.store.listing.counts().values())} runs")]
    checks += damage_checks(queries.store, deep=deep)
    if moved := MOVED_TO.read(queries.store.facts):
        checks.append(Check("moved", False, f"its runs were moved to {moved}; name that --store"))
    if directory.is_dir():
        mode = directory.stat().st_mode & 0o777
        open_to = "" if mode & 0o077 == 0 else f"; others can look in: chmod 700 {directory}"
        checks.append(Check("permissions", mode & 0o077 == 0, f"{mode:o}{open_to}"))
        free = shutil.disk_usage(directory).free
        remote = network_disk(directory)
        where = f"on a network disk ({remote}): move the store to a local one" if remote else "on a local disk"
        checks.append(Check("disk", free > 100_000_000 and not remote, f"{free / 1e9:.1f} GB free, {where}"))
    writable = queries.store.may_write() and (not directory.is_dir() or os.access(directory, os.W_OK))
    checks.append(Check("writable", writable, "yes" if writable else "no: only reading commands work"))
    if source := COPIED.read(queries.store.facts):
        checks.append(Check("copied", False, f"a copy from {source} was interrupted: repeat forkjoin store copy"))
    alive, text = scheduler_state(queries.scheduler(), queries.clock.now())
    if not moved:
        checks.append(Check("scheduler", alive, text))
    if alive:
        checks += [Check(name, False, told) for name, told in troubles(queries.scheduler() or Heartbeat())]
        if told := queries.other_environment():
            checks.append(Check("environment", False, told))
    for home in homes(queries.store, queries.clock.now()) if not moved else ():
        trouble = deserted(home)
        checks.append(Check("home", trouble is None, trouble or f"{home.system} on {home.host}, {home.directory}"))
    checks += [Check("plugin", False, sentence) for sentence in queries.broken_plugins()]
    checks.append(Check("workflows", *workflows_check(queries.catalog)))
    term = os.environ.get("TERM", "")
    checks.append(Check("terminal", term not in ("", "dumb", "unknown"), f"TERM={term or 'not set'}"))
    return checks
