r"""The spellings in which a secret may come back: escaped, percent-encoded, in base64, as a part of a longer text.

Two ways lead to it. `literals` are the texts that usual programs make of it, looked for as they stand. `unfolded` takes
the escapes of a text apart, one kind after the other, so that also an unusual or mixed spelling is seen.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

SHORTEST_SECRET = 4
"""A value of the environment with so many characters is a secret; a shorter one would mask half of every text."""
_LINE = 8
_DEPTH = 4
_SCHEME = re.compile(r"(?:bearer|basic|token|digest|apikey|negotiate)\s+(\S+)", re.IGNORECASE)
_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://([^/?#]*)@")
_BACKSLASH = re.compile(
    r"""\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|([0-3][0-7]{2})"""
    r"""|(["'\\/&?$`!()<>|;*#~= bfnrtea]))""",
    re.IGNORECASE,
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "e": "\x1b", "a": "\a"}
_PERCENT = re.compile(r"%(?:u([0-9a-f]{4})|([0-9a-f]{2}))", re.IGNORECASE)
_PLUS = re.compile(r"\+|%(?:u([0-9a-f]{4})|([0-9a-f]{2}))", re.IGNORECASE)
_ENTITY = re.compile(
    r"&(?:#0*([0-9]{1,7})|#x0*([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp|sol|plus|equals));", re.IGNORECASE
)
_BREAK = re.compile(r"\s*\n\s*")


def parts(value: str) -> list[str]:
    """The secret texts in a value of the environment: the whole, its lines, a password or token within it."""
    found = [value, value.strip()]
    if "\n" in value:
        found += [line.strip() for line in value.splitlines() if len(line.strip()) >= _LINE]
    if (scheme := _SCHEME.fullmatch(value.strip())) is not None:
        found.append(scheme[1])
        if value.lower().startswith("basic"):
            found += _login(_unpacked(scheme[1]))
    if (userinfo := _USERINFO.match(value)) is not None:
        found += _login(userinfo[1]) + _login(unquote(userinfo[1]))
    return list(dict.fromkeys(part for part in found if len(part) >= SHORTEST_SECRET))


def _login(text: str) -> list[str]:
    user, colon, password = text.partition(":")
    return [password] if colon else [user]


def _unpacked(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def plain_forms(secret: str) -> list[str]:
    """The secret itself, read in a wrong encoding, in base64 wherever it stood in it, and in hexadecimal."""
    raw = secret.encode("utf-8", "surrogateescape")
    forms = [secret, raw.decode("latin-1"), raw.hex(), raw.hex().upper()]
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # Bits that a character shares with its neighbours are unknown.
        core = packed[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        forms += [core, core.replace("+", "-").replace("/", "_")]
    return list(dict.fromkeys(form for form in forms if len(form) >= SHORTEST_SECRET))


def literals(secret: str) -> list[str]:
    """Every usual spelling of a secret, the longest first."""
    found: list[str] = []
    for form in plain_forms(secret):
        written = json.dumps(form, ensure_ascii=True)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]
        percent = [
            quote(form, safe="", errors="replace"),
            quote(form, errors="replace"),
            quote_plus(form, errors="replace"),
        ]
        found += [form, *percent, *(re.sub("%..", lambda m: m[0].lower(), text) for text in percent)]
        found += [quote(percent[0], safe=""), html.escape(form), html.escape(form).replace("&#x27;", "&#39;")]
        found += [repr(form)[1:-1], ascii(form)[1:-1], repr(form.encode("utf-8", "replace"))[2:-1]]
        found += [shlex.quote(form).strip("'"), form.replace("'", "\\'").replace('"', '\\"')]
        for once in written:
            twice = json.dumps(once)[1:-1]
            found += [once, once.replace("/", "\\/"), twice, json.dumps(twice)[1:-1]]
    return sorted({text for text in found if len(text) >= SHORTEST_SECRET}, key=lambda text: (-len(text), text))


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A text whose escapes of one kind were decoded, and where its characters stood before."""

    text: str
    begins: tuple[int, ...]
    """Where each escape stands in `text`."""
    ends: tuple[int, ...]
    were: tuple[tuple[int, int], ...]
    """Where each escape stood in the text before."""
    before: Unfolded | None

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """Begin and end of a piece of `text` in the original text."""
        begin, end = self._at(begin)[0], self._at(end - 1)[1]
        return (begin, end) if self.before is None else self.before.place(begin, end)

    def _at(self, index: int) -> tuple[int, int]:
        last = bisect_right(self.begins, index) - 1
        if last < 0:
            return index, index + 1
        if index < self.ends[last]:
            return self.were[last]
        at = self.were[last][1] + index - self.ends[last]
        return at, at + 1


def unfolded(text: str, *, spaces: bool) -> Iterator[Unfolded]:
    """The text with its escapes decoded in every order, as deep as programs nest them; bounded by its length.

    `spaces` says whether `+` may stand for a space.
    """
    kinds = (_BACKSLASH, _PERCENT, *((_PLUS,) if spaces else ()), _ENTITY, _BREAK)
    seen, budget = {text}, max(200_000, 2 * len(text))
    level: list[tuple[str, Unfolded | None, int]] = [(text, None, 0)]
    while level:
        following: list[tuple[str, Unfolded | None, int]] = []
        for now, before, depth in level:
            for kind in kinds:
                made = _apart(now, kind, before)
                if made is None or made.text in seen:
                    continue
                budget -= len(now)
                seen.add(made.text)
                yield made
                if depth + 1 < _DEPTH and budget > 0:
                    following.append((made.text, made, depth + 1))
        level = following


def _apart(text: str, kind: re.Pattern[str], before: Unfolded | None) -> Unfolded | None:
    pieces: list[str] = []
    begins, ends, were = [], [], []
    at = length = 0
    for match in kind.finditer(text):
        meant = _meant(match, kind)
        if meant is None:
            continue
        pieces += [text[at : match.start()], meant]
        length += match.start() - at
        begins.append(length)
        length += len(meant)
        ends.append(length)
        were.append(match.span())
        at = match.end()
    if not were:
        return None
    return Unfolded("".join(pieces) + text[at:], tuple(begins), tuple(ends), tuple(were), before)


def _meant(match: re.Match[str], kind: re.Pattern[str]) -> str | None:
    if kind is _BREAK:
        return ""
    if match[0] == "+":
        return " "
    try:
        if kind is _BACKSLASH:
            if match[1]:
                pair = bytes.fromhex(match[1] + match[2])
                return pair.decode("utf-16-be")
            if match[6]:
                return chr(int(match[6], 8))
            if match[7]:
                return _SHORT.get(match[7], match[7])
            return chr(int(match[3] or match[4] or match[5], 16))
        if kind is _ENTITY:
            return chr(int(match[1])) if match[1] else chr(int(match[2], 16)) if match[2] else html.unescape(match[0])
        return chr(int(match[1] or match[2], 16))
    except ValueError:
        return None
