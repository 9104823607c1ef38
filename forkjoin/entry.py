"""The `forkjoin` command: looks whether its own packages are the ones Python finds, then hands over to them.

`console` and `runtime` are names that others use too. One that stands earlier on Python's path hides ours, which
would end in a traceback from code that is not ours; so this stands in a package whose name is its own.
"""

from __future__ import annotations

import gc
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

OURS = ("console", "runtime", "workflows")


def hidden(name: str) -> str | None:
    """Where the foreign package lies that hides ours of this name; None if Python finds ours."""
    home = Path(__file__).resolve().parent.parent
    spec = find_spec(name)
    if spec is None:
        return "nowhere"
    places = list(spec.submodule_search_locations or ()) or [spec.origin or "nowhere"]
    found = Path(places[0]).resolve()
    return None if found == home / name else str(found)


def foreign() -> str | None:
    """The sentence about a package that hides one of ours; None if none does."""
    for name in OURS:
        place = hidden(name)
        if place == "nowhere":
            return f"forkjoin is not installed whole: its package {name} is missing. Install forkjoin-console anew."
        if place is not None:
            return (
                f"Another package named {name} lies at {place} and hides the one of forkjoin: it stands earlier on "
                "Python's path. Take its folder out of PYTHONPATH, or start forkjoin as: env -u PYTHONPATH forkjoin"
            )
    return None


def main() -> NoReturn:
    """Run the command line; exits with 2 if it cannot be loaded."""
    problem = foreign()
    if problem is not None:
        text = "".join(c if c.isprintable() else "?" for c in problem)
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode() + "\n")
        sys.exit(2)
    gc.disable()
    from console.cli.main import main as run

    run()
