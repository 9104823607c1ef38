"""What a store can leave out by itself before a filter looks: never a run that matches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from runtime.errors import InvalidInput
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.model.stored import Hints, Term

GLOB = "*?["
FLAG_TEXTS = {
    "stale": '"is_stale":true',
    "lost": '"is_lost":true',
    "expired": '"is_expired":true',
    "late": '"is_late":true',
    "simulated": '"simulated":true',
    "unconfirmed": '"unconfirmed":',
}
"""What stands in the document of every run with a flag."""
OF_DAMAGED = "damaged cannot be read which record forkjoin why says its"
"""Words that lists say of a run whose document is no use; a text that may be one of them narrows nothing."""
SHORTEST_TEXT = 2
LONGEST_TEXT = 200
"""What holds a text holds its beginning: a database takes no pattern of any length."""
MOST_IDS = 500
MOST_OF_A_KIND = 10
"""Further words narrow nothing: a database takes no condition of any depth."""


def hints_of(words: Sequence[str], now: datetime) -> Hints:
    """The hints of all words of a filter, which must all match; words that are denied give none."""
    found = Hints()
    for word in words:
        if word and not word.startswith("!"):
            found = _both(found, _hints(word, now))
    return found


def _both(one: Hints, other: Hints) -> Hints:
    """What both say; of two that narrow the same, the first is kept."""
    changes = {
        name: (*getattr(one, name), *getattr(other, name))[:MOST_OF_A_KIND]
        for name in ("terms", "said", "texts", "marks", "branch_texts")
    }
    for name in ("statuses", "ids", "created_after", "created_before", "wake_after", "wake_before"):
        changes[name] = getattr(one, name) or getattr(other, name)
    return msgspec.structs.replace(one, **changes)


def _hints(word: str, now: datetime) -> Hints:
    if word.startswith(("error~", "why~")):
        found = _text(word.partition("~")[2])
        return Hints(said=found.texts)
    for key in ("wake", "age"):
        for sign in ("<", ">"):
            if word.startswith(key + sign):
                return _timed(key, sign, word[len(key) + 1 :], now)
    key, colon, value = word.partition(":")
    if not colon:
        return _text(word)
    if key == "flow":
        return Hints(terms=(_term("flow", value),))
    if key == "label":
        name, equals, label = value.partition("=")
        return Hints(terms=(_term(f"label:{name}", label if equals else "*"),))
    if key == "id":
        ids = tuple(value.split(","))
        return Hints() if _literal(value) != value or len(ids) > MOST_IDS else Hints(ids=ids)
    if key == "system":
        return _system(value)
    if key == "status":
        return Hints(statuses=frozenset({value})) if value in set(RunStatus) else Hints()
    if key == "is":
        return _flag(value, now)
    return Hints() if key == "branch" else _text(word)


def _literal(pattern: str) -> str:
    """A pattern up to its first character with a meaning of its own."""
    return pattern[: min((at for sign in GLOB if (at := pattern.find(sign)) >= 0), default=len(pattern))]


def _term(kind: str, pattern: str) -> Term:
    literal = _literal(pattern)
    return Term(kind, literal, whole=literal == pattern)


def _flag(value: str, now: datetime) -> Hints:
    if value == "open":
        return Hints(statuses=frozenset(str(s) for s in RunStatus if s not in ENDED_RUN))
    if value == "ended":
        return Hints(statuses=frozenset(str(s) for s in ENDED_RUN))
    if value == "overdue":
        return Hints(wake_before=now)
    return Hints(marks=(FLAG_TEXTS[value],)) if value in FLAG_TEXTS else Hints()


def _text(text: str) -> Hints:
    """A text that the document of a run holds as it is, in any case; others are looked for by the filter alone."""
    text = text.lower()
    plain = text.isascii() and text.isprintable() and not any(sign in text for sign in '"\\ ')
    if not plain or len(text) < SHORTEST_TEXT or text in OF_DAMAGED:
        return Hints()
    return Hints(texts=(text[:LONGEST_TEXT],))


def _system(value: str) -> Hints:
    """Work on a system names it in the document of its branch; its target may be written in another case."""
    name, colon, _ = value.partition(":")
    literal = _literal(name)
    if not literal or not literal.isascii() or not literal.isprintable() or any(sign in literal for sign in '"\\'):
        return Hints()
    if len(literal) > LONGEST_TEXT:
        return Hints()
    closed = '"' if literal == name and (colon or literal == value) else ""
    return Hints(branch_texts=(f'"external_system":"{literal}{closed}',))


def _timed(key: str, sign: str, span: str, now: datetime) -> Hints:
    from runtime.durations import seconds

    try:
        edge = timedelta(seconds=seconds(span))
        if key == "age":
            return Hints(created_after=now - edge) if sign == "<" else Hints(created_before=now - edge)
        return Hints(wake_before=now + edge) if sign == "<" else Hints(wake_after=now + edge)
    except (InvalidInput, OverflowError):
        return Hints()
