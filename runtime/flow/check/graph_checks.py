"""Checks of how the steps of a flow are connected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.flow.check.walking import listed
from runtime.flow.definition import Connection, Step
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.problems import FlowWarning, Problem

_FORKS_LOOKED_AT = 100
_BRANCHES_LOOKED_AT = 30
"""Doubtful forks are searched through so many branches."""


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


def meeting_warnings(source: Mapping[str, Any]) -> Iterator[FlowWarning]:
    """Forks whose branches meet first at `end`, which does not say what it waits for."""
    steps = {item["id"]: (path, item) for path, item in _with_id(source, "steps")}
    ways: dict[str, list[str]] = {}
    for _, connection in _connections(source):
        if connection.source in steps and connection.target in steps:
            ways.setdefault(connection.source, []).append(connection.target)
    ends = [step_id for step_id, (_, item) in steps.items() if item.get("type") == "end"]
    if len(ends) != 1 or _has_policy(steps[ends[0]][1]):
        return
    forks = [fork for fork in ways if len(ways[fork]) > 1 and steps[fork][1].get("type") != "decision"]
    for fork in forks[:_FORKS_LOOKED_AT]:
        reached = [_reached(target, fork, ways) for target in ways[fork][:_BRANCHES_LOOKED_AT]]
        if any(one & other == {ends[0]} for n, one in enumerate(reached) for other in reached[:n]):
            yield FlowWarning(
                "MEETS_AT_END",
                steps[ends[0]][0],
                f"Branches that {fork!r} forks meet first at {ends[0]!r}: it waits until all have settled, and a "
                "failure does not keep the run from completing. Say what is meant with `metadata.join` there, like "
                '"all", or join them before.',
            )


def _has_policy(item: Mapping[str, Any]) -> bool:
    metadata = item.get("metadata")
    return isinstance(metadata, Mapping) and "join" in metadata


def _reached(start: str, without: str, ways: Mapping[str, list[str]]) -> set[str]:
    """All steps that can be reached from a step, itself included, without passing another."""
    found, waiting = {start}, [start]
    while waiting:
        for target in ways.get(waiting.pop(), ()):
            if target not in found and target != without:
                found.add(target)
                waiting.append(target)
    return found


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
