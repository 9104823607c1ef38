"""Checks of everything in a flow that is JavaScript: that it is an expression, and that the names in it exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.flow.check.walking import listed
from runtime.flow.expressions.evaluation import quoted, syntax_checker
from runtime.flow.expressions.free_names import free_names
from runtime.flow.expressions.names import GLOBALS, REQUEST_NAMES, RUN_NAMES, may_be_bare
from runtime.flow.expressions.template_text import Template, parts, path_of
from runtime.flow.problems import Problem, json_path
from runtime.model.binding_keys import Key, KeysOf
from runtime.nearest import nearest

ASSIGN_NAMES = (*RUN_NAMES, "result", "failure")
_COMPARED = 50
"""A similar known name is searched for so many unknown names: for thousands it would take too long."""


@dataclass(frozen=True, slots=True)
class _Code:
    """An expression, or what is wrong with the text it stands in."""

    path: str
    code: str
    names: tuple[str, ...]
    env: bool = False
    """Whether it is a template that may be `env.NAME`."""
    malformed: str = ""


def expression_problems(source: Mapping[str, Any], keys_of: KeysOf | None = None) -> Iterator[Problem]:
    """Conditions, `forEach`, `assign`, templates and readings that are no expressions, or name what is not there."""
    problem_of = syntax_checker()
    bare = _properties(source)
    named = 0
    for found in _all(source, keys_of):
        if found.malformed:
            yield Problem("CONDITION_SYNTAX", found.path, f"{found.malformed[:1].upper()}{found.malformed[1:]}.")
            continue
        problem = None if path_of(found.code) else problem_of(found.code)
        if problem is not None:
            message = f"{quoted(found.code)} is not a JavaScript expression: {problem}."
            yield Problem("CONDITION_SYNTAX", found.path, message)
            continue
        for unknown in _unknown_names(found, bare, compare=named < _COMPARED):
            named += 1
            yield unknown


def _unknown_names(found: _Code, bare: frozenset[str], *, compare: bool) -> Iterator[Problem]:
    path = path_of(found.code)
    names = [str(path[0])] if path else free_names(found.code)
    for name in names:
        if name in found.names or name in GLOBALS or name in bare:
            continue
        if name == "env" and "env" not in found.names:
            if found.env and path is not None and len(path) == 2:
                continue
            if path is None or not found.env:
                message = (
                    f"{quoted(found.code)}: `env` works only as ${{env.NAME}}, in url, headers and a process's env."
                )
            else:
                message = f"{quoted(found.code)} names no environment variable; write ${{env.NAME}}."
            yield Problem("UNKNOWN_NAME", found.path, message)
            continue
        near = nearest(name, (*found.names, *sorted(bare))) if compare else None
        meant = f"; did you mean {near!r}?" if near else "."
        yield Problem(
            "UNKNOWN_NAME",
            found.path,
            f"{quoted(found.code)} names {name[:60]!r}, which is not there{meant} "
            f"Known are {', '.join(found.names)}, and what globalStateSchema declares.",
        )


def _properties(source: Mapping[str, Any]) -> frozenset[str]:
    """Properties of the state that are declared, given or assigned: by themselves they name their values."""
    schema, given, metadata = (source.get(key) for key in ("globalStateSchema", "globalState", "metadata"))
    holders: list[Any] = [given, schema.get("properties") if isinstance(schema, Mapping) else None]
    holders.append(metadata.get("merge") if isinstance(metadata, Mapping) else None)
    for _, step in listed(source, "steps"):
        ours = step.get("metadata") if isinstance(step, Mapping) else None
        holders.append(ours.get("assign") if isinstance(ours, Mapping) else None)
    return frozenset(name for holder in holders if isinstance(holder, Mapping) for name in holder if may_be_bare(name))


def _all(source: Mapping[str, Any], keys_of: KeysOf | None) -> Iterator[_Code]:
    for path, connection in listed(source, "connections"):
        condition = connection.get("condition") if isinstance(connection, Mapping) else None
        if isinstance(condition, str) and condition.strip():
            yield _Code(f"{path}.condition", condition, RUN_NAMES)
    for path, step in listed(source, "steps"):
        metadata = step.get("metadata") if isinstance(step, Mapping) else None
        if isinstance(metadata, Mapping):
            yield from _of_step(metadata, f"{path}.metadata", step.get("type") == "task", keys_of)


def _of_step(metadata: Mapping[str, Any], path: str, is_task: bool, keys_of: KeysOf | None) -> Iterator[_Code]:
    assign = metadata.get("assign")
    for key, code in assign.items() if isinstance(assign, Mapping) else ():
        if isinstance(code, str) and code:
            yield _Code(json_path([key], f"{path}.assign"), code, ASSIGN_NAMES)
    if not is_task:
        return
    each = metadata.get("forEach")
    if isinstance(each, str) and each:
        text = each.strip()
        wrapped = text.startswith("${") and text.endswith("}")
        yield _Code(f"{path}.forEach", text[2:-1].strip() if wrapped else each, RUN_NAMES)
    task = metadata.get("task")
    if isinstance(task, Mapping):
        system = task.get("system")
        keys = keys_of(system) if keys_of is not None and isinstance(system, str) else None
        yield from _of_binding(task, keys, f"{path}.task")


def _of_binding(value: Mapping[str, Any], keys: Mapping[str, Key] | None, path: str) -> Iterator[_Code]:
    for name, item in value.items():
        key = keys.get(name) if keys else None
        where = json_path([name], path)
        if key is not None and key.reading and isinstance(item, str):
            if item.strip():
                yield _Code(where, item, (*REQUEST_NAMES, *key.reading))
        elif key is not None and key.within is not None and isinstance(item, Mapping):
            yield from _of_binding(item, key.within, where)
        else:
            yield from _templates(item, where, env=key is None or key.env)


def _templates(value: Any, path: str, *, env: bool) -> Iterator[_Code]:
    waiting: list[tuple[str, Any]] = [(path, value)]
    while waiting:
        where, item = waiting.pop()
        if isinstance(item, str):
            try:
                found = parts(item)
            except ValueError as problem:
                yield _Code(where, item, (), malformed=str(problem))
                continue
            for part in found:
                if isinstance(part, Template):
                    yield _Code(where, part.code, REQUEST_NAMES, env=env)
        elif isinstance(item, Mapping):
            waiting.extend((json_path([key], where), inner) for key, inner in item.items())
        elif isinstance(item, list | tuple):
            waiting.extend((json_path([index], where), inner) for index, inner in enumerate(item))
