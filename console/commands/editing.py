"""Editing the state of a run in $EDITOR: the difference is shown before it is saved, and what was written is kept."""

from __future__ import annotations

import difflib
import json
import os
import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from console.commands.act_plan import Form, run_plan
from console.dialogs.edit_dialog import EditDialog
from console.dialogs.menu import Item, MenuDialog
from console.here import Here
from runtime.acts.base import RunAct
from runtime.acts.edit import Edit
from runtime.safe_text import json_text

if TYPE_CHECKING:
    from pathlib import Path

    from console.desk import Desk


DIFF_LINES = 40


def edit_state(desk: Desk, here: Here) -> None:
    """Open the editor on the state, or on what was written before and not saved; then show what would be saved."""
    if desk.options.restricted:
        desk.say(
            f"{here.key('edit')}: this session has no editor. From a shell: forkjoin edit {here.run_id}", trouble=True
        )
        return
    assert here.run is not None
    draft = desk.drafts.of(here.run_id)
    if draft is None:
        _edit(desk, here, None)
        return

    def take(choice: str | None) -> None:
        if choice == "forget":
            desk.say(desk.drafts.forget(here.run_id))
        elif choice is not None:
            _edit(desk, here, desk.drafts.text(here.run_id) if choice == "go on" else None)

    items = [
        Item("go on", "edit what was written", "go on"),
        Item("anew", "edit the state as it is now; what was written before is replaced when something else is", "anew"),
        Item("forget", "remove what was written", "forget"),
    ]
    note = f"What was written is in {draft}."
    desk.open_dialog(MenuDialog(desk, f"An edit of {here.run_id} was not saved", items, note=note), take)


def _edit(desk: Desk, here: Here, text: str | None) -> None:
    """Have a text edited, the state if there is none, and show the difference to the state."""
    assert here.run is not None
    run_id = here.run_id
    was = dict(here.detail.run.state if here.detail is not None else here.run.state)
    before = json_text(was)
    after = edited(desk, text or before)
    if after is None or after.strip() == before.strip():
        desk.say("The state was not changed.")
        return
    kept = f"What you wrote is kept in {desk.drafts.keep(run_id, after)}; E offers it again."
    try:
        state = json.loads(after)
    except (ValueError, RecursionError) as problem:
        desk.say(f"Not saved: what was written is not JSON: {problem}. {kept}", trouble=True)
        return
    changes = tuple(("Change" if n == 0 else "", t) for n, t in enumerate(difference(before, json_text(state))))
    form: Form[RunAct] = Form(
        verb="edit",
        title=f"Save the state of {run_id}",
        button="Save the state",
        keep="Not now",
        make=lambda _: Edit(state=state, was=was),
        options_of_line=lambda _: ("--state", json_text(state, indent=None)),
        facts=(*changes, ("Kept in", str(desk.drafts.of(run_id)))),
        kept=kept,
        finished=lambda _: desk.drafts.forget(run_id),
    )
    plan = run_plan(replace(here, branch=None, marks=()), form)
    desk.open_dialog(EditDialog(desk, plan, kept, lambda: desk.drafts.forget(run_id)))


def difference(before: str, after: str) -> list[str]:
    """Lines taken away and added."""
    found = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
        if not line.startswith(("---", "+++", "@@"))
    ]
    more = [f"and {len(found) - DIFF_LINES} more lines"] if len(found) > DIFF_LINES else []
    return [*found[:DIFF_LINES], *more]


def edited(desk: Desk, text: str) -> str | None:
    """What the editor leaves of a text; None if nothing was changed, or it could not be used.

    The editor works on a file of its owner alone; a console that dies leaves it there.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    path: Path | None = None
    try:
        path = desk.drafts.new_file(text)
        with desk.terminal.lend():
            code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
        left = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        kept = f" What it wrote is in {path}." if path is not None and path.exists() else ""
        desk.say(f"The editor {editor} could not be used: {problem}.{kept}", trouble=True)
        return None
    if code != 0 and left != text:
        desk.say(f"The editor ended with code {code}, so nothing is saved; what it wrote is in {path}.", trouble=True)
        return None
    path.unlink(missing_ok=True)
    return left
