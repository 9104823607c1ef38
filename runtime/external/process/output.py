"""The output of a job: the beginning and the end of a long one, and how much is left out between them."""

from __future__ import annotations

from pathlib import Path

from runtime.external.process.pump import pieces, sizes
from runtime.masking import Masker

_MARGIN = 16 * 1024
_SHORT_OF_SECRETS = Masker(())


class JobOutput:
    """One of the two outputs of a job, as its pump wrote it."""

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        """Read it from a job's folder; `limit` is that of its pump, in bytes."""
        self._path = folder
        self.name = name
        self._limit = limit
        try:
            self._pieces = pieces(str(folder), name)
        except FileNotFoundError:
            self._pieces = []

    @property
    def left_out(self) -> int:
        """Bytes in the middle that were not kept."""
        return (self._pieces[0] - 1) * sizes(self._limit)[1] if self._pieces else 0

    @property
    def notice(self) -> str:
        """The line that stands where bytes are left out."""
        return f"\n[... {self.left_out:,} bytes are left out here: outputLimit is {self._limit:,} bytes ...]\n"

    def whole(self, most: int) -> bytes | None:
        """The whole output; None if it is longer than `most` bytes or a part was left out."""
        if self.left_out:
            return None
        raw = b"".join(self._read(name, most + 1) for name in self._names())
        return None if len(raw) > most else raw

    def tail(self, limit: int, secrets: Masker = _SHORT_OF_SECRETS) -> str:
        """The last `limit` characters, secrets masked, also one that is cut at an edge."""
        beginning, *rest = self._names()
        end = b""
        for name in reversed(rest):
            end = self._end(name, limit + _MARGIN - len(end)) + end
        if self.left_out:
            shown = secrets.tail(end.decode("utf-8", "replace"), limit)
            if len(shown) < limit:
                before = self._end(beginning, limit - len(shown) + _MARGIN).decode("utf-8", "replace")
                before = secrets.tail(secrets.text(before, cut_after=True), limit - len(shown))
                shown = f"{before}{self.notice}{shown}"
            return shown
        end = self._end(beginning, limit + _MARGIN - len(end)) + end
        return secrets.tail(end.decode("utf-8", "replace"), limit)

    def _names(self) -> list[str]:
        return [self.name, *(f"{self.name}.{number}" for number in self._pieces)]

    def _read(self, name: str, most: int) -> bytes:
        try:
            with (self._path / name).open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return b""

    def _end(self, name: str, most: int) -> bytes:
        if most <= 0:
            return b""
        try:
            with (self._path / name).open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - most))
                return file.read(most)
        except FileNotFoundError:
            return b""
