"""Which variables of the environment task bindings use: their values are masked in every answer of the flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.flow.expressions.template_text import Template, parts


def environment_names(bindings: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Names in the `${env.NAME}` of any text of the bindings, and those that processes inherit."""
    found: set[str] = set()
    waiting: list[Any] = list(bindings)
    for binding in waiting:
        inherited = binding.get("inherit")
        found.update(name for name in (inherited if isinstance(inherited, list) else ()) if isinstance(name, str))
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.update(_of_text(item))
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return frozenset(found)


def _of_text(text: str) -> Iterable[str]:
    if "env" not in text or "${" not in text:
        return
    try:
        found = parts(text)
    except ValueError:
        return  # a template that cannot be read is never rendered
    for part in found:
        path = part.path if isinstance(part, Template) else None
        if path is not None and len(path) == 2 and path[0] == "env" and isinstance(path[1], str):
            yield path[1]
