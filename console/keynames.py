"""How the keys of a session are written: everything that names a key asks here, so that a remapped one is named so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KeyNames:
    """What leads to each command, as people write it."""

    names: Mapping[str, str] = field(default_factory=dict)
    """By command id: its key, keys of others pressed one after the other, or its name after the colon."""

    def shown(self, command_id: str) -> str:
        """What leads to a command."""
        return self.names.get(command_id, f":{command_id}")

    def fill(self, text: str) -> str:
        """A text in which `{command id}` stands for what leads to the command."""
        if "{" in text:
            for command_id, name in self.names.items():
                text = text.replace("{" + command_id + "}", name)
        return text
