"""URLs of http bindings: their scheme, host and port come from the flow's text or from `env`, never from data."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

_ENV = re.compile(r"\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*")
_FROM_ENV = "\ue000"
_FROM_DATA = "\ue001"
_AUTHORITY_END = re.compile(r"[/?#]")
_DECODINGS = 4
_UNSENDABLE = re.compile(r"[\x00-\x20\\\x7f]")
_HTTP = re.compile(r"https?://", re.IGNORECASE)


class UnsafeUrl(ValueError):
    """A URL that must not be requested; the message is a sentence."""


def url_problem(template: str) -> str | None:
    """Why a URL template cannot be used, or None."""
    try:
        skeleton, _ = _skeleton(template)
    except UnsafeUrl as error:
        return str(error)
    if "\\" in skeleton:
        return f"`url` {template!r} holds a backslash; write /."
    scheme = _HTTP.match(skeleton)
    if scheme:
        rest = skeleton[scheme.end() :]
    elif skeleton.startswith(_FROM_ENV):
        rest = skeleton[1:].removeprefix("://")
        if rest == "":
            return None
    else:
        return f"`url` {template!r} must begin with http://, https:// or ${{env.NAME}}."
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    if _FROM_DATA in authority:
        return f"In `url` {template!r} scheme, host and port must be written out or come from `env`."
    if scheme and not authority:
        return f"`url` {template!r} has no host."
    return None


def url_target(template: str, environ: Mapping[str, str] | None = None) -> str:
    """Host, and port where one is written, that a template leads to; IPv6 in brackets, lower case.

    `env.NAME` while that variable is not set, '' when there is no host.
    """
    environ = os.environ if environ is None else environ
    try:
        skeleton, names = _skeleton(template)
    except UnsafeUrl:
        return ""
    text = ""
    for character in skeleton:
        if character == _FROM_ENV:
            name = names.pop(0)
            if not environ.get(name) and not re.search(r"[^:/][/?#]", text):
                return f"env.{name}"
            text += environ.get(name, "")
        else:
            text += "x" if character == _FROM_DATA else character
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if host and port is not None else host


def quote_value(text: str) -> str:
    """Percent-encode a value so that it stays within its place in a URL."""
    return quote(text, safe="", errors="replace")


def checked_url(url: object) -> str:
    """The URL, if it may be requested.

    Raises:
        UnsafeUrl: when it is not an http or https URL with a host, or a value in it would climb to another path.
    """
    if not isinstance(url, str):
        raise UnsafeUrl("`url` did not come out as text.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnsafeUrl("`url` did not come out as a URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UnsafeUrl("`url` did not come out as an http:// or https:// URL with a host.")
    if climbs(parts.path):
        raise UnsafeUrl("A value in the path of `url` is `.` or `..`, which would lead to another address.")
    if _UNSENDABLE.search(url):
        raise UnsafeUrl("`url` came out with a space, backslash or control character in it.")
    return url


def climbs(path: str) -> bool:
    """Whether a server may read a part of a path as `.` or `..`.

    Some servers decode before they split, decode twice, or drop what follows a `;`, so every reading is checked.
    """
    if "." not in path and "%" not in path:
        return False
    for _ in range(_DECODINGS):
        if any(part.partition(";")[0] in (".", "..") for part in re.split(r"[/\\]", path)):
            return True
        path = unquote(path)
    return False


def _skeleton(template: str) -> tuple[str, list[str]]:
    """The template with each `${...}` as one mark for `env` or data, and the names of the `env` marks in order."""
    skeleton, names, position = "", [], 0
    while (begin := template.find("${", position)) >= 0:
        skeleton += template[position:begin]
        depth, end = 1, begin + 2
        while end < len(template) and depth:
            depth += {"{": 1, "}": -1}.get(template[end], 0)
            end += 1
        if depth:
            raise UnsafeUrl(f"`url` {template!r} has a `${{` that is not closed.")
        name = _ENV.fullmatch(template[begin + 2 : end - 1])
        skeleton += _FROM_ENV if name else _FROM_DATA
        if name:
            names.append(name[1])
        position = end
    return skeleton + template[position:], names


def with_query(url: str, query: Mapping[str, Any]) -> str:
    """A URL with more values in its query; a list gives its name several times, null leaves it out."""
    pairs = [
        (name, item if isinstance(item, str) else json.dumps(item, ensure_ascii=False))
        for name, value in query.items()
        for item in (value if isinstance(value, list) else [value])
        if item is not None
    ]
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}"
