"""The dialog over a state that was edited and is not saved yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.dialogs.act_dialog import ActDialog
from console.dialogs.menu import Item, MenuDialog

if TYPE_CHECKING:
    from console.desk import Desk
    from console.dialogs.act_form import Plan


class EditDialog(ActDialog):
    """A dialog over something that was written: leaving it asks what becomes of that."""

    def __init__(self, desk: Desk, plan: Plan, kept: str, forget: Callable[[], str]) -> None:
        super().__init__(desk, plan)
        self._kept = kept
        self._forget = forget

    def action_close(self) -> None:
        """Ask whether what was written is kept; escape there goes back to the dialog."""

        def take(choice: str | None) -> None:
            if choice is not None:
                self.dismiss(None)
                self.desk.say(self._kept if choice == "keep" else self._forget())

        items = [
            Item("keep", "leave without saving; E offers what was written again", "keep"),
            Item("forget", "leave, and remove what was written", "forget"),
        ]
        title = "Not saved yet; esc goes back to it"
        self.desk.open_dialog(MenuDialog(self.desk, title, items), take)
