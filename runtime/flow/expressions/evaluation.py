"""Conditions and other JavaScript expressions of a flow, evaluated in QuickJS without any I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from runtime.errors import ExpressionError
from runtime.flow.expressions import sandbox
from runtime.flow.expressions.exact_values import Given, received, sent
from runtime.flow.expressions.lookup import NothingThere, look_up, truth
from runtime.flow.expressions.names import UNDEFINED
from runtime.flow.expressions.template_text import path_of
from runtime.flow.json_value import exact_json

MAXIMUM_CODE_LENGTH = 20_000
"""An expression may have so many characters."""
_TRIES = 5
_UNNARROWED = re.compile(r"\\|\beval\b|\bFunction\b|\bglobalThis\b|\bthis\b|\bconstructor\b|\bwith\b")
_INHERITED = frozenset({
    "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
    "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
})  # fmt: skip


class Expressions:
    """Evaluates expressions; every evaluation has an engine of its own, so that no state is shared."""

    def __init__(self, time_limit_seconds: float = 0.25, memory_limit_bytes: int = 64 * 1024 * 1024) -> None:
        """Set the bounds of each evaluation.

        Args:
            time_limit_seconds: Processor time one evaluation may take, in seconds.
            memory_limit_bytes: Memory one evaluation may take, in bytes, the values it is given included.
        """
        self._seconds = time_limit_seconds
        self._memory = memory_limit_bytes

    def evaluate(self, code: str, names: Mapping[str, Any], *, now: datetime, seed: int) -> Any:
        """Value of an expression as JSON; undefined is None.

        A path alone is looked up, exactly. In all else whole numbers beyond 2^53 are BigInts, those written in the
        expression too, and a value that is passed through keeps the order of its keys.

        Args:
            code: One JavaScript expression.
            names: Global names of the expression and their JSON values.
            now: The moment `Date` returns; local time is UTC.
            seed: Seeds `Math.random`.

        Raises:
            ExpressionError: It throws, is no expression, takes too long or too much memory, or its value is not
                JSON with finite numbers.
        """
        path = _known_path(code, names)
        if path is not None:
            return self._looked_up(code, path, names)
        try:
            return exact_json(received(self._run(code, names, "value", now, seed)))
        except (ValueError, RecursionError) as problem:
            raise ExpressionError(f"{quoted(code)} gave a value that cannot be used: {problem}.") from problem

    def truthy(self, code: str, names: Mapping[str, Any], *, now: datetime, seed: int) -> bool:
        """JavaScript truth of an expression; raises ExpressionError like `evaluate`."""
        path = _known_path(code, names)
        if path is not None:
            return truth(self._looked_up(code, path, names))
        return self._run(code, names, "truth", now, seed).text == "true"

    def check_syntax(self, code: str) -> str | None:
        """What keeps a text from being one expression, or None."""
        return check_syntax(code)

    def _looked_up(self, code: str, path: tuple[str | int, ...], names: Mapping[str, Any]) -> Any:
        try:
            return look_up(path, names)
        except NothingThere as problem:
            raise ExpressionError(f"{quoted(code)} failed: {problem}.") from problem

    def _run(self, code: str, names: Mapping[str, Any], form: str, now: datetime, seed: int) -> Given:
        problem = check_syntax(code)
        if problem is not None:
            raise ExpressionError(f"{quoted(code)} is not a JavaScript expression: {problem}.")
        try:
            given = {name: None if value is UNDEFINED else sent(value) for name, value in narrowed(code, names).items()}
        except (TypeError, ValueError, RecursionError) as error:
            raise ExpressionError(f"{quoted(code)} was given a value that is not JSON: {error}.") from error
        allowed = self._seconds
        for tries_left in range(_TRIES - 1, -1, -1):
            began = time.thread_time()
            try:
                return sandbox.run(code, given, form=form, now=now, seed=seed, seconds=allowed, memory=self._memory)
            except sandbox.StackOverflow as error:
                raise ExpressionError(f"{quoted(code)} failed: it calls itself too deeply.") from error
            except sandbox.JSException as error:
                reason = sandbox.first_line(error)
                if "interrupted" not in reason:
                    raise ExpressionError(f"{quoted(code)} failed: {_reason(reason)}.") from error
                # QuickJS counts the processor time of all threads: the part of other threads is added to the limit.
                if tries_left == 0 or time.thread_time() - began >= self._seconds:
                    raise ExpressionError(
                        f"{quoted(code)} failed: it took longer than {self._seconds:g} seconds of processor time."
                    ) from error
                allowed *= 2
        raise AssertionError("unreachable")


@lru_cache(maxsize=4096)
def check_syntax(code: str) -> str | None:
    """What keeps a text from being one JavaScript expression, or None; nothing is executed."""
    return syntax_checker()(code)


def syntax_checker() -> Callable[[str], str | None]:
    """A `check_syntax` that shares one engine between calls; for many checks in a row on one thread."""
    context = sandbox.new_engine()

    def check(code: str) -> str | None:
        if len(code) > MAXIMUM_CODE_LENGTH:
            return f"it has {len(code):,} characters, more than {MAXIMUM_CODE_LENGTH:,}"
        if not code.strip():
            return "it is empty"
        if "\0" in code or any("\ud800" <= c <= "\udfff" for c in code):
            return "it holds characters that no program text may hold"
        return sandbox.parse_problem(context, code)

    return check


def narrowed(code: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The names an expression can see, reduced to the members it reads where its text shows them."""
    if _UNNARROWED.search(code):
        return dict(names)
    given: dict[str, Any] = {}
    for name, value in names.items():
        if name not in code:
            continue
        members = _members_read(code, name) if isinstance(value, Mapping) else None
        given[name] = value if members is None else {m: value[m] for m in value if m in members}
    return given


def _members_read(code: str, name: str) -> set[str] | None:
    """The members of an object that the code reads; None if it may read any."""
    members = set()
    for use in re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", code):
        member = re.compile(r"\s*(?:\?\.|\.)\s*([A-Za-z_$][\w$]*)").match(code, use.end())
        if member is None:
            return None
        members.add(member[1])
    return None if members & _INHERITED else members


def quoted(code: str) -> str:
    """An expression as it is named in messages."""
    text = " ".join(code.split())
    return f"`{text if len(text) <= 120 else text[:120] + '…'}`"


def _known_path(code: str, names: Mapping[str, Any]) -> tuple[str | int, ...] | None:
    path = path_of(code.strip())
    return path if path is not None and path[0] in names else None


def _reason(text: str) -> str:
    if "out of memory" in text:
        return "it needs too much memory"
    if "bigint" in text.lower():
        return (
            f"{text.rstrip('.')}: a whole number beyond 2^53 is a BigInt, which can be compared with other numbers but "
            "not mixed in arithmetic; write Number(...) around it where rounding does no harm"
        )
    return text.rstrip(".")
