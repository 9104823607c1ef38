"""Views under a name: a filter and an order; built-in ones, then those of the settings file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import InvalidInput
from runtime.operations.queries.filters import parse
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
    """All views; `[views]` of the settings file holds `name = "filter"`, InvalidInput if it holds something else."""
    path = file or settings_file()
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return BUILT_IN
    own = read.get("views", {})
    if not isinstance(own, dict):
        raise InvalidInput(f'The settings file {path}: views is a table, like [views] and a line night = "is:lost".')
    return (*BUILT_IN, *(SavedView(name, _checked(path, name, where)) for name, where in own.items()))


def _checked(path: Path, name: str, where: object) -> str:
    if not isinstance(where, str):
        raise InvalidInput(f"The settings file {path}: views.{name} must be text, a filter, not {str(where)[:80]!r}.")
    try:
        parse(where)
    except InvalidInput as problem:
        raise InvalidInput(f"The settings file {path}: views.{name}: {problem.message}") from problem
    return where
