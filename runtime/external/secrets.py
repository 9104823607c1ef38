"""Values of the environment that a task was given: they must not come back in messages, results and logs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from runtime.errors import ExpressionError
from runtime.external.base import Call
from runtime.safe_text import mask


def learn(call: Call, values: Iterable[Any]) -> None:
    """Let the scope of a call see which values of the environment these templates use, so that it masks them.

    A poll or log request need not use the token the start used, but what it answers may hold it.
    """
    for value in values:
        if isinstance(value, str) and "env." in value:
            with contextlib.suppress(ExpressionError):
                call.scope.render(value, env=True)


def hide(call: Call, text: str) -> str:
    """A text without the values of the environment the scope of the call has put in."""
    # Only a scope that remembers what it put in has `secrets`.
    return str(mask(text, getattr(call.scope, "secrets", ())))
