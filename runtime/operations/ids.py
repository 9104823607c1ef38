"""Ids and births of runs: given by people, made up, or derived so that what they name is made once."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

from runtime.errors import InvalidInput

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}")
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_BORN_OF = string.ascii_lowercase + string.digits
BIRTH_LENGTH = 10


def checked_id(text: str) -> str:
    """A run id, or InvalidInput."""
    if not RUN_ID.fullmatch(text):
        raise InvalidInput(
            f"{text[:120]!r} is no run id: up to 100 letters, digits, and . _ : @ - after the first letter or digit."
        )
    return text


def random_id() -> str:
    """A short id that is easy to read out."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def random_birth() -> str:
    """What tells a run from every other of its id, in all stores: 10 characters of a-z and 0-9."""
    return "".join(secrets.choice(_BORN_OF) for _ in range(BIRTH_LENGTH))


def derived_id(text: str) -> str:
    """A short id that is always the same for a text, so that what it names is made once."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return "".join(_ALPHABET[number // len(_ALPHABET) ** n % len(_ALPHABET)] for n in range(10))
