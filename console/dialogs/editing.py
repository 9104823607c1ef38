"""Editing the state of a run in $EDITOR, with the difference shown before it is saved."""

from __future__ import annotations

import difflib
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.commands.base import Here
from console.commands.planning import run_plan
from console.dialogs.act_dialog import ActDialog
from runtime.safe_text import json_text

if TYPE_CHECKING:
    from console.app import ForkjoinApp

DIFF_LINES = 40


def edit_state(app: ForkjoinApp, here: Here) -> None:
    """Open the editor on the state; then show what would be saved."""
    if app.restricted:
        app.say(
            f"{here.key('edit')}: this session has no editor. From a shell: forkjoin edit {here.run_id}", trouble=True
        )
        return
    assert here.run is not None
    before = json_text(dict(here.run.state))
    after = edited(app, before)
    if after is None or after.strip() == before.strip():
        app.say("The state was not changed.")
        return
    try:
        state = json.loads(after)
    except ValueError as problem:
        app.say(f"Not saved: what was written is not JSON: {problem}.", trouble=True)
        return
    one = Here(here.screen, here.run, None, here.detail, (), "", None, here.read_only)
    plan = run_plan(
        one,
        "edit",
        title=f"Save the state of {here.run_id}",
        do="Save the state",
        arguments=lambda _: {"state": state},
        words=lambda _: ("--state", json_text(state, indent=None)),
        facts=tuple(("Change" if n == 0 else "", line) for n, line in enumerate(difference(before, json_text(state)))),
    )
    app.open_dialog(ActDialog(app.look, plan))


def difference(before: str, after: str) -> list[str]:
    """Lines taken away and added."""
    found = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
        if not line.startswith(("---", "+++", "@@"))
    ]
    more = [f"and {len(found) - DIFF_LINES} more lines"] if len(found) > DIFF_LINES else []
    return [*found[:DIFF_LINES], *more]


def edited(app: Any, text: str) -> str | None:
    """What the editor leaves of a text; None if it failed. The file is readable by its owner alone, and removed."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    handle, name = tempfile.mkstemp(suffix=".json", prefix="forkjoin-state-")
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        with app.suspend():
            code = subprocess.run([*shlex.split(editor), name], check=False).returncode
        return path.read_text(encoding="utf-8") if code == 0 else None
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        app.say(f"The editor {editor} could not be used: {problem}.", trouble=True)
        return None
    finally:
        path.unlink(missing_ok=True)
