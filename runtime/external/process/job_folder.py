"""The folder of one job: its spec, its supervisor, its output and its end."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, cast

from runtime.external.process import supervisor as files
from runtime.external.process.output import JobOutput
from runtime.external.process.pump import LOCK

_NAME = re.compile(r"[0-9a-f]{40}")
_LEFT = re.compile(r"\.[0-9a-f]{40}\.[0-9a-f]{16}")
_LEFT_SECONDS = 3600.0


def asked_for(spec: Mapping[str, Any]) -> str:
    """The request of a spec as JSON text; equal for two specs of one request."""
    return json.dumps({name: spec.get(name) for name in ("command", "cwd", "result")}, ensure_ascii=False)


def forget(root: Path, starts: AbstractSet[str]) -> tuple[int, set[str]]:
    """Remove the folders of all jobs whose key has one of these beginnings, and what crashes left half done.

    Returns how many were removed, and the beginnings with a job that still runs.
    """
    count, kept = 0, set[str]()
    for name in os.listdir(root) if root.is_dir() else ():
        if _LEFT.fullmatch(name):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - (root / name).lstat().st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(root / name, ignore_errors=True)
        elif _NAME.fullmatch(name):
            folder = JobFolder(root, name)
            with contextlib.suppress(OSError, ValueError):
                key = str(folder.spec().get("key"))
                start = key.partition("/")[0] + "/"
                if start in starts:
                    if folder.remove():
                        count += 1
                    else:
                        kept.add(start)
    return count, kept


class JobFolder:
    """A folder below `jobs`, named by the hash of the idempotency key, so that one key is one job."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.path = root / name

    @classmethod
    def of_key(cls, root: Path, key: str) -> JobFolder:
        """The folder of an idempotency key, whether it exists or not."""
        return cls(root, hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40])

    @classmethod
    def of_id(cls, root: Path, external_id: str | None) -> JobFolder | None:
        """The folder an external id names; None if there is none, or the id is not one of a process."""
        if not external_id or not _NAME.fullmatch(external_id):
            return None
        folder = cls(root, external_id)
        return folder if folder.exists() else None

    def exists(self) -> bool:
        """Whether the job was asked for."""
        return (self.path / files.SPEC).exists()

    def create(self, spec: dict[str, Any]) -> None:
        """Make the folder with its spec in one step; a folder that another process made first stays as it is."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.name}.{secrets.token_hex(8)}")
        draft.mkdir(mode=0o700)
        try:
            # Space for all records is reserved now: a full disk then refuses the start, not the end.
            files.reserve(str(draft))
            files.write_json(str(draft / files.SPEC), spec)
            draft.rename(self.path)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not self.exists():
                raise

    def spec(self) -> dict[str, Any]:
        """The spec the folder was made with."""
        return self._read(files.SPEC) or {}

    def claimed(self) -> bool:
        """Whether a supervisor claimed the job, or a cancel did, so that no supervisor runs it."""
        return (self.path / files.CLAIM).exists()

    def end(self) -> dict[str, Any] | None:
        """The end record of the job; None while it has not ended."""
        return self._read(files.END)

    def supervised(self) -> bool:
        """Whether the supervisor that claimed the job still runs."""
        return self._running(files.CLAIM) is not None

    def command_pid(self) -> int | None:
        """The pid of the command while it runs; None if that pid belongs to a later process."""
        return self._running(files.PROCESS)

    def cancel_age(self) -> float | None:
        """Seconds since a cancel was first asked for, or None."""
        try:
            return time.time() - (self.path / files.CANCEL).stat().st_mtime
        except FileNotFoundError:
            return None

    def stop(self, grace_seconds: float) -> bool:
        """Terminate the job, kill it once the grace period is over; returns whether it has ended."""
        if self.end() is not None:
            return True
        age = self.cancel_age()
        if age is None:
            self._mark_cancel()
        if not self.claimed() and files.claim(str(self.path), {"pid": 0, "mark": None}):
            end = {"code": None, "problem": None, "cancelled": True, "ended_at": time.time()}
            files.put(str(self.path), files.END, end)
            return True
        with contextlib.suppress(ProcessLookupError):
            if (supervisor := self._running(files.CLAIM)) is not None:
                os.kill(supervisor, signal.SIGTERM)
                return False
            if (command := self.command_pid()) is not None:
                os.killpg(command, signal.SIGKILL if age is not None and age >= grace_seconds else signal.SIGTERM)
                return False
        return True

    def tail(self, name: str, limit: int) -> str:
        """The end of `stdout` or `stderr` as text."""
        return self.output(name).tail(limit)

    def output(self, name: str) -> JobOutput:
        """The output to `stdout` or `stderr`."""
        return JobOutput(self.path, name, int(self.spec().get("limit") or files.USUAL_LIMIT))

    def pumped(self) -> bool:
        """Whether a process writes the output of the command to its files."""
        try:
            file = os.open(self.path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(file)
        return False

    def remove(self) -> bool:
        """Remove the folder; returns False and does nothing while its job has not ended."""
        if not self.claimed():
            files.claim(str(self.path), {"pid": 0, "mark": None})  # from now on no supervisor can claim it
        if self.end() is None and (self.supervised() or self.command_pid() is not None):
            return False
        away = self.path.with_name(f".{self.name}.{secrets.token_hex(8)}")
        self.path.rename(away)
        shutil.rmtree(away, ignore_errors=True)
        return True

    def _mark_cancel(self) -> None:
        space = self.path / f"{files.CANCEL}.space"
        try:
            os.utime(space)
            space.rename(self.path / files.CANCEL)
        except FileNotFoundError:
            (self.path / files.CANCEL).touch(mode=0o600)

    def _running(self, name: str) -> int | None:
        record = self._read(name)
        if record and record["pid"] and record["mark"] and files.start_mark(record["pid"]) == record["mark"]:
            return cast(int, record["pid"])
        return None

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return cast(dict[str, Any], json.loads((self.path / name).read_bytes()))
        except FileNotFoundError:
            return None
