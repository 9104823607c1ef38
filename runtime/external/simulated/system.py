"""The simulated external system: scripted work that runs by the clock, for demos, rehearsals and tests."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runtime.clock import Clock
from runtime.errors import ExpressionError, Unreachable
from runtime.external.base import Call
from runtime.external.simulated.database import SimulatedDb
from runtime.external.simulated.script import KEYS, InvalidScript, Script, script_of, script_problems
from runtime.external.taken_key import other_request
from runtime.model.binding_keys import Key
from runtime.model.task import Completed, Failed, Lost, Running, Started

_FILE = "simulated.db"


class SimulatedSystem:
    """Plays scripts from bindings; started work is stored in `simulated.db` of the store directory.

    The same key, seed and clock always give the same course. A second start with one key returns the first work; it
    is refused if it asks for another course.
    """

    name = "simulated"
    on_one_machine = True
    """Its work lives in files of this machine: workers elsewhere cannot see it."""

    def __init__(self, directory: Path, clock: Clock, *, seed: int = 0, busy_seconds: float = 5.0) -> None:
        """Open the simulated system of a directory.

        Args:
            directory: The store directory; made at the first start if it is missing.
            clock: Measures durations.
            seed: Together with the key it decides what a binding leaves open.
            busy_seconds: How long to wait for a file that another process has locked.
        """
        self.directory = directory
        self._db = SimulatedDb(directory / _FILE, busy_seconds=busy_seconds)
        self._clock = clock
        self._seed = seed

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        return script_problems(binding)

    def binding_keys(self) -> Mapping[str, Key]:
        return KEYS

    def target(self, binding: Mapping[str, Any]) -> str:
        """The simulated system has no targets."""
        return ""

    async def start(self, call: Call) -> Started | Completed | Failed:
        """Start the scripted work, or return the work of its key."""
        key = call.request.idempotency_key
        try:
            rendered = call.scope.render({name: value for name, value in call.binding.items() if name != "system"})
            script = script_of(rendered, key=key, attempt=call.request.attempt, seed=self._seed)
        except ExpressionError as error:
            return Failed(error.message, type="ExpressionError", retryable=False)
        except InvalidScript as error:
            return Failed(f"The simulated task cannot be played: {error}", type="InvalidBinding", retryable=False)
        now = self._clock.now().timestamp()
        attempt = call.request.attempt
        external_id = "sim-" + hashlib.sha256(key.encode()).hexdigest()[:20]
        row = await self._db.run(lambda db: _begin(db, key, external_id, attempt, now, script), write=True)
        if _same(row, script):
            return Started(external_id)
        found, asked = json.dumps(_course(row)), json.dumps(_course_of(script))
        return other_request(call, external_id, found=found, asked=asked)

    async def find(self, call: Call) -> Started | None:
        """The work of the key, if there is any; nothing is started."""
        key = call.request.idempotency_key
        row = await self._db.run(
            lambda db: db.execute("SELECT id FROM work WHERE key = ?", (key,)).fetchone(), write=False
        )
        return Started(str(row[0])) if row else None

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        """The state of the script at this moment of the clock."""
        external_id = call.request.external_id or ""
        row = await self._db.run(lambda db: _find(db, external_id), write=False)
        if row is None:
            return Lost()
        if row["misses_left"] > 0:
            await self._db.run(lambda db: _miss(db, external_id), write=True)
            raise Unreachable("The simulated system does not answer this poll, as its binding asks.")
        return _standing(row, self._clock.now().timestamp())

    async def cancel(self, call: Call) -> None:
        """Stop the work where it is; work that has ended stays as it ended."""
        now = self._clock.now().timestamp()
        external_id = call.request.external_id or ""
        await self._db.run(lambda db: _stop(db, external_id, now), write=True)

    async def logs(self, call: Call) -> str:
        """The script of the work and its course so far, one line each."""
        external_id = call.request.external_id or ""
        row = await self._db.run(lambda db: _find(db, external_id), write=False)
        return f"The simulated system does not know {external_id}.\n" if row is None else _told(row, self._clock.now())

    def forget(self, starts: AbstractSet[str], directory: Path) -> tuple[int, set[str]]:
        """Remove work whose key has one of these beginnings from the file of a directory; returns how many rows went.

        The second value is empty: no simulated work runs on.
        """
        path = directory / _FILE
        if not starts or not path.exists():
            return 0, set()
        db = self._db if path == self._db.path else SimulatedDb(path)
        try:
            return int(db.run_now(lambda rows: _forget(rows, starts), write=True)), set()
        finally:
            if db is not self._db:
                db.close()

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._db.close)

    def starts(self, key: str) -> int:
        """How often work was started with this key; blocks."""
        row = self._db.run_now(lambda db: db.execute("SELECT starts FROM work WHERE key = ?", (key,)).fetchone())
        return int(row[0]) if row else 0

    def jobs(self) -> int:
        """How many pieces of work exist; blocks."""
        return int(self._db.run_now(lambda db: db.execute("SELECT count(*) FROM work").fetchone())[0])


def _begin(
    db: sqlite3.Connection, key: str, external_id: str, attempt: int, now: float, script: Script
) -> Mapping[str, Any]:
    ends_at = now + script.duration
    end = (script.outcome, json.dumps(script.result), script.error, script.unreachable_polls)
    db.execute(
        "INSERT INTO work VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, NULL)"
        " ON CONFLICT (key) DO UPDATE SET starts = starts + 1",
        (key, external_id, attempt, now, ends_at, *end),
    )
    row = _find(db, external_id)
    assert row is not None
    return row


def _same(row: Mapping[str, Any], script: Script) -> bool:
    return _course(row)[1:] == _course_of(script)[1:] and abs(_course(row)[0] - script.duration) < 0.01


def _course(row: Mapping[str, Any]) -> list[Any]:
    """The course that was asked for when the work was started."""
    return [row["ends_at"] - row["started_at"], row["outcome"], json.loads(row["result"]), row["error"]]


def _course_of(script: Script) -> list[Any]:
    """The course a script asks for."""
    return [script.duration, script.outcome, script.result, script.error]


def _forget(db: sqlite3.Connection, starts: AbstractSet[str]) -> int:
    # "0" follows "/" in the character set: keys that begin with `start/` lie between `start/` and `start0`.
    bounds = [(start, start.removesuffix("/") + "0") for start in starts]
    return sum(db.execute("DELETE FROM work WHERE key >= ? AND key < ?", bound).rowcount for bound in bounds)


def _find(db: sqlite3.Connection, external_id: str) -> dict[str, Any] | None:
    cursor = db.execute("SELECT * FROM work WHERE id = ?", (external_id,))
    row = cursor.fetchone()
    return None if row is None else dict(zip((column[0] for column in cursor.description), row, strict=True))


def _miss(db: sqlite3.Connection, external_id: str) -> None:
    db.execute("UPDATE work SET misses_left = max(0, misses_left - 1) WHERE id = ?", (external_id,))


def _stop(db: sqlite3.Connection, external_id: str, now: float) -> None:
    db.execute(
        "UPDATE work SET cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL AND ends_at > ?",
        (now, external_id, now),
    )


def _standing(row: Mapping[str, Any], now: float) -> Running | Completed | Failed | Lost:
    if row["cancelled_at"] is not None:
        return Failed("The simulated work was cancelled.", type="Cancelled", retryable=False)
    if now < row["ends_at"]:
        whole = row["ends_at"] - row["started_at"]
        return Running(progress=round(min(1.0, max(0.0, (now - row["started_at"]) / whole)), 4))
    if row["outcome"] == "lost":
        return Lost()
    if row["outcome"] == "failed":
        return Failed(row["error"])
    return Completed(json.loads(row["result"]))


def _told(row: Mapping[str, Any], now: datetime) -> str:
    def moment(stamp: float) -> str:
        return datetime.fromtimestamp(stamp, UTC).isoformat(timespec="milliseconds")

    lines = [f"{moment(row['started_at'])} started {row['id']} with key {row['key']}, attempt {row['attempt']}"]
    if row["starts"] > 1:
        lines.append(f"started {row['starts']} times with this key, found again each time")
    if row["cancelled_at"] is not None:
        lines.append(f"{moment(row['cancelled_at'])} cancelled")
    elif now.timestamp() >= row["ends_at"]:
        lines.append(f"{moment(row['ends_at'])} ended: {row['outcome']}")
    else:
        lines.append(f"{moment(row['ends_at'])} will end: {row['outcome']}")
    return "\n".join(lines) + "\n"
