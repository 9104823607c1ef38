"""Flows as authors write them."""

from __future__ import annotations

from typing import Any

from runtime.flow.read.loader import check_flow


def step(step_id: str, kind: str = "task", **more: Any) -> dict[str, Any]:
    """A step as FlowJSON."""
    return {"id": step_id, "name": step_id, "type": kind, **more}


def ways(*pairs: str) -> list[dict[str, Any]]:
    """Connections from texts like `a>b`."""
    return [
        {"id": f"c{n}", "sourceStepId": pair.split(">")[0], "targetStepId": pair.split(">")[1]}
        for n, pair in enumerate(pairs)
    ]


def flow(steps: list[Any] | None = None, connections: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """A fork of x and y that meet at j."""
    return {
        "id": "f",
        "name": "F",
        "version": "1",
        "globalStateSchema": {"type": "object"},
        "steps": steps or [step("b", "begin"), step("x"), step("y"), step("j"), step("e", "end")],
        "connections": connections if connections is not None else ways("b>x", "b>y", "x>j", "y>j", "j>e"),
        **more,
    }


def found(source: Any, **more: Any) -> set[tuple[str, str]]:
    """Code and path of every problem."""
    return {(problem.code, problem.path) for problem in check_flow(source, **more)[1]}
