"""Prune: runs that ended long ago, or what is damaged, are removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

from runtime.acts.base import Input, Kind, OnScreen, StoreAct
from runtime.errors import InvalidInput


class Prune(StoreAct, frozen=True, kw_only=True):
    """Remove completed and cancelled runs, or what is damaged."""

    verb: ClassVar[str] = "prune"
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Removes completed and cancelled runs that ended long enough ago. Asks first.",
        screens=frozenset({"health", "runs"}),
        title="Remove ended runs",
        button="Remove them",
        keep="Keep them",
    )

    older_than: Annotated[timedelta | None, Input(kind=Kind.SPAN, help="A span like 30d.", example="30d")] = None
    """Ended runs that are this old; None where `damaged` is asked for."""
    failed: Annotated[bool, Input(kind=Kind.FLAG, help="Failed runs too.")] = False
    damaged: Annotated[
        bool, Input(kind=Kind.FLAG, help="Instead: damaged runs, and all other records that cannot be read.")
    ] = False

    def __post_init__(self) -> None:
        """Refuse both, and neither: InvalidInput."""
        if self.damaged is (self.older_than is not None):
            raise InvalidInput("Name what is to be removed: --older-than SPAN for ended runs, or --damaged.")
