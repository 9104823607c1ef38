"""What threads and widgets tell the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.message import Message


class ReadDone(Message):
    """A reading thread has an answer; `receive(value)` or `fail(problem)` is to be called by the app's thread."""

    def __init__(self, receive: Callable[[Any], None], value: Any, topic: str, serial: int) -> None:
        super().__init__()
        self.receive = receive
        self.value = value
        self.topic = topic
        self.serial = serial


class ReadFailed(Message):
    """Reading failed: the sentence says why."""

    def __init__(self, topic: str, serial: int, problem: Exception, fail: Callable[[Exception], None] | None) -> None:
        super().__init__()
        self.topic = topic
        self.serial = serial
        self.problem = problem
        self.fail = fail


class StoreEvent(Message):
    """A thread has something to tell; `take()` is to be called by the app's thread."""

    def __init__(self, take: Callable[[], None]) -> None:
        super().__init__()
        self.take = take


class ShowMessage(Message):
    """A sentence for the line above the footer."""

    def __init__(self, text: str, *, trouble: bool = False) -> None:
        super().__init__()
        self.text = text
        self.trouble = trouble


class RowHighlighted(Message):
    """The cursor of a list or pane stands on another row."""

    def __init__(self, control: Any, index: int) -> None:
        super().__init__()
        self.rows = control
        self.index = index


class RowOpened(Message):
    """Enter was pressed on a row of a list or pane."""

    def __init__(self, control: Any, index: int) -> None:
        super().__init__()
        self.rows = control
        self.index = index
