"""External ids that hold a secret: stored with the name of its variable in its place, and whole again on the wire.

An id is not masked, since the job could then never be asked for; nor is it stored in clear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtime.errors import Unreachable
from runtime.masking import SHORTEST_SECRET, masker

_PLACE = re.compile(r"\*\*\*\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:/(\d+))?)?\}")
_OPENING = "***{"


def seal(external_id: str, variables: Mapping[str, str]) -> str | None:
    """The id as it may be stored; None when a secret is spelt in it in a way that cannot be kept.

    Args:
        external_id: As the external system gave it.
        variables: Values of the environment by name.
    """
    secret = masker(variables.values())
    if not secret.literals or not secret.spans(external_id):
        return _quoted(external_id)
    places = [
        (literal, f"{_OPENING}{name}{f'/{number}' if number else ''}}}")
        for name, value in sorted(variables.items())
        if len(value) >= SHORTEST_SECRET
        for number, literal in enumerate(_spelt(value))
    ]
    places.sort(key=lambda place: -len(place[0]))
    sealed, plain, at = "", "", 0
    while at < len(external_id):
        found = next((place for place in places if external_id.startswith(place[0], at)), None)
        if found is None:
            plain += external_id[at]
            at += 1
            continue
        sealed += _quoted(plain) + found[1]
        plain, at = "", at + len(found[0])
    sealed += _quoted(plain)
    return None if secret.spans(sealed) else sealed


def unseal(stored: str | None, environ: Mapping[str, str], allowed: frozenset[str]) -> str | None:
    """The id as the external system gave it.

    Args:
        stored: As it was stored.
        environ: Where the values come from.
        allowed: Names the flow's bindings use; an id cannot ask for any other.

    Raises:
        Unreachable: a variable is not set any more.
    """
    if stored is None or _OPENING not in stored:
        return stored

    def whole(place: re.Match[str]) -> str:
        name, number = place[1], int(place[2] or 0)
        if name is None:
            return _OPENING
        if name not in allowed:
            return place[0]
        value = environ.get(name)
        if value is None:
            raise Unreachable(
                f"The external id holds the value of the environment variable {name}, which is not set; "
                "set it where the scheduler runs."
            )
        spelt = _spelt(value)
        return spelt[number] if number < len(spelt) else place[0]

    return _PLACE.sub(whole, stored)


def _spelt(value: str) -> list[str]:
    """Spellings of a value, itself first; their order depends on nothing but the value."""
    return [value, *(text for text in masker([value]).literals if text != value)]


def _quoted(plain: str) -> str:
    return plain.replace(_OPENING, f"{_OPENING}}}")
