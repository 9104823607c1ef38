"""Views under a name: a filter and an order; built-in ones, then those of the settings file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from runtime.settings import settings_file


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter and an order under a name."""

    name: str
    where: str
    sort: str = "attention"


BUILT_IN = (
    SavedView("all", ""),
    SavedView("attention", "is:attention"),
    SavedView("open", "is:open", "next_wake_at"),
    SavedView("failed", "status:failed", "updated_at"),
    SavedView("unseen", "is:stale", "attention"),
    SavedView("held", "is:held", "attention"),
    SavedView("ended", "is:ended", "updated_at"),
)


def saved_views(file: Path | None = None) -> tuple[SavedView, ...]:
    """All views; `[views]` of the settings file holds `name = "filter"`."""
    try:
        read = tomllib.loads((file or settings_file()).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return BUILT_IN
    own = read.get("views", {})
    return (*BUILT_IN, *(SavedView(str(name), str(where)) for name, where in own.items()))
