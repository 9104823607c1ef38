"""Reading flows: from a file's text, with every problem told at once, or from what was stored."""

from __future__ import annotations

from runtime.flow.building import flow_from_stored, flow_hash

__all__ = ["flow_from_stored", "flow_hash"]
