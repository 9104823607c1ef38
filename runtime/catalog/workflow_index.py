"""The workflows of the folders by name; the folders are looked at again once a second."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from runtime.catalog.current_code import CurrentCode
from runtime.catalog.folders import find_workflows, flow_file_named, folders_stamp
from runtime.catalog.workflow import FLOW_FILE, TASKS_FILE, Workflow, read_flow_file, read_workflow
from runtime.errors import InvalidInput, NotFound
from runtime.logs import get_logger
from runtime.nearest import did_you_mean

log = get_logger(__name__)
LOOK_SECONDS = 1.0
"""How often the folders are looked at for changes."""


class WorkflowIndex:
    """Finds workflows by name or path; safe for several threads."""

    def __init__(self, folders: Sequence[Path], current_code: CurrentCode) -> None:
        """Look in these folders; a workflow in a later one wins its name."""
        self._folders = folders
        self._current_code = current_code
        self._lock = threading.RLock()
        self._workflows: dict[str, Workflow] | None = None
        self._stamp: object = None
        self._looked_at = 0.0
        self._unreadable: list[str] = []
        """Sentences about folders that cannot be read."""

    def by_name(self) -> dict[str, Workflow]:
        """Every workflow that can be read, in the order of the names."""
        with self._lock:
            now = time.monotonic()
            if self._workflows is not None and now - self._looked_at < LOOK_SECONDS:
                return self._workflows
            stamp = folders_stamp(self._folders)
            if self._workflows is None or stamp != self._stamp:
                return self._look_again(stamp)
            self._looked_at = now
            return self._workflows

    def path_of(self, name: str) -> Path | None:
        """Where the flow of the workflow of this name lies, or None; reads no workflow if none was read yet."""
        with self._lock:
            if self._workflows is None:
                return flow_file_named(self._folders, name)
            found = self.by_name().get(name)
            return found.path if found is not None else None

    def refuse_unreadable(self) -> None:
        """Raise InvalidInput if a folder could not be read at the last look."""
        if self._unreadable:
            raise InvalidInput(" ".join(self._unreadable))

    def reload(self) -> None:
        """Look at the folders now, whether they changed or not."""
        with self._lock:
            self._look_again(folders_stamp(self._folders))

    def find(self, name_or_path: str | Path) -> Workflow:
        """The workflow of this name, or of this flow file or workflow folder; errors as `Catalog.find`."""
        text = os.fspath(name_or_path)
        known = self.by_name()
        if text in known:
            return self.with_current_code(known[text])
        path = Path(text)
        is_folder = path.is_dir() and (path / FLOW_FILE).is_file()
        if is_folder or path.is_file():
            file = (path / FLOW_FILE if is_folder else path).absolute()
            for workflow in known.values():
                if workflow.path == file:
                    return self.with_current_code(workflow)
            return replace(read_workflow(file), loose=True) if is_folder else read_flow_file(file)
        self.refuse_unreadable()
        if path.suffix == ".json" or os.sep in text:
            raise NotFound(f"There is no flow file {text}.")
        names = ", ".join(known) or "none"
        near = did_you_mean(text, known)
        raise NotFound(f"There is no workflow '{text}'. Known: {names}. Others need --workflows or a flow file.{near}")

    def with_current_code(self, workflow: Workflow) -> Workflow:
        """The workflow with its tasks.py as it is now."""
        path = workflow.path.with_name(TASKS_FILE)
        code = self._current_code.get(path)
        if code is None and workflow.code is not None and os.path.lexists(path):
            return workflow  # The file cannot be read, and the problems of its code say so.
        return workflow if code == workflow.code else replace(workflow, code=code)

    def _look_again(self, stamp: object) -> dict[str, Workflow]:
        """Find the workflows anew; a folder that cannot be read now keeps those it had."""
        found, unreadable = find_workflows(self._folders)
        if unreadable and self._workflows is not None:
            if unreadable != self._unreadable:
                log.warning("workflows.unreadable", problems=" ".join(unreadable))
            found = {**self._workflows, **found}
        self._workflows = found
        self._unreadable = unreadable
        self._stamp = stamp
        self._looked_at = time.monotonic()
        return found
