"""What one request to an external system may use, and the `${...}` templates resolved with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from runtime.errors import ExpressionError
from runtime.flow.expressions.evaluation import Expressions, check_syntax, quoted
from runtime.flow.expressions.template_text import Template, parts, shown
from runtime.flow.json_value import plain_text
from runtime.masking import SHORTEST_SECRET, remember

LONGEST_TEXT = 1_000_000
"""A rendered text may have so many characters, as many as a body may have bytes."""


class RequestScope:
    """The names of one request; resolves the templates and expressions of a task's binding.

    Every text is rendered once: a template within a rendered value is never resolved.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        *,
        expressions: Expressions,
        now: datetime,
        seed: int,
        env: Mapping[str, str],
        hidden: Iterable[str] = (),
    ) -> None:
        """Bind the scope to a request.

        Args:
            names: JSON values by name, those of `runtime.flow.expressions.names`.
            expressions: Evaluates expressions that are not paths.
            now: The moment `Date` returns.
            seed: Seeds `Math.random`.
            env: The environment that `${env.NAME}` may read where it is allowed.
            hidden: Names of variables whose values are secrets, whether a template uses them or not.
        """
        self._names = dict(names)
        self._expressions = expressions
        self._now = now
        self._seed = seed
        self._env = env
        self.variables: dict[str, str] = {}
        """Values of the environment by name, of 4 characters or more: to be masked wherever shown."""
        for name in hidden:
            self._learn(name)

    @property
    def secrets(self) -> frozenset[str]:
        """The values that are to be masked wherever something is shown."""
        return frozenset(self.variables.values())

    def _learn(self, name: str) -> str | None:
        found = self._env.get(name)
        if found is not None and len(found) >= SHORTEST_SECRET and name not in self.variables:
            self.variables[name] = found
            remember((found,))
        return found

    def render(self, value: Any, *, env: bool = False, quote: Callable[[str], str] | None = None) -> Any:
        """Replace every `${...}` in the strings of a JSON value, object keys left as they are.

        A template that stands alone keeps the JSON type of its value, unless `quote` is given; within other text
        it becomes text as in JavaScript, objects and lists as JSON.

        Args:
            value: The value as written in the flow.
            env: Whether `${env.NAME}` may be used.
            quote: Applied to the text of values that do not come from the environment.

        Raises:
            ExpressionError: A template is malformed, uses `env` where it may not, names a missing environment
                variable, or cannot be evaluated.
        """
        if isinstance(value, str):
            return self._text(value, env, quote)
        if isinstance(value, Mapping):
            return {key: self.render(item, env=env, quote=quote) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.render(item, env=env, quote=quote) for item in value]
        return value

    def evaluate(self, expression: str, **names: Any) -> Any:
        """Value of an expression over the request and further names; `env` is not among them.

        Raises:
            ExpressionError: It cannot be evaluated.
        """
        return self._value(Template(expression.strip()), {**self._names, **names})

    def _text(self, text: str, env: bool, quote: Callable[[str], str] | None) -> Any:
        if "${" not in text:
            return text
        try:
            found = parts(text)
        except ValueError as problem:
            raise ExpressionError(f"The text {shown(text)} cannot be filled in: {problem}.") from problem
        if len(found) == 1 and isinstance(found[0], Template) and quote is None:
            return self._resolve(found[0], env)[0]
        filled = []
        for part in found:
            if isinstance(part, str):
                filled.append(part)
                continue
            value, from_env = self._resolve(part, env)
            written = as_text(value)
            filled.append(quote(written) if quote is not None and not from_env else written)
        whole = "".join(filled)
        if len(whole) > LONGEST_TEXT:
            raise ExpressionError(f"The text {shown(text)} grows beyond {LONGEST_TEXT:,} characters when filled in.")
        return whole

    def _resolve(self, template: Template, env: bool) -> tuple[Any, bool]:
        path = template.path
        if path is None or path[0] != "env":
            return self._value(template, self._names), False
        if not env:
            raise ExpressionError(
                f"${{{template.code}}} is not allowed here: the environment may be used only in the url and headers "
                "of http and in the env of a process."
            )
        if len(path) != 2 or not isinstance(path[1], str):
            raise ExpressionError(f"${{{template.code}}} names no environment variable; write ${{env.NAME}}.")
        found = self._learn(path[1])
        if found is None:
            raise ExpressionError(
                f"The environment variable {path[1]} is not set; set it where the scheduler runs, then retry."
            )
        return found, True

    def _value(self, template: Template, names: Mapping[str, Any]) -> Any:
        return self._expressions.evaluate(template.code, names, now=self._now, seed=self._seed)


def as_text(value: Any) -> str:
    """A JSON value as it becomes part of a text: like JavaScript, but objects and lists as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _number(value)
    return plain_text(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict))


def template_problems(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path and problem of each malformed template in a JSON value; nothing is evaluated."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, str):
            yield from ((place, problem) for problem in _text_problems(item))
        elif isinstance(item, Mapping):
            waiting.extend(((*place, key), inner) for key, inner in item.items())
        elif isinstance(item, list | tuple):
            waiting.extend(((*place, index), inner) for index, inner in enumerate(item))


def _text_problems(text: str) -> Iterator[str]:
    try:
        found = parts(text)
    except ValueError as problem:
        yield f"{problem}"
        return
    for part in found:
        if isinstance(part, Template) and part.path is None:
            problem_text = check_syntax(part.code)
            if problem_text is not None:
                yield f"{quoted(part.code)} is not a JavaScript expression: {problem_text}"


def _number(value: float) -> str:
    """A number as JavaScript writes it (ECMA-262, Number::toString)."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    minus, text = "-" * sign, "".join(map(str, digits))
    point = len(text) + exponent
    if exponent >= 0 and point <= 21:
        return minus + text + "0" * exponent
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    fraction = f".{text[1:]}" if text[1:] else ""
    return f"{minus}{text[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
