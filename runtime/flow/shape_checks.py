"""Checks of the shape of a flow: every key of the right type, and what keys are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from runtime.flow import schema
from runtime.flow.problems import FlowWarning, Problem, json_path

_CODES = {"duration": "DURATION", "join_policy": "JOIN_POLICY"}
_STEP_PARTS: dict[str, type[schema.Shape]] = {
    "eventInput": schema.EventInputShape,
    "eventOutput": schema.EventOutputShape,
}
_POLICIES: dict[str, type[schema.Shape]] = {
    "retry": schema.RetryShape,
    "poll": schema.PollShape,
    "timeout": schema.TimeoutShape,
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}
_PLACES = {"task": {"task", "forEach", "retry", "poll", "timeout", "resultSchema"}, "waitForEvent": {"event"}}
_OURS = {key for keys in _PLACES.values() for key in keys}


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


def shape_warnings(source: Mapping[str, Any]) -> Iterator[FlowWarning]:
    """Keys that mean nothing where they stand; in `metadata` unknown keys are other people's and may stand."""
    yield from _unknown(schema.FlowShape, source, "$")
    yield from _unknown(schema.ScheduleShape, _inner(source, "metadata", "schedule"), "$.metadata.schedule")
    for path, connection in listed(source, "connections"):
        yield from _unknown(schema.ConnectionShape, connection, path)
    for path, step in listed(source, "steps"):
        if not isinstance(step, Mapping):
            continue
        kind = step.get("type")
        yield from _unknown(schema.STEP_SHAPES.get(kind) if isinstance(kind, str) else None, step, path)
        for name, part in _STEP_PARTS.items():
            yield from _unknown(part if kind == "waitForEvent" else None, step.get(name), f"{path}.{name}")
        for name, part in _POLICIES.items():
            yield from _unknown(part, _inner(step, "metadata", name), f"{path}.metadata.{name}")
        for name in step["metadata"] if isinstance(step.get("metadata"), Mapping) else ():
            if name in _OURS and isinstance(kind, str) and name not in _PLACES.get(kind, ()):
                yield FlowWarning(
                    "MISPLACED_KEY", json_path(["metadata", name], path), f"{name!r} means nothing on a {kind} step."
                )


def listed(source: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """JSON path and value of every item of a list in a flow; nothing if it is no list."""
    items = source.get(name)
    if isinstance(items, list):
        for index, item in enumerate(items):
            yield f"$.{name}[{index}]", item


def _inner(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _unknown(model: type[schema.Shape] | None, value: Any, path: str) -> Iterator[FlowWarning]:
    if model is None or not isinstance(value, Mapping):
        return
    known = {field.alias for field in model.model_fields.values()}
    for key in value:
        if key not in known:
            yield FlowWarning("UNKNOWN_KEY", json_path([key], path), f"{key!r} is not known here; it is kept, unused.")


def _problems(model: type[schema.Shape], value: Any, path: str) -> Iterator[Problem]:
    try:
        model.model_validate(value)
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_context=False):
            where = json_path([part for part in error["loc"] if part != "[key]"], path)
            yield Problem(_CODES.get(error["type"], "SCHEMA"), where, _sentence(error))


def _sentence(error: Any) -> str:
    kind = error["type"]
    if kind in ("duration", "join_policy", "schedule"):
        return str(error["msg"])
    if kind == "missing":
        return f"{str(error['loc'][-1])!r} is missing."
    if kind == "string_too_short":
        return "This must not be empty."
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
