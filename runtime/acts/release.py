"""Release: a hold ends, what it held goes on."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, StoreAct


class Release(StoreAct, frozen=True, kw_only=True):
    """Release a hold."""

    verb: ClassVar[str] = "release"

    scope: Annotated[str, Input(positional=True)]
