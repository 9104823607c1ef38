"""Words, columns and colours for people; every foreign text is cleaned on its way out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

from runtime.model.status import LOOKS
from runtime.safe_text import clean, encodable

_COLOURS = {"red": "\x1b[1;97;41m", "yellow": "\x1b[30;43m", "cyan": "\x1b[30;46m", "dim": "\x1b[2m"}


def colourful(stream: IO[str]) -> bool:
    """Whether colours may be written: only to a terminal, never with NO_COLOR or TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def encoding_of(stream: IO[str]) -> str:
    """What a stream can write."""
    return str(getattr(stream, "encoding", None) or "ascii")


def say(text: str, stream: IO[str] | None = None) -> None:
    """Write one line that is already clean, in what the stream can encode."""
    out = stream or sys.stdout
    out.write(encodable(text, encoding_of(out)) + "\n")


def glyph(status: str, stream: IO[str]) -> str:
    """The sign of a status, in ASCII where the stream needs it."""
    look = LOOKS.get(status)
    if look is None:
        return " "
    plain = encoding_of(stream).lower().replace("-", "") != "utf8" or os.environ.get("TERM") == "linux"
    return look.ascii if plain else look.glyph


def status_word(status: str, stream: IO[str]) -> str:
    """Glyph and word of a status."""
    return f"{glyph(status, stream)} {status}"


def coloured(text: str, status: str, stream: IO[str]) -> str:
    """A text in the look of a status, where the stream shows colours."""
    look = LOOKS.get(status)
    code = _COLOURS.get(look.colour) if look else None
    return f"{code}{text}\x1b[0m" if code and colourful(stream) else text


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, status_column: int | None = None) -> None:
    """Aligned columns, cut to the width of the terminal with `~`."""
    out = sys.stdout
    width = _width() if out.isatty() else 10_000
    texts = [[clean(cell, 400) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in texts)) if texts else len(head) for i, head in enumerate(heads)]
    say(_line(heads, widths, width).rstrip())
    for row, original in zip(texts, rows, strict=True):
        line = _line(row, widths, width).rstrip()
        if status_column is not None:
            word = str(original[status_column]).split()[-1]
            shown = row[status_column]
            line = line.replace(shown, coloured(shown, word, out), 1)
        say(line)


def _width() -> int:
    import shutil  # loads the libraries of all kinds of archives

    return shutil.get_terminal_size((160, 40)).columns


def _line(cells: Sequence[str], widths: Sequence[int], width: int) -> str:
    text = "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True))
    return text if len(text) <= width else text[: width - 1] + "~"


def short_span(seconds: float) -> str:
    """`15 s`, `46 m`, `3 h`, `2 d`."""
    seconds = abs(seconds)
    for limit, size, unit in ((90, 1, "s"), (5_400, 60, "m"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def until(at: datetime | None, now: datetime) -> str:
    """When something is due, seen from now."""
    if at is None:
        return "-"
    seconds = (at - now).total_seconds()
    return short_span(seconds) if seconds >= 0 else f"{short_span(seconds)} late"


def plain(value: Any) -> str:
    """A JSON value in one clean line."""
    from runtime.safe_text import json_text

    return value if isinstance(value, str) else json_text(value, indent=None)
