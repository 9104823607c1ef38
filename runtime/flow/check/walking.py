"""Walks over FlowJSON whose shape is not checked yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def listed(source: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """JSON path and value of every item of a list in a flow; nothing if it is no list."""
    items = source.get(name)
    if isinstance(items, list):
        for index, item in enumerate(items):
            yield f"$.{name}[{index}]", item
