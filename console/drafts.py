"""What was written in an editor and is not saved yet: a file for each run, readable by its owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class Drafts:
    """Texts by run; they outlive the console as files, until they are saved or removed by choice."""

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}

    def __bool__(self) -> bool:
        return bool(self._files)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files there are."""
        return tuple(self._files.values())

    def new_file(self, text: str) -> Path:
        """A file of its own for a text, mode 0600."""
        handle, name = tempfile.mkstemp(suffix=".json", prefix="forkjoin-state-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return Path(name)

    def keep(self, run_id: str, text: str) -> Path:
        """Keep what was written for a run; what was kept of it before is replaced once this is written."""
        before = self._files.get(run_id)
        path = self._files[run_id] = self.new_file(text)
        if before is not None:
            before.unlink(missing_ok=True)
        return path

    def of(self, run_id: str) -> Path | None:
        """The file with what was written for a run, if it is there."""
        path = self._files.get(run_id)
        return path if path is not None and path.exists() else None

    def text(self, run_id: str) -> str | None:
        """What was written for a run."""
        path = self.of(run_id)
        return path.read_text(encoding="utf-8") if path is not None else None

    def forget(self, run_id: str) -> str:
        """Remove what was written for a run; says so."""
        path = self._files.pop(run_id, None)
        if path is not None:
            path.unlink(missing_ok=True)
        return f"What was written for {run_id} is removed."
