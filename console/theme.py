"""How things look: glyphs, chips and the few styles there are; colour is a background and never the only sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from runtime.model.status import LOOKS

Piece = tuple[str, str]
"""A clean text and the name of its style: "", dim, bold, head, red, yellow, cyan."""
Line = tuple[Piece, ...]

COLOURED = {
    "": Style(),
    "dim": Style(dim=True),
    "bold": Style(bold=True),
    "head": Style(bold=True),
    "red": Style(color="bright_white", bgcolor="red", bold=True),
    "yellow": Style(color="black", bgcolor="yellow"),
    "cyan": Style(color="black", bgcolor="cyan"),
}
PLAIN = {**dict.fromkeys(COLOURED, Style()), "dim": Style(dim=True), "bold": Style(bold=True), "head": Style(bold=True)}
SELECTED = Style(reverse=True)

STRIP = {
    "#": ("⣿", "#", ""),
    "+": ("⣤", "+", ""),
    ":": ("⣀", ":", ""),
    "?": ("?", "?", "yellow"),
    "!": ("!", "!", "red"),
    "X": ("✗", "X", "red"),
    "v": ("✓", "v", "dim"),
    ".": ("∙", ".", ""),
    "^": ("^", "^", ""),
    "u": ("¿", "u", "yellow"),
    "z": ("z", "z", ""),
    "w": ("◊", "w", "cyan"),
    "r": ("↻", "r", ""),
    "s": ("»", "s", "dim"),
    "c": ("-", "c", "dim"),
    "~": ("~", "~", "dim"),
}
"""Letters of a stored fork strip: glyph, ASCII, style (docs/console.md, Statuses)."""
CHIPS = {
    "lost": "red",
    "expired": "red",
    "failed": "red",
    "unreachable": "red",
    "stale": "yellow",
    "late": "yellow",
    "overdue": "yellow",
    "held": "yellow",
    "event": "cyan",
}
UNICODE_LINES = {"h": "─", "tl": "┬", "ml": "├", "bl": "└", "mr": "┤", "br": "┘", "v": "│", "open": "▾", "shut": "▸"}
ASCII_LINES = {"h": "-", "tl": "+", "ml": "+", "bl": "+", "mr": "+", "br": "+", "v": "|", "open": "v", "shut": ">"}


@dataclass(frozen=True, slots=True)
class Look:
    """What this terminal can show."""

    ascii: bool = False
    colour: bool = True

    @property
    def styles(self) -> dict[str, Style]:
        """Styles by name."""
        return COLOURED if self.colour else PLAIN

    @property
    def lines(self) -> dict[str, str]:
        """Signs for drawing lines and trees."""
        return ASCII_LINES if self.ascii else UNICODE_LINES

    def glyph(self, status: str) -> str:
        """The sign of a status."""
        known = LOOKS.get(status)
        return " " if known is None else known.ascii if self.ascii else known.glyph

    def status(self, status: str, word: str = "") -> Piece:
        """Glyph and word of a status, in its colour."""
        known = LOOKS.get(status)
        shown = {"awaiting_retry": "to retry"}.get(status, status)
        return (f"{self.glyph(status)} {word or shown}", known.colour if known else "")

    def sign(self, letter: str) -> Piece:
        """One letter of a fork strip as it is drawn."""
        glyph, plain, style = STRIP.get(letter, (letter, letter, ""))
        return (plain if self.ascii else glyph, style)

    def chip(self, word: str) -> Piece:
        """A word that stands out before a why: a background, or brackets where there is no colour."""
        style = CHIPS.get(word.split()[-1], "yellow")
        return (f" {word} ", style) if self.colour else (f"[{word}]", "")

    def rule(self, width: int) -> str:
        """A line of this width."""
        return self.lines["h"] * max(0, width)


def width_of(line: Iterable[Piece]) -> int:
    """Cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def text_of(line: Iterable[Piece]) -> str:
    """A line without its styles."""
    return "".join(text for text, _ in line)


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: padded, or cut and ended with `~`."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "~" if width > 0 else ""


def fit_middle(text: str, width: int) -> str:
    """Exactly `width` cells; what is too long is cut in the middle, as ids are."""
    if cell_len(text) <= width or width < 5:
        return fit(text, width)
    tail = (width - 1) // 2
    return set_cell_size(text, width - 1 - tail) + "~" + text[-tail:]


def crop(line: Iterable[Piece], width: int) -> Line:
    """A line of at most `width` cells; a cut one ends with `~`."""
    kept: list[Piece] = []
    left = width
    for text, style in line:
        size = cell_len(text)
        if size > left:
            if left > 0:
                kept.append((fit(text, left), style))
            elif kept:
                last, last_style = kept[-1]
                kept[-1] = (last[:-1] + "~", last_style)
            break
        kept.append((text, style))
        left -= size
    return tuple(kept)


def plain(text: str, style: str = "") -> Line:
    """A line of one piece."""
    return ((text, style),)


def wrapped(text: str, width: int, indent: str = "") -> Sequence[Line]:
    """Clean text broken at words to lines of `width` cells, later ones indented."""
    parts = wrap(text, max(10, width), subsequent_indent=indent, break_long_words=True, break_on_hyphens=False)
    return [((part, ""),) for part in parts or [""]]


def labelled(label: str, text: str, width: int, size: int = 10) -> list[Line]:
    """Clean text in a column beside its label, wrapped."""
    size = max(size, len(label) + 1)
    parts = wrapped(text, width - size - 1)
    return [
        ((label.ljust(size) if n == 0 else " " * size, "bold" if n == 0 else ""), *part) for n, part in enumerate(parts)
    ]
