"""FlowJSON and our own metadata as strict models: the shape of a flow file, not what it means.

Keys that are not known are allowed everywhere; types are never converted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from runtime.errors import InvalidInput
from runtime.flow.durations import is_flow_duration, seconds

LONGEST_INTERVAL = 100 * 365 * 86_400
"""Seconds the longest interval or timeout may have: 100 years."""


def _interval(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("duration", "An interval is a number of seconds or a text like `5 minutes`.")
    try:
        length = seconds(value) if isinstance(value, str) else float(value)
    except InvalidInput as problem:
        raise PydanticCustomError("duration", "{reason}", {"reason": problem.message}) from problem
    if not 0 <= length <= LONGEST_INTERVAL:
        raise PydanticCustomError("duration", "An interval lies between 0 seconds and 100 years.")
    return value


def _positive_interval(value: Any) -> Any:
    if (isinstance(_interval(value), str) and seconds(value) <= 0) or value == 0:
        raise PydanticCustomError("duration", "This must be longer than 0 seconds.")
    return value


def _step_duration(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("duration", "A duration is a text like `2.5 hours` or `1 day`.")
    if not is_flow_duration(value):
        raise PydanticCustomError(
            "duration",
            "{value} is not a duration of FlowJSON: write a number, a space and a unit from second to year, "
            "like `2.5 hours`.",
            {"value": repr(value[:60])},
        )
    return _checked_length(value)


def _retention(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("duration", "`retention` is a text like `30 days`.")
    return _checked_length(value)


def _checked_length(value: str) -> str:
    try:
        seconds(value)
    except InvalidInput as problem:
        raise PydanticCustomError("duration", "{reason}", {"reason": problem.message}) from problem
    return value


def _join(value: Any) -> Any:
    if isinstance(value, str) and value in ("allSettled", "all", "failFast", "any"):
        return value
    if isinstance(value, dict) and set(value) == {"atLeast"}:
        number = value["atLeast"]
        if isinstance(number, int) and not isinstance(number, bool):
            return value
    raise PydanticCustomError(
        "join_policy", 'A join is "allSettled", "all", "failFast", "any" or {"atLeast": n} with a whole number n.'
    )


Interval = Annotated[str | float, PlainValidator(_interval)]
PositiveInterval = Annotated[str | float, PlainValidator(_positive_interval)]
Coefficient = Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
FilledText = Annotated[str, Field(min_length=1)]
Object = dict[str, Any]
ABSENT: Any = None
"""Default of a key that may be left out but not be null."""


class Shape(BaseModel):
    """What all models share: camelCase keys, strict types, further keys allowed, null is not absence."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, alias_generator=to_camel)


class SchemaShape(Shape):
    """A JSON Schema as FlowJSON restricts it."""

    type: Literal["string", "number", "integer", "boolean", "object", "array", "null"] = ABSENT
    format: str = ABSENT
    enum: list[str] = ABSENT
    properties: dict[str, SchemaShape] = ABSENT
    items: SchemaShape = ABSENT
    required: list[str] = ABSENT


class RetryShape(Shape):
    """`metadata.retry`."""

    maximum_attempts: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    initial_interval: Interval = ABSENT
    backoff_coefficient: Coefficient = ABSENT
    maximum_interval: PositiveInterval = ABSENT
    non_retryable: list[str] = ABSENT


class PollShape(Shape):
    """`metadata.poll`."""

    interval: PositiveInterval = ABSENT
    backoff_coefficient: Coefficient = ABSENT
    maximum_interval: PositiveInterval = ABSENT
    jitter: Annotated[float, Field(ge=0, le=1)] = ABSENT


class TimeoutShape(Shape):
    """`metadata.timeout`."""

    start_to_close: PositiveInterval = ABSENT
    schedule_to_close: PositiveInterval = ABSENT


class TaskShape(Shape):
    """`metadata.task`: the external system decides about everything but its name."""

    system: FilledText


class StepMetadata(Shape):
    """`metadata` of a step: our keys; all others are other people's."""

    task: TaskShape = ABSENT
    retry: RetryShape = ABSENT
    poll: PollShape = ABSENT
    timeout: TimeoutShape = ABSENT
    join: Annotated[Any, PlainValidator(_join)] = ABSENT
    for_each: FilledText = ABSENT
    event: FilledText = ABSENT
    result_schema: Object = ABSENT
    assign: dict[FilledText, FilledText] = ABSENT
    owner: str = ABSENT
    runbook: str = ABSENT


class ScheduleShape(Shape):
    """`metadata.schedule` of a flow: either `cron` or `every`."""

    cron: FilledText = ABSENT
    every: PositiveInterval = ABSENT
    timezone: FilledText = ABSENT
    overlap: Literal["skip", "queue", "allow"] = ABSENT

    @model_validator(mode="after")
    def _one_of(self) -> ScheduleShape:
        if (self.cron is None) == (self.every is None):
            raise PydanticCustomError("schedule", "A schedule has either `cron` or `every`.")
        return self


class FlowMetadata(Shape):
    """`metadata` of a flow: our keys; all others are other people's."""

    schedule: ScheduleShape = ABSENT
    labels: dict[str, str] = ABSENT
    merge: dict[FilledText, Literal["replace", "append", "add", "deep"]] = ABSENT
    retention: Annotated[str, PlainValidator(_retention)] = ABSENT


class StepShape(Shape):
    """What every step has."""

    id: FilledText
    name: str
    type: str
    metadata: StepMetadata = ABSENT


class TaskStepShape(StepShape):
    """A `task`."""

    params_schema: SchemaShape = ABSENT
    params: Object = ABSENT


class ResumeAfterShape(StepShape):
    """A `resumeAfter`."""

    duration: Annotated[str, PlainValidator(_step_duration)]


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

    id: FilledText
    source_step_id: str
    target_step_id: str
    condition: str = ABSENT


class FlowShape(Shape):
    """A flow, its steps and connections left to their own models."""

    schema_: str = Field(default=ABSENT, alias="$schema")
    id: FilledText
    name: str
    version: FilledText
    global_state_schema: SchemaShape
    global_state: Object = ABSENT
    steps: list[Any]
    connections: list[Any]
    metadata: FlowMetadata = ABSENT
