"""Keys: which command a key means, chords that begin with g, and keys remapped in the settings file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from textual.binding import Binding

from console.commands.base import Command
from console.commands.registry import COMMANDS
from runtime.errors import InvalidInput
from runtime.settings import settings_file

CHORD = {"go_prefix": "top", "follow": "graph"}
"""After `g`: the command whose key was pressed, and the one that is meant."""


def bindings() -> list[Binding]:
    """One binding a command; every one has an id, so that all can be remapped.

    They have priority so that keys typed ahead are taken in order; in a field the app lets them pass.
    """
    return [
        Binding(c.key, f"command('{c.id}')", c.label or c.id, id=c.id, show=False, priority=True)
        for c in COMMANDS
        if c.key
    ]


def available(*, read_only: bool) -> list[type[Command]]:
    """The commands of a session: a read-only one has none that change anything."""
    return [c for c in COMMANDS if not (read_only and c.changes)]


def remapped(file: Path | None = None) -> Mapping[str, str]:
    """The `[keys]` table of the settings file: command id to keys; InvalidInput for an unknown command."""
    path = file or settings_file()
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    keys = read.get("keys", {})
    known = {c.id for c in COMMANDS}
    unknown = sorted(set(keys) - known)
    if unknown:
        raise InvalidInput(f"The settings file {path} binds keys to unknown commands: {', '.join(unknown)}.")
    return {str(name): str(key) for name, key in keys.items()}
