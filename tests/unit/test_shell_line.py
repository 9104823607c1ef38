"""A line made of words is the same words again to a shell, and safe to show."""

from __future__ import annotations

import subprocess

import pytest

from runtime.safe_text import clean
from runtime.shell_line import shell_line

WORDS = [
    "plain",
    "two words",
    "",
    'it\'s "q"',
    "$HOME `id` $(id) ; & | < > * ? [a] {b} ~ # !",
    "a\nb\tc\\d",
    "\x1b[31m red \x07",
    "\u202eabc\u200b",
    "größe 日本",
    "'\x01'",
    '{"approved": true, "by": "mara"}',
]


@pytest.mark.parametrize("word", WORDS)
def test_a_shell_reads_back_what_was_meant_and_the_screen_is_safe(word: str) -> None:
    line = shell_line(["printf", "%s\\0", word, "end"])
    read = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout.decode()
    assert read.split("\0")[:-1] == [word, "end"]
    assert clean(line, 10_000) == line
    assert "\n" not in line
