"""FlowJSON as strict models: the shape of a flow file, not what it means.

Keys that are not known are allowed everywhere; types are never converted.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from runtime.flow.read.metadata import FlowMetadata, StepMetadata
from runtime.flow.read.shape import ABSENT, Name, Object, Shape, StepDuration


class SchemaShape(Shape):
    """A JSON Schema as FlowJSON restricts it."""

    type: Literal["string", "number", "integer", "boolean", "object", "array", "null"] = ABSENT
    format: str = ABSENT
    enum: list[str] = ABSENT
    properties: dict[str, SchemaShape] = ABSENT
    items: SchemaShape = ABSENT
    required: list[str] = ABSENT


class StepShape(Shape):
    """The keys of every step."""

    id: Name
    name: str
    type: str
    metadata: StepMetadata = ABSENT


class TaskStepShape(StepShape):
    """A `task`."""

    params_schema: SchemaShape = ABSENT
    params: Object = ABSENT


class ResumeAfterShape(StepShape):
    """A `resumeAfter`."""

    duration: StepDuration


class EventInputShape(Shape):
    """`eventInput` of a `waitForEvent`."""

    value: Any = None
    event_input_schema: SchemaShape


class EventOutputShape(Shape):
    """`eventOutput` of a `waitForEvent`."""

    value: Any = None
    event_output_schema: SchemaShape


class WaitForEventShape(StepShape):
    """A `waitForEvent`."""

    event_input: EventInputShape = ABSENT
    event_output: EventOutputShape = ABSENT


STEP_SHAPES: dict[str, type[StepShape]] = {
    "begin": StepShape,
    "end": StepShape,
    "task": TaskStepShape,
    "decision": StepShape,
    "resumeAfter": ResumeAfterShape,
    "waitForEvent": WaitForEventShape,
}
"""The model of each type of step."""


class ConnectionShape(Shape):
    """A connection."""

    id: Name
    source_step_id: str
    target_step_id: str
    condition: str = ABSENT


class FlowShape(Shape):
    """A flow, its steps and connections left to their own models."""

    schema_: str = Field(default=ABSENT, alias="$schema")
    id: Name
    name: str
    version: Name
    global_state_schema: SchemaShape
    global_state: Object = ABSENT
    steps: list[Any]
    connections: list[Any]
    metadata: FlowMetadata = ABSENT
