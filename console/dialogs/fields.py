"""Fields of dialogs: drawn, read and checked; forms are made of them from a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input

from console.dialogs.act_form import Field
from console.theme import Line, Look, fit
from console.widgets.bar import Bar
from console.widgets.line import LineInput
from console.widgets.push import Toggle
from runtime.safe_text import clean

LABEL = 12


def compose_field(look: Look, one: Field) -> ComposeResult:
    """Label, then a toggle or an input, then a hint."""
    label = fit(clean(one.label, 40), LABEL - 2) + ("*" if one.required else " ")
    with Horizontal(classes="field"):
        yield Bar(look, still(((label, "bold"),)), classes="label")
        if one.kind == "choice" and one.choices:
            yield Toggle(look, one.choices, one.preset, id=widget_id(one))
        else:
            yield LineInput(
                one.preset, id=widget_id(one), compact=True, select_on_focus=False, placeholder=clean(one.hint, 200)
            )
        yield Bar(look, lambda width: [], id=f"{widget_id(one)}-problem", classes="problem")


def still(*lines: Line) -> Callable[[int], Sequence[Line]]:
    """Draws the same lines whatever the width."""
    return lambda width: lines


def widget_id(one: Field) -> str:
    """A widget's id for a field, whatever characters its name has."""
    return "field-" + one.name.encode().hex()


def read(screen: Screen[Any], fields: Sequence[Field]) -> tuple[dict[str, Any], list[str]]:
    """Values of the fields that are filled in, and what is wrong with the others."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for one in fields:
        found = screen.query(f"#{widget_id(one)}")
        if not found:
            return values, problems
        widget = found.first()
        text = widget.value if isinstance(widget, Toggle | Input) else ""
        problem = _read_one(one, text, values)
        if problem:
            problems.append(problem)
    return values, problems


def _read_one(one: Field, text: str, values: dict[str, Any]) -> str:
    if not text.strip():
        return f"{one.label} is needed" if one.required else ""
    if one.kind == "text":
        values[one.name] = text
        return ""
    try:
        values[one.name] = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        if one.text_only and not text.lstrip().startswith(("{", "[", '"')):
            values[one.name] = text
            return ""
        return f"{one.label} must be {one.hint or 'JSON'}"
    if one.text_only and not isinstance(values[one.name], str):
        values[one.name] = text
    return ""


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def mark(screen: Screen[Any], fields: Sequence[Field]) -> None:
    """Say at each field what is wrong with it."""
    for one in fields:
        widget = screen.query_one(f"#{widget_id(one)}")
        text = widget.value if isinstance(widget, Toggle | Input) else ""
        problem = _read_one(one, text, {}) if text.strip() else ""
        bar = screen.query_one(f"#{widget_id(one)}-problem", Bar)
        shown: list[Line] = [((f"[{clean(problem, 120)}]", "bold"),)] if problem else []
        bar.styles.width = min(40, len(problem) + 3) if problem else 0
        bar.show(still(*shown))


def fill(screen: Screen[Any], fields: Sequence[Field], values: Mapping[str, str]) -> None:
    """Write values into those fields that are still empty."""
    for one in fields:
        widget = screen.query_one(f"#{widget_id(one)}")
        if one.name in values and isinstance(widget, Input) and not widget.value.strip():
            widget.value = values[one.name]


HINTS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "array": 'a list, like ["REL-9"]',
    "object": 'an object, like {"key": 1}',
    "null": "null",
}


def from_schema(schema: Mapping[str, Any] | None) -> tuple[Field, ...]:
    """A field for each property of an object schema; otherwise one field for the whole value as JSON."""
    properties = (schema or {}).get("properties")
    if not isinstance(properties, Mapping) or not properties or len(properties) > 30:
        return (Field("", "value", "json", required=bool(schema), hint="JSON"),)
    required = (schema or {}).get("required", [])
    return tuple(_from_property(str(name), rule, required=name in required) for name, rule in properties.items())


def _from_property(name: str, rule: Any, *, required: bool) -> Field:
    rule = rule if isinstance(rule, Mapping) else {}
    kind = rule.get("type")
    preset = json.dumps(rule["default"]) if "default" in rule else ""
    choices: tuple[str, ...] = ()
    if kind == "boolean":
        choices = ("true", "false")
    elif isinstance(rule.get("enum"), list) and len(rule["enum"]) <= 6:
        choices = tuple(json.dumps(value) for value in rule["enum"])
    hint = HINTS.get(kind, "JSON") if isinstance(kind, str) else "JSON"
    return Field(
        name, name, "choice" if choices else "json", required, preset, choices, hint, text_only=kind == "string"
    )


def payload_of(values: Mapping[str, Any]) -> Any:
    """The value a form stands for."""
    return values[""] if set(values) == {""} else dict(values)
