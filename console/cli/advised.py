"""Commands that a sentence suggests, with the options that this invocation was given: accepted as they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from runtime.shell_line import shell_line


def advised(text: str, overrides: Mapping[str, Any], names: Collection[str]) -> str:
    """A text in which every `forkjoin COMMAND` names the store and workflows that were named on this line.

    A store whose address has a password is left out: what is shown never has one.
    """
    from runtime.assembly.location import location_of

    words: list[str] = []
    store = str(overrides.get("store", ""))
    if store and not location_of(store).holds_password:
        words += ["--store", store]
    for folder in overrides.get("workflows", ()):
        words += ["--workflows", str(folder)]
    if not words or "--store" in text:
        return text
    options = shell_line(words)
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"\bforkjoin (?=(?:{known})\b)", lambda _: f"forkjoin {options} ", text)
