"""Exceptions of task code, recorded where they were raised so that no code of an author runs elsewhere."""

from __future__ import annotations

import traceback

from runtime.plain_json import plain_text

DETAILS_BYTES = 4096


class TaskRaised(Exception):
    """Task code raised; `type`, `message` and `details` are plain text."""

    def __init__(self, type_name: str, message: str, details: str) -> None:
        super().__init__(f"{type_name}: {message}")
        self.type = type_name
        self.message = message
        self.details = details
        """The end of the traceback, where the author's lines stand, at most 4 kB of UTF-8."""


def taken_down(error: BaseException) -> TaskRaised:
    """The plain record of an author's exception; it holds none of the author's objects."""
    name = plain_text(type(error).__name__)
    try:
        message = plain_text(str(error))
        text = "".join(traceback.format_exception(error))
    except BaseException:  # the author's own __str__ may raise, or end the program
        message, text = "(its text cannot be had)", ""
    tail = text.encode("utf-8", "replace")[-DETAILS_BYTES:]
    return TaskRaised(name, message or name, tail.decode("utf-8", "ignore"))
