"""Spans as operators write them, like `5m` or `2 hours`."""

from runtime.flow.durations import seconds

__all__ = ["seconds"]
