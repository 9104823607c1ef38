"""Logging: an action name plus fields; `log_lines` says how it is written."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logging import Logger

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
"""The levels, with the numbers they have in the standard logging tree."""


class Log:
    """Writes actions with fields to the standard logging tree."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _logger(self) -> Logger:
        import logging  # a command that has nothing to log loads no logging

        return logging.getLogger(self._name)

    def debug(self, action: str, **fields: Any) -> None:
        """Something only a developer looks for."""
        self._write(LEVELS["debug"], action, fields)

    def info(self, action: str, **fields: Any) -> None:
        """Something that happened as it should."""
        self._write(LEVELS["info"], action, fields)

    def warning(self, action: str, **fields: Any) -> None:
        """Something an operator should know."""
        self._write(LEVELS["warning"], action, fields)

    def error(self, action: str, **fields: Any) -> None:
        """Something an operator must act on."""
        self._write(LEVELS["error"], action, fields)

    def exception(self, action: str, **fields: Any) -> None:
        """An exception of our own code, with its traceback."""
        self._logger.log(LEVELS["error"], action, extra={"fields": fields}, exc_info=True)

    def _write(self, level: int, action: str, fields: dict[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, action, extra={"fields": fields})


def get_logger(name: str) -> Log:
    """The log of one module."""
    return Log(name)
