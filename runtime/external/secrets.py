"""Values of the environment that a task was given: they must not come back in messages, results and logs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from runtime.errors import ExpressionError
from runtime.external.base import Call
from runtime.masking import Masker, masker


def learn(call: Call, values: Iterable[Any]) -> None:
    """Let the scope of a call see which values of the environment these templates use, so that it masks them.

    A poll or log request need not use the token the start used, but what it answers may hold it.
    """
    for value in values:
        if isinstance(value, str) and "env." in value:
            with contextlib.suppress(ExpressionError):
                call.scope.render(value, env=True)


def secrets_of(call: Call) -> Masker:
    """What hides the values of the environment that the scope of a call knows."""
    # Only a scope that remembers what it put in has `secrets`.
    return masker(getattr(call.scope, "secrets", ()))


def spellings_of(call: Call) -> list[str]:
    """Every usual spelling of these values, the longest first: their UTF-8 bytes, as text in latin-1."""
    return [text.encode("utf-8", "surrogateescape").decode("latin-1") for text in secrets_of(call).literals]


def hide(call: Call, text: str) -> str:
    """A text without the values of the environment the scope of the call has put in."""
    return secrets_of(call).text(text)
