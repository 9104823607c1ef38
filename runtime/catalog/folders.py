"""Finds workflows in folders: every folder with a flow.json is one, named by its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.catalog.code_files import stamp_of
from runtime.catalog.workflow import FLOW_FILE, TASKS_FILE, Workflow, read_workflow
from runtime.errors import InvalidInput

BUILT_IN = Path(__file__).resolve().parents[2] / "workflows"
"""The workflows installed with the program."""


def find_workflows(folders: Sequence[Path]) -> dict[str, Workflow]:
    """All workflows by name; of two with one name, the one in the later folder is taken.

    A folder that holds a flow.json itself is a workflow; others are folders of workflows. Names beginning with
    a dot or an underscore are passed over.

    Raises:
        InvalidInput: A folder is not there or cannot be read.
    """
    found: dict[str, Workflow] = {}
    for folder in folders:
        for path in _flow_files(folder):
            workflow = read_workflow(path)
            found[workflow.name] = workflow
    return dict(sorted(found.items()))


def folders_stamp(folders: Sequence[Path]) -> object:
    """What changes when a flow file in the folders is added, changed or removed, or a tasks.py comes or goes."""
    try:
        paths = [path for folder in folders for path in _flow_files(folder)]
    except InvalidInput as problem:
        return problem.message
    return paths, stamp_of(paths), [path.with_name(TASKS_FILE).is_file() for path in paths]


def _flow_files(folder: Path) -> list[Path]:
    if (folder / FLOW_FILE).is_file():
        return [folder / FLOW_FILE]
    try:
        inside = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    except OSError as error:
        raise InvalidInput(
            f"The workflow folder {folder} cannot be read: {error.strerror}; check --workflows and FORKJOIN_WORKFLOWS."
        ) from error
    return [entry / FLOW_FILE for entry in inside if (entry / FLOW_FILE).is_file()]
