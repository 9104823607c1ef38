"""How an act is given: why, whether for real, and what must still be as it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from runtime.model.act import Act


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How one act on a run is given."""

    reason: str = ""
    dry_run: bool = False
    """Whether only the effect is worked out; nothing is changed then."""
    revision: int | None = None
    """Refused unless the run is at this revision."""
    saw: Mapping[str, Any] | None = None
    """Refused unless this still holds, as `what_is_seen` says it."""
    carried: Act | None = None
    """The stored act that this carries out."""
    part_of: int | None = None
    """The number of the act over many runs that this belongs to."""

    @property
    def once(self) -> int | None:
        """The number under which it is carried out on a run at most once; None where it may be given again."""
        return self.carried.id if self.carried is not None else self.part_of


class RunOrder(TypedDict, total=False):
    """The part of an order that an operator gives for an act on a run, as keywords."""

    reason: str
    dry_run: bool
    revision: int | None
    saw: Mapping[str, Any] | None


class StoreOrder(TypedDict, total=False):
    """The part of an order that an operator gives for an act on the store, as keywords."""

    reason: str
    dry_run: bool
