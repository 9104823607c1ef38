"""Odd secrets, and every way in which they are spelt where they come back."""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus

ODD = (
    "s3cret-token-value",
    'quo"te\\back/sl@sh:colon',
    "pässwörd with spaces+&<'>%41",
    "emoji-😀-key\ttab",
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----",
    "abcd",
)


def spellings(secret: str) -> dict[str, str]:
    """Spellings by name, each of which gives the secret away to whoever knows how to read it."""
    raw = secret.encode()
    plain, exact = json.dumps(secret), json.dumps(secret, ensure_ascii=False)
    found = {
        "plain": secret,
        "json": plain[1:-1],
        "json exact": exact[1:-1],
        "json in json": json.dumps(plain)[1:-1],
        "json in json in json": json.dumps(json.dumps(plain)[1:-1])[1:-1],
        "json with escaped slashes": plain[1:-1].replace("/", "\\/"),
        "json, all escaped": "".join(f"\\u{ord(c):04X}" for c in secret if ord(c) < 65536),
        "percent": quote(secret, safe=""),
        "percent, lower case": quote(secret, safe="").lower() if secret.islower() else quote(secret, safe="@"),
        "percent of every byte": "".join(f"%{byte:02x}" for byte in raw),
        "percent twice": quote(quote(secret, safe=""), safe=""),
        "form": quote_plus(secret),
        "base64": base64.b64encode(raw).decode(),
        "base64 url": base64.urlsafe_b64encode(raw).decode(),
        "base64 after one": base64.b64encode(b"x" + raw).decode(),
        "base64 after two": base64.b64encode(b"xy" + raw + b"tail").decode(),
        "basic login": "Basic " + base64.b64encode(b"user:" + raw).decode(),
        "base64 in lines": base64.encodebytes(b"a longer text before it, " * 3 + raw).decode(),
        "base64 as percent": quote(base64.b64encode(b"u:" + raw).decode(), safe=""),
        "hex": raw.hex(),
        "hex, upper case": raw.hex().upper(),
        "html": html.escape(secret),
        "html by numbers": "".join(f"&#{ord(c)};" for c in secret),
        "html in json": json.dumps(html.escape(secret))[1:-1],
        "json in percent": quote(plain, safe=""),
        "repr": repr(secret),
        "ascii": ascii(secret),
        "bytes": repr(raw),
        "shell": shlex.quote(secret),
        "exception": repr(ValueError(f"bad {secret}")),
        "wrong encoding": raw.decode("latin-1"),
        "octal": "".join(f"\\{byte:03o}" for byte in raw),
    }
    if any(ord(c) > 65535 for c in secret):
        del found["json, all escaped"]
    return found
