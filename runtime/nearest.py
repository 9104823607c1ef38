"""The known name that an unknown name was most likely meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`" Did you mean list?"`, with a leading blank; empty if no known word is similar."""
    names = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word[:200].casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[close[0]]}?" if close else ""
