"""An act on many runs: what was ordered, how far it came, and what became of each run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from runtime.model.act import Act
from runtime.model.codec import from_document, to_document

ACCEPTED = "accepted"
"""What is written down of a run that took the act; of any other, why it refused."""


class CameTo(StrEnum):
    """What a retried run came to since."""

    OPEN = "open"
    COMPLETED = "completed"
    FAILED_AGAIN = "failed again"
    """With the failure it had before."""
    FAILED_OTHERWISE = "failed otherwise"

    @property
    def failed(self) -> bool:
        """Whether it failed, as before or otherwise."""
        return self in (CameTo.FAILED_AGAIN, CameTo.FAILED_OTHERWISE)


class BulkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Stored as the arguments of a bulk act, and replaced as it goes on."""

    verb: str
    where: str
    """The filter that chose the runs."""
    rate: float
    """Runs a second."""
    canary: bool
    """First on one run, on the rest if that one does not fail again."""
    arguments: Mapping[str, Any]
    """Those of the act on each run."""
    targets: tuple[str, ...]
    """Ids of the runs, in the order in which they are acted on."""
    next: int = 0
    """How many of them were acted on."""
    results: Mapping[str, str] = {}
    """Run by run: `accepted`, or why it refused."""
    failures: Mapping[str, str] = {}
    """Run by run: the signature of the failure it had before."""

    @property
    def left(self) -> int:
        """How many runs were not acted on."""
        return len(self.targets) - self.next

    def took(self, run_id: str) -> bool:
        """Whether a run accepted the act."""
        return self.results.get(run_id) == ACCEPTED


def order_of(act: Act) -> BulkOrder:
    """What a bulk act ordered, and how far it came."""
    return from_document(act.arguments or {}, BulkOrder)


def as_arguments(order: BulkOrder) -> Mapping[str, Any]:
    """The order as it is stored with its act."""
    document: Mapping[str, Any] = to_document(order)
    return document


def tally(order: BulkOrder, seen: Mapping[str, CameTo]) -> dict[str, int]:
    """How many runs accepted, refused, and came to what."""
    accepted = sum(order.took(run_id) for run_id in order.results)
    counted = {ACCEPTED: accepted, "refused": len(order.results) - accepted}
    for came in CameTo:
        count = sum(s is came for s in seen.values())
        if count:
            counted[came.value] = count
    return counted
