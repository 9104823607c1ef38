"""Adopt a home: this machine takes the work of a system whose machine is gone."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, StoreAct


class AdoptHome(StoreAct, frozen=True, kw_only=True):
    """Make this machine the home of a system whose machine is gone."""

    verb: ClassVar[str] = "store adopt"
    at_once: ClassVar[bool] = True

    system: Annotated[str, Input(positional=True)]
    directory: str
    """The directory of this machine that takes the files of the work."""
