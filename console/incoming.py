"""Bytes of a terminal as keys and pastes: nothing in them can end the console, or steer it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from textual._xterm_parser import XTermParser
from textual.events import Key, Paste, Resize
from textual.message import Message

ESC = 0x1B
LONGEST_SEQUENCE = 32
"""Bytes of an escape sequence that may mean something; longer ones are passed over whole."""
PASTE_LIMIT = 1_000_000
"""Bytes of a paste that are kept."""
ESCAPE_SECONDS = 0.1
"""After so long an escape character without more was the key."""
SEQUENCE_SECONDS = 0.5
"""After so long a sequence without an end was none."""
PASTE_SECONDS = 2.0
"""A paste of which nothing came for so long is over: a start without an end must not swallow the keys for ever."""
PASTE_START, PASTE_END = b"\x1b[200~", b"\x1b[201~"
STRINGS = b"]P_^X"
"""What begins a string of the terminal after an escape character: OSC, DCS, APC, PM, SOS."""
_SEQUENCE = re.compile(
    rb"\x1b(?:\[(?:M(?P<mouse>[\x00-\xff]{3})|\[[\x40-\x7e]|(?![M\[])[\x20-\x3f]*[\x40-\x7e])"
    rb"|O[\x30-\x3f]*[\x40-\x7e]|(?![\[O\x1b])[\x00-\x7f])"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[(?:M[\x00-\xff]{0,2}|\[|[\x20-\x3f]*)|O[\x30-\x3f]*)?")
_STRING_END = re.compile(rb"\x07|\x1b\\")


class Incoming:
    """Gives keys, pastes and what else is known of the bytes so far, whatever pieces they come in."""

    def __init__(self) -> None:
        self._held = b""
        """The beginning of what has not come whole."""
        self._paste: bytearray | None = None
        self._in_string = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def patience(self) -> float | None:
        """After how many seconds without bytes `rest` is to be called; None while nothing is held."""
        if self._paste is not None:
            return PASTE_SECONDS
        if len(self._held) > 1:
            return SEQUENCE_SECONDS
        return ESCAPE_SECONDS if self._held or self._in_string else None

    def feed(self, data: bytes) -> Iterator[Message]:
        """What has come."""
        data, self._held = self._held + data, b""
        while data:
            if self._paste is not None:
                tokens, data = self._pasted(data)
                yield from tokens
            elif self._in_string:
                data = self._string(data)
            else:
                place = data.find(ESC)
                if place != 0:
                    part, data = (data, b"") if place < 0 else (data[:place], data[place:])
                    yield from self._typed(part, final=bool(data))
                else:
                    # What was begun before an escape character is no character.
                    yield from self._typed(b"", final=True)
                    tokens, data = self._sequence(data)
                    yield from tokens

    def rest(self) -> Iterator[Message]:
        """Nothing came for a while: what is held was all there is."""
        held, self._held, self._in_string = self._held, b"", False
        if self._paste is not None:
            self._paste += held
            yield self._over()
        elif held == b"\x1b":
            yield Key("escape", "\x1b")

    def _typed(self, part: bytes, *, final: bool) -> Iterator[Message]:
        text = self._decoder.decode(part, final)
        if text:
            yield from _parsed(text)

    def _sequence(self, data: bytes) -> tuple[list[Message], bytes]:
        """The sequence at the beginning, and the bytes behind it."""
        if data[1:2] and data[1] in STRINGS:
            self._in_string = True
            return [], data[2:]
        match = _SEQUENCE.match(data)
        if match is None:
            begun = _UNFINISHED.match(data)
            assert begun is not None
            if begun.end() == len(data):
                # Of one that is too long enough is kept to know that it is.
                self._held = data[: 2 * LONGEST_SEQUENCE]
                return [], b""
            if begun.end() == 1:
                return [Key("escape", "\x1b")], data[1:]
            # Not a sequence: passed over as far as it looked like one.
            return [], data[begun.end() :]
        sequence, behind = match.group(), data[match.end() :]
        if sequence == PASTE_START:
            self._paste = bytearray()
            return [], behind
        if match["mouse"] is not None or len(sequence) > LONGEST_SEQUENCE or sequence == PASTE_END:
            return [], behind
        tokens = [t for t in _parsed(sequence.decode("latin-1")) if not isinstance(t, Resize)]
        if not tokens and len(sequence) == 2:
            # The key and another one in one piece; no key of ours is held together with alt.
            return [Key("escape", "\x1b")], sequence[1:] + behind
        return tokens, behind

    def _string(self, data: bytes) -> bytes:
        """Pass over a string of the terminal; gives the bytes behind it."""
        end = _STRING_END.search(data)
        if end is not None:
            self._in_string = False
            return data[end.end() :]
        self._held = b"\x1b" if data[-1] == ESC else b""
        return b""

    def _pasted(self, data: bytes) -> tuple[list[Message], bytes]:
        """Add to the paste; gives it once it is over, and the bytes behind it."""
        assert self._paste is not None
        text, end, behind = data.partition(PASTE_END)
        if not end:
            # The end may have come in part.
            kept = next((n for n in range(len(PASTE_END) - 1, 0, -1) if text.endswith(PASTE_END[:n])), 0)
            text, self._held = text[: len(text) - kept], text[len(text) - kept :]
        self._paste += text[: PASTE_LIMIT - len(self._paste)]
        return ([self._over()], behind) if end else ([], b"")

    def _over(self) -> Paste:
        pasted, self._paste = self._paste or b"", None
        return Paste(pasted.decode("utf-8", "replace").replace("\x00", ""))


def _parsed(text: str) -> list[Message]:
    """What Textual knows of characters or of one sequence; what it stumbles over means nothing.

    Each time a parser of its own: one that does not know a sequence reads what follows as part of it, then all as keys.
    """
    try:
        return list(XTermParser().feed(text))
    except (ValueError, OverflowError, LookupError):
        return []
