"""Undo: an act that is not carried out yet is taken back."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, Kind, OnScreen, StoreAct


class Undo(StoreAct, frozen=True, kw_only=True):
    """Take back an act that is not carried out yet."""

    verb: ClassVar[str] = "undo"
    at_once: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Takes back the last act of this session that is not carried out yet.", key="u"
    )

    act: Annotated[int, Input(kind=Kind.ACT, positional=True, example="{subject}")]
