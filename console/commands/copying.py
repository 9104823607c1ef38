"""Copying to the clipboard of the terminal by OSC 52; copied text is cleaned like everything shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.attempts import last_attempt
from console.dialogs.menu import Item, MenuDialog
from console.here import Here
from runtime.operations.equal import equal_command
from runtime.safe_text import clean, json_text
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.operations.records import Act

LIMIT = 100_000


def copy_menu(desk: Desk, here: Here) -> None:
    """Offer what there is to copy of the selected run and branch."""
    items: list[Item] = []

    def offer(name: str, text: str | None) -> None:
        if text:
            items.append(Item(name, text, text))

    if here.run is not None:
        offer("run id", here.run.id)
        offer("why", here.run.why)
        offer("command", shell_line(("forkjoin", "why", here.run.id)))
    branch, detail = here.branch, here.detail
    if branch is not None:
        offer("branch id", branch.id)
        attempt = last_attempt(branch)
        if attempt is not None:
            offer("external id", attempt.external_id)
            offer("key", attempt.idempotency_key)
        visit = branch.current
        if visit is not None and visit.failure is not None:
            offer("failure", f"{visit.failure.type}: {visit.failure.message}")
        if visit is not None and visit.recorded:
            offer("result", json_text(visit.result, indent=None))
    if detail is not None:
        offer("state", json_text(dict(detail.run.state)))
        offer("why, whole", "\n".join(detail.why.sentences))
    if here.act is not None:
        offer("command", same_as(here.act))
    elif here.subject is not None:
        offer("name", str(here.subject))
    desk.open_dialog(MenuDialog(desk, "Copy", items), copier(desk))


def same_as(act: Act) -> str:
    """The equal command as one line; a sentence where no single line says the same."""
    words = equal_command(act)
    if words is None:
        return "no single command: these runs had states or ids of their own"
    return shell_line(words)


def cleaned(text: str) -> str:
    """Text as it goes to the clipboard."""
    return clean(text, LIMIT, keep_newlines=True)


def copier(desk: Desk) -> Callable[[str | None], None]:
    """Puts a text on the clipboard of the terminal, and says so."""

    def copy(text: str | None) -> None:
        if text:
            desk.terminal.copy(cleaned(text))
            lines = text.count("\n") + 1
            told = f"Copied {lines} line{'s' if lines > 1 else ''}."
            desk.say(told + (" tmux needs set-clipboard on." if os.environ.get("TMUX") else ""))

    return copy
