"""Masks the environment values a task was given in messages, results and logs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from runtime.errors import ExpressionError
from runtime.external.base import Call
from runtime.masking import Masker, masker


def learn(call: Call, values: Iterable[Any]) -> None:
    """Render templates so that the scope of a call knows, and masks, the environment values in them.

    A poll or log request need not use the token the start used, but its answer may contain it.
    """
    for value in values:
        if isinstance(value, str) and "env." in value:
            with contextlib.suppress(ExpressionError):
                call.scope.render(value, env=True)


def secrets_of(call: Call) -> Masker:
    """The masker of the environment values that the scope of a call has used."""
    # Only a scope that records the values it has used has `secrets`.
    return masker(getattr(call.scope, "secrets", ()))


def spellings_of(call: Call) -> list[str]:
    """Every usual spelling of these values, the longest first: their UTF-8 bytes, as text in latin-1."""
    return [text.encode("utf-8", "surrogateescape").decode("latin-1") for text in secrets_of(call).literals]


def hide(call: Call, text: str) -> str:
    """The text with the environment values masked that the scope of the call has used."""
    return secrets_of(call).text(text)
