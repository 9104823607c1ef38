"""Keys: which key each command has in this session, and how it is named; remapped ones stand in the settings file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.keys import Keys, _character_to_key, key_to_character

from console.commands.base import Command
from console.commands.registry import BY_ID, COMMANDS
from console.keynames import KeyNames
from console.messages import ShowMessage
from runtime.errors import InvalidInput
from runtime.settings import settings_file

CHORD = {"go_prefix": "top", "follow": "graph"}
"""After the prefix: the command whose key was pressed, and the one that is meant."""
VIA: Mapping[str, tuple[str, ...]] = {
    "go_prefix": ("go_prefix", "go_prefix"),
    "graph": ("go_prefix", "follow"),
    "history": ("next_pane",),
}
"""Commands that are reached by keys of others, pressed one after the other."""
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "hyper", "meta"})
_NAMED = frozenset(key.value for key in Keys) | {_character_to_key(chr(code)) for code in range(33, 127)}
_SAID = {"escape": "esc", "space": "space"}
_CHARACTERS = {_character_to_key(chr(code)): chr(code) for code in range(33, 127)}


@dataclass(frozen=True)
class Keymap(KeyNames):
    """The keys of a session."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Commands whose keys are not their own ones; none: no key leads to them."""
    told: tuple[str, ...] = ()
    """What an operator must know at the start: keys taken from others, commands without a key."""

    def keys(self, command_id: str) -> tuple[str, ...]:
        """The keys of a command, as Textual names them."""
        return _keys(command_id, self.changed)

    def bind(self, app: App[Any]) -> None:
        """Give the app these keys in place of the commands' own ones, and tell what follows from that."""
        if self.changed:
            app.post_message(
                ShowMessage("; ".join(["Keys of the settings file", *self.told]) + "." if self.told else "")
            )
            others = [b for known in app._bindings.key_to_bindings.values() for b in known if b.id not in BY_ID]
            app._bindings = BindingsMap([*others, *self.bindings()])

    def bindings(self) -> list[Binding]:
        """One binding a command that has a key.

        They have priority so that keys typed ahead are taken in order; in a field the app lets them pass.
        """
        return [
            Binding(",".join(keys), f"command('{c.id}')", c.label or c.id, id=c.id, show=False, priority=True)
            for c in COMMANDS
            if (keys := self.keys(c.id))
        ]


def _keys(command_id: str, changed: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    own = BY_ID[command_id].key
    return changed.get(command_id, tuple(own.split(",")) if own else ())


def _name(command_id: str, changed: Mapping[str, tuple[str, ...]]) -> str:
    command, via = BY_ID[command_id], VIA.get(command_id, ())
    typed = f":{command_id}" if _keys("prompt", changed) else command_id
    if command_id in changed and command_id not in via:
        return said(changed[command_id][0]) if changed[command_id] else typed
    if via and all(_keys(v, changed) for v in via) and any(v in changed for v in via):
        return " ".join(said(_keys(v, changed)[0]) for v in via)
    reached = all(_keys(v, changed) for v in via) if via else bool(command.key)
    return command.key_shown() if reached else typed


def said(key: str) -> str:
    """A key as people write it: `f5`, `ctrl+r`, `?`, `esc`."""
    first, plus, last = key.rpartition("+")
    return f"{first}{plus}{_SAID.get(last) or _CHARACTERS.get(last, last)}"


def bindings() -> list[Binding]:
    """The bindings of a session without remapped keys."""
    return PLAIN.bindings()


def available(*, read_only: bool) -> list[type[Command]]:
    """The commands of a session: a read-only one has none that change anything."""
    return [c for c in COMMANDS if not (read_only and c.writes)]


def keymap_of(remapped: Mapping[str, str]) -> Keymap:
    """The keys of a session in which some are remapped (command id to keys, no key at all if empty).

    A remapped key belongs to the command it was given to; whoever had it on the same screen, or was given it too,
    loses it. What follows from that is told.
    """
    changed = {i: tuple(k for k in keys.split(",") if k) for i, keys in remapped.items() if i in BY_ID}
    told: list[str] = []
    owners: dict[str, list[str]] = {}
    for command_id, keys in list(changed.items()):
        for key in keys:
            others = [o for o in owners.get(key, ()) if _meet(o, command_id)]
            if others:
                changed[command_id] = tuple(k for k in changed[command_id] if k != key)
                told.append(f"{said(key)} is given to {others[0]} and {command_id}: it is {others[0]}")
            else:
                owners.setdefault(key, []).append(command_id)
    for command in COMMANDS:
        if command.id in changed or not command.key:
            continue
        own = command.key.split(",")
        lost = {k: o for k in own for o in owners.get(k, ()) if _meet(o, command.id)}
        if lost:
            changed[command.id] = tuple(k for k in own if k not in lost)
            told += [f"{said(k)} is {o} now, no longer {command.id}" for k, o in lost.items()]
    told += [
        f"{i} has no key" + (f", :{i} does it" if changed.get("prompt", (":",)) else "")
        for i, keys in changed.items()
        if not keys
    ]
    return Keymap({c.id: _name(c.id, changed) for c in COMMANDS}, changed, tuple(told))


def _meet(one: str, other: str) -> bool:
    """Whether two commands are on a screen together, so that one key cannot mean both."""
    first, second = BY_ID[one].screens, BY_ID[other].screens
    return one != other and (not first or not second or bool(first & second))


PLAIN = keymap_of({})
"""Every command has its own key."""


def remapped(file: Path | None = None) -> Mapping[str, str]:
    """The `[keys]` table of the settings file: command id to keys; InvalidInput for what cannot be a key."""
    path = file or settings_file()
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    keys = read.get("keys", {})
    if not isinstance(keys, dict):
        raise InvalidInput(f'The settings file {path}: keys is a table, like [keys] and a line retry = "f5".')
    unknown = sorted(set(keys) - set(BY_ID))
    if unknown:
        raise InvalidInput(f"The settings file {path} binds keys to unknown commands: {', '.join(unknown)}.")
    return {name: _normal(path, name, key) for name, key in keys.items()}


def _normal(path: Path, name: str, value: object) -> str:
    """Keys as Textual names them, separated by commas; nothing for no key."""
    if not isinstance(value, str):
        raise InvalidInput(f'The settings file {path}: keys.{name} must be text, like "f5", not {value!r}.')
    text = value.strip()
    found = [text] if text == "," else [part.strip() for part in text.split(",") if part.strip()]
    return ",".join(_one(path, name, key) for key in found)


def _one(path: Path, name: str, key: str) -> str:
    if len(key) == 1 and key.isprintable():
        return _character_to_key(key)
    *modifiers, last = key.split("+")
    known = last in _NAMED or (len(last) == 1 and last.isprintable()) or key_to_character(last) is not None
    if not known or not _MODIFIERS.issuperset(modifiers):
        raise InvalidInput(
            f"The settings file {path}: keys.{name} cannot be {key!r}; keys are named like R, f5, ctrl+r, ?, escape."
        )
    return key
