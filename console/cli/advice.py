"""Sentences that suggest commands, as they must be given on this line."""

from __future__ import annotations

from console.cli.session import session


def with_session_options(sentence: str) -> str:
    """A sentence whose commands name the store and workflows of this invocation."""
    from console.cli.advised import advised
    from console.cli.main import NAMES

    return advised(sentence, session().overrides, NAMES)
