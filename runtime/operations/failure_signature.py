"""Folding what differs from case to case out of a message, so that equal troubles count together."""

from __future__ import annotations

import re

_PARTS = (
    re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    re.compile(r"\b0x[0-9a-fA-F]+\b"),
    re.compile(r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,}\b"),
    re.compile(r"\d+(?:[.:,_-]\d+)*"),
)
LIMIT = 300


def normalise(text: str) -> str:
    """A message with numbers, ids and hashes folded to `#`, at most 300 characters of it."""
    text = " ".join(text[: 4 * LIMIT].split())
    for part in _PARTS:
        text = part.sub("#", text)
    return text[:LIMIT]
