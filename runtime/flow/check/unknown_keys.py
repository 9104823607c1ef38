"""Warnings about keys that have no meaning where they stand, each with the nearest known key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from runtime.flow.check.walking import listed
from runtime.flow.problems import FlowWarning, json_path
from runtime.flow.read import metadata, schema
from runtime.flow.read.shape import Shape
from runtime.model.binding_keys import Key, KeysOf
from runtime.nearest import VERY_ALIKE, nearest

_SHOWN = 40


def known_keys(model: type[Shape]) -> list[str]:
    """The keys a model knows, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def key_warnings(source: Mapping[str, Any]) -> Iterator[FlowWarning]:
    """Every key of a flow that is not known there, or is for another type of step."""
    yield from _unknown(schema.FlowShape, source, "$")
    yield from _of_metadata(
        metadata.FlowMetadata, metadata.StepMetadata, source.get("metadata"), "$.metadata", "a step"
    )
    for path, connection in listed(source, "connections"):
        yield from _unknown(schema.ConnectionShape, connection, path)
    for path, step in listed(source, "steps"):
        if not isinstance(step, Mapping):
            continue
        kind = step.get("type")
        ours = step.get("metadata")
        if isinstance(kind, str) and kind in schema.STEP_SHAPES:
            yield from _unknown(schema.STEP_SHAPES[kind], step, path)
        yield from _of_metadata(metadata.StepMetadata, metadata.FlowMetadata, ours, f"{path}.metadata", "the flow")
        for name in ours if isinstance(ours, Mapping) and isinstance(kind, str) else ():
            if name in metadata.ON and kind not in metadata.ON[name]:
                where = json_path(["metadata", name], path)
                yield FlowWarning("MISPLACED_KEY", where, f"{name!r} means nothing on a {kind} step.")


def binding_key_warnings(source: Mapping[str, Any], keys_of: KeysOf) -> Iterator[FlowWarning]:
    """Every key of a `metadata.task` that its external system does not know."""
    for path, step in listed(source, "steps"):
        ours = step.get("metadata") if isinstance(step, Mapping) else None
        task = ours.get("task") if isinstance(ours, Mapping) and step.get("type") == "task" else None
        system = task.get("system") if isinstance(task, Mapping) else None
        keys = keys_of(system) if isinstance(system, str) else None
        if keys is not None and isinstance(task, Mapping):
            yield from _of_binding(task, {"system": Key(), **keys}, f"{path}.metadata.task")


def _of_binding(value: Mapping[str, Any], keys: Mapping[str, Key], path: str) -> Iterator[FlowWarning]:
    for name, item in value.items():
        where = json_path([name], path)
        key = keys.get(name)
        if key is None:
            yield FlowWarning("UNKNOWN_KEY", where, told(name, keys))
        elif key.within is not None and isinstance(item, Mapping):
            yield from _of_binding(item, key.within, where)


def told(key: str, known: Collection[str]) -> str:
    """The sentence about a key that is not known."""
    near = nearest(key, known)
    meant = f"; did you mean {near!r}?" if near else "; it is kept, unused."
    return f"{key[:_SHOWN]!r} is not known here{meant} Known are {', '.join(sorted(known))}."


def _unknown(model: type[Shape], value: Any, path: str) -> Iterator[FlowWarning]:
    """Unknown keys of an object and of the objects in it; `metadata` has rules of its own."""
    if not isinstance(value, Mapping):
        return
    known = known_keys(model)
    ours = {*known_keys(metadata.StepMetadata), *known_keys(metadata.FlowMetadata)}
    for key in value:
        if key not in known:
            where = json_path([key], path)
            if key in ours and "metadata" in known:
                yield FlowWarning("UNKNOWN_KEY", where, f"{key!r} means something in `metadata` only; write it there.")
            else:
                yield FlowWarning("UNKNOWN_KEY", where, told(key, known))
    yield from _within(model, value, path)


def _of_metadata(
    model: type[Shape], other: type[Shape], value: Any, path: str, elsewhere: str
) -> Iterator[FlowWarning]:
    """Unknown keys that resemble a known one; any other key may belong to another program."""
    if not isinstance(value, Mapping):
        return
    known, others = known_keys(model), known_keys(other)
    for key in value:
        if key in known:
            continue
        where = json_path([key], path)
        if key in others:
            yield FlowWarning("MISPLACED_KEY", where, f"{key!r} means something in the `metadata` of {elsewhere} only.")
        elif near := nearest(key, known, VERY_ALIKE):
            message = f"{key[:_SHOWN]!r} is not known here and unused; did you mean {near!r}?"
            yield FlowWarning("UNKNOWN_KEY", where, message)
    yield from _within(model, value, path)


def _within(model: type[Shape], value: Mapping[str, Any], path: str) -> Iterator[FlowWarning]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        loose = (metadata.FlowMetadata, metadata.StepMetadata, metadata.TaskShape, schema.SchemaShape)
        if isinstance(inner, type) and issubclass(inner, Shape) and not issubclass(inner, loose):
            key = field.alias or name
            yield from _unknown(inner, value.get(key), json_path([key], path))
