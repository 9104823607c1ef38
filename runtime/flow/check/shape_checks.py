"""Checks of the shape of a flow: every key of the right type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from runtime.flow.check.walking import listed
from runtime.flow.problems import Problem, json_path
from runtime.flow.read import schema
from runtime.flow.read.shape import Shape

_CODES = {"duration": "DURATION", "join_policy": "JOIN_POLICY"}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}


def shape_problems(source: Mapping[str, Any]) -> Iterator[Problem]:
    """Every key of a flow that is missing or of the wrong type."""
    yield from _problems(schema.FlowShape, source, "$")
    for path, connection in listed(source, "connections"):
        yield from _problems(schema.ConnectionShape, connection, path)
    for path, step in listed(source, "steps"):
        kind = step.get("type") if isinstance(step, Mapping) else None
        model = schema.STEP_SHAPES.get(kind) if isinstance(kind, str) else None
        yield from _problems(model or schema.StepShape, step, path)
        if isinstance(kind, str) and model is None:
            yield Problem(
                "SCHEMA", f"{path}.type", f"{kind[:60]!r} is no type of step; use {', '.join(schema.STEP_SHAPES)}."
            )


def _problems(model: type[Shape], value: Any, path: str) -> Iterator[Problem]:
    try:
        model.model_validate(value)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            where = json_path([part for part in error["loc"] if part != "[key]"], path)
            yield Problem(_CODES.get(error["type"], "SCHEMA"), where, _sentence(error))


def _sentence(error: Any) -> str:
    kind = error["type"]
    if kind in ("duration", "join_policy", "schedule", "labels"):
        return str(error["msg"])
    if kind == "missing":
        return f"{str(error['loc'][-1])!r} is missing."
    if kind == "string_too_short":
        return "This must not be empty."
    if kind == "string_too_long":
        return f"This is too long: at most {error['ctx']['max_length']:,} characters."
    wanted = _WANTED.get(kind) or str(error["msg"]).removeprefix("Input should be ")
    return f"This should be {wanted}, but it is {_kind(error['input'])}."


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:40]}…")
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, Mapping) else "something else"
