"""A flow that is ready to run: with its graph and the bindings of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from runtime.flow.definition import Flow, Step
from runtime.flow.environment import environment_names
from runtime.flow.graph.flow_graph import FlowGraph


class Binding(msgspec.Struct, frozen=True):
    """What a task step is bound to."""

    system: str
    """Name of the external system; `python` for a task class in tasks.py, `local` for a function."""
    target: str = ""
    config: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The `metadata.task` object; empty for Python."""
    idempotent: bool = True
    """The system honours the key: a repeated start with it starts nothing twice."""
    finds: bool = False
    """The system can be asked for the work of a key."""
    cancels: bool = True
    """The system can be asked to stop work."""

    @property
    def local(self) -> bool:
        """Whether the work runs in this process: once, and without polls."""
        return self.system == "local"


class Program(msgspec.Struct, frozen=True, dict=True):
    """One flow version with its graph and bindings; shared by all runs of it."""

    workflow: str
    flow: Flow
    graph: FlowGraph
    bindings: Mapping[str, Binding]
    """By step id; a task that is not here is unbound."""

    def step(self, step_id: str) -> Step:
        """The step with this id."""
        return self.graph.steps[step_id]

    @cached_property
    def environment(self) -> frozenset[str]:
        """Names of the environment variables that any binding uses; their values are secret in the whole run."""
        return environment_names(binding.config for binding in self.bindings.values())
