"""Problems and warnings of a flow, each with its code, JSON path and sentence."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runtime.flow.json_value import member_path


class Problem(msgspec.Struct, frozen=True):
    """Something that keeps a flow from being used."""

    code: str
    """A code like CONNECTION_ERROR."""
    path: str
    """JSON path, like `$.steps[3].duration`."""
    message: str
    """A sentence for the author of the flow."""

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}"


class FlowWarning(msgspec.Struct, frozen=True):
    """Something doubtful that does not keep a flow from being used."""

    code: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}"


def json_path(parts: Iterable[str | int], start: str = "$") -> str:
    """JSON path of nested keys and indexes."""
    path = start
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else member_path(path, part)
    return path
