"""Flows, kept as they were when a run started with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

FlowJson = Mapping[str, Any]


class Flows(Protocol):
    """FlowJSON by content hash."""

    def put(self, flow_hash: str, source: FlowJson, workflow: str) -> None:
        """Store a flow; storing it again changes nothing."""
        ...

    def get(self, flow_hash: str) -> FlowJson | None:
        """One flow; Damaged if it cannot be read."""
        ...

    def all(self) -> list[tuple[str, FlowJson]]:
        """Every flow that can be read, each with the workflow it was stored for first."""
        ...
