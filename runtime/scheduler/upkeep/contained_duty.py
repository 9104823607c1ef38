"""Contains the failure of a duty: it is logged, and keeps neither wakes nor other duties from going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from runtime.errors import StoreUnavailable
from runtime.logs import get_logger

log = get_logger(__name__)
T = TypeVar("T")


def contained(name: str, duty: Callable[[], T]) -> T | None:
    """Do a duty; returns None if it failed. Raises StoreUnavailable: then no duty can be done."""
    try:
        return duty()
    except StoreUnavailable:
        raise
    except Exception:
        log.exception("duty.failed", duty=name)
        return None
