"""Who acts: a name given, else the person behind the SSH session or login."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping

from runtime.model.act import Actor
from runtime.safe_text import clean


def actor_of(name: str | None, env: Mapping[str, str], source: str = "cli") -> Actor:
    """The actor of this process."""
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = f"uid {os.getuid()}"
    return Actor(
        clean(name, 100), source, os.getuid(), clean(env["SSH_CONNECTION"], 200) if "SSH_CONNECTION" in env else None
    )
