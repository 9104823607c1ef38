"""Where the settings and the state of this user lie, below directories that the system names.

The library that knows the directories of every system takes longer to load than a command needs to list its runs. So
what almost everybody has, Linux with absolute paths, is answered here, and the library is asked for everything else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = "forkjoin"


def config_directory() -> Path:
    """Where settings of this user lie; it may not be there."""
    usual = _usual("XDG_CONFIG_HOME", ".config")
    if usual is not None:
        return usual
    from platformdirs import user_config_dir

    return Path(user_config_dir(PROGRAM))


def state_directory() -> Path:
    """Where stores and logs of this user lie if nothing else is said; it may not be there."""
    usual = _usual("XDG_STATE_HOME", ".local/state")
    if usual is not None:
        return usual
    from platformdirs import user_state_dir

    return Path(user_state_dir(PROGRAM))


def _usual(variable: str, below_home: str) -> Path | None:
    """The directory by the XDG specification; None where another rule may count."""
    if sys.platform != "linux":
        return None
    named, home = os.environ.get(variable, ""), os.environ.get("HOME", "")
    if named.startswith("/"):
        return Path(named, PROGRAM)
    return Path(home, below_home, PROGRAM) if home.startswith("/") else None
