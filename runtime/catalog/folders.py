"""Finds workflows in folders: every folder with a flow.json is one, named by its folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runtime.catalog.code_files import stamp_of
from runtime.catalog.workflow import FLOW_FILE, TASKS_FILE, Workflow, name_of, read_workflow
from runtime.flow.problems import Problem

BUILT_IN = Path(__file__).resolve().parents[2] / "workflows"
"""The workflows installed with the program."""


def find_workflows(folders: Sequence[Path]) -> tuple[dict[str, Workflow], list[str]]:
    """All workflows by name, and sentences about folders that are not there or cannot be read.

    Of two workflows with one name, the one in the later folder is taken. A folder that holds a flow.json itself is
    a workflow; others are folders of workflows. Names beginning with a dot or an underscore are passed over.
    A workflow with a problem is among them, and keeps no other from being read.
    """
    found: dict[str, Workflow] = {}
    problems: list[str] = []
    for folder in folders:
        try:
            paths = _flow_files(folder)
        except OSError as error:
            problems.append(
                f"The workflow folder {folder} cannot be read: {error.strerror}; "
                "check --workflows and FORKJOIN_WORKFLOWS."
            )
            continue
        for path in paths:
            workflow = _read(path)
            found[workflow.name] = workflow
    return dict(sorted(found.items())), problems


def _read(path: Path) -> Workflow:
    try:
        return read_workflow(path)
    except Exception as error:  # one folder, whatever is in it, must not hide all others
        sentence = f"{path} cannot be read: {type(error).__name__}: {error}."
        return Workflow(name_of(path), path, file_problems=(Problem("SCHEMA", "$", sentence),))


def folders_stamp(folders: Sequence[Path]) -> object:
    """Changes when a flow file of the folders is added, changed or removed, or a tasks.py is made or goes."""
    found: list[object] = []
    for folder in folders:
        try:
            paths = _flow_files(folder)
        except OSError as error:
            found.append(str(error))
        else:
            found += [paths, stamp_of(paths), [os.path.lexists(path.with_name(TASKS_FILE)) for path in paths]]
    return found


def flow_file_named(folders: Sequence[Path], name: str) -> Path | None:
    """Where the flow of the workflow of this name lies, found as `find_workflows` does, with no other looked at."""
    for folder in reversed(folders):
        if _holds(folder):
            found = (folder / FLOW_FILE).absolute()
            if name_of(found) == name:
                return found
        elif name and os.sep not in name and not name.startswith((".", "_")) and os.access(folder, os.R_OK):
            found = (folder / name / FLOW_FILE).absolute()
            if _holds(found.parent):
                return found
    return None


def _flow_files(folder: Path) -> list[Path]:
    if _holds(folder):
        return [folder / FLOW_FILE]
    inside = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    return [entry / FLOW_FILE for entry in inside if _holds(entry)]


def _holds(folder: Path) -> bool:
    """Whether the folder has a flow.json, or cannot be looked into: reading it then says what is wrong."""
    try:
        (folder / FLOW_FILE).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
