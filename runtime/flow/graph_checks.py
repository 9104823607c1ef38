"""Checks of how the steps of a flow hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.flow.definition import Connection, Step
from runtime.flow.graph import FlowGraph
from runtime.flow.problems import Problem
from runtime.flow.walking import listed


def graph_problems(source: Mapping[str, Any]) -> Iterator[Problem]:
    """Ids given twice, connections that lead nowhere, begin and end, unreachable steps, join policies."""
    steps = _with_id(source, "steps")
    yield from _twice(steps, "step")
    yield from _twice(_with_id(source, "connections"), "connection")
    kinds = {item["id"]: item.get("type") for _, item in steps}
    connections = list(_connections(source))
    for path, connection in connections:
        yield from _ends(path, connection, kinds)
    begins = [path for path, item in steps if item.get("type") == "begin"]
    ends = [path for path, item in steps if item.get("type") == "end"]
    if len(begins) != 1:
        count = "no begin step" if not begins else f"{len(begins)} begin steps"
        yield Problem("BEGIN_COUNT", begins[1] if begins else "$.steps", f"The flow has {count}; it needs exactly one.")
    if len(ends) > 1:
        yield Problem("END_COUNT", ends[1], f"The flow has {len(ends)} end steps; it may have one, or none.")
    graph = FlowGraph(
        tuple(Step(step_id, step_id, str(kind)) for step_id, kind in kinds.items()), tuple(c for _, c in connections)
    )
    if len(begins) == 1:
        for path, item in steps:
            if item["id"] not in graph.reachable:
                yield Problem("UNREACHABLE_STEP", path, f"No connections lead from begin to {item['id']!r}.")
    for path, item in steps:
        yield from _join_policy(path, item, graph)


def _with_id(source: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (path, item)
        for path, item in listed(source, name)
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    ]


def _twice(items: list[tuple[str, Mapping[str, Any]]], what: str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, item in items:
        if item["id"] in first:
            yield Problem(
                "DUPLICATE_ID", f"{path}.id", f"The {what} id {item['id']!r} is taken by {first[item['id']]}."
            )
        first.setdefault(item["id"], path)


def _connections(source: Mapping[str, Any]) -> Iterator[tuple[str, Connection]]:
    for path, item in listed(source, "connections"):
        if isinstance(item, Mapping):
            ends = item.get("sourceStepId"), item.get("targetStepId")
            if isinstance(ends[0], str) and isinstance(ends[1], str):
                yield path, Connection(str(item.get("id")), ends[0], ends[1])


def _ends(path: str, connection: Connection, kinds: Mapping[str, Any]) -> Iterator[Problem]:
    for key, step in (("sourceStepId", connection.source), ("targetStepId", connection.target)):
        if step not in kinds:
            yield Problem("CONNECTION_ERROR", f"{path}.{key}", f"There is no step {step!r}.")
    if kinds.get(connection.target) == "begin":
        yield Problem("CONNECTION_ERROR", f"{path}.targetStepId", "Nothing may lead into the begin step.")
    if kinds.get(connection.source) == "end":
        yield Problem("CONNECTION_ERROR", f"{path}.sourceStepId", "Nothing may lead out of the end step.")


def _join_policy(path: str, item: Mapping[str, Any], graph: FlowGraph) -> Iterator[Problem]:
    metadata = item.get("metadata")
    if not isinstance(metadata, Mapping) or "join" not in metadata:
        return
    incoming = len(graph.incoming[item["id"]])
    over_items = "forEach" in metadata and item.get("type") == "task"
    if not over_items and incoming < 2:
        message = f"{item['id']!r} is no join: {incoming} connections lead to it, and it has no `forEach`."
        yield Problem("JOIN_POLICY", f"{path}.metadata.join", message)
        return
    policy = metadata["join"]
    needed = policy.get("atLeast") if isinstance(policy, Mapping) else None
    if not isinstance(needed, int) or isinstance(needed, bool):
        return
    where = f"{path}.metadata.join.atLeast"
    if needed < 1:
        yield Problem("JOIN_POLICY", where, f"`atLeast` is {needed}; it must be 1 or more.")
    elif not over_items and needed > incoming:
        message = f"`atLeast` is {needed}, but only {incoming} connections lead to {item['id']!r}."
        yield Problem("JOIN_POLICY", where, message)
