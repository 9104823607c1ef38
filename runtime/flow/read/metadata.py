"""The keys forkjoin reads in `metadata` of flows and steps, each declared once.

The model says what a key may hold, the warnings about unknown keys read its name, and `ON` says what it is for.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from runtime.durations import retention_seconds
from runtime.errors import InvalidInput
from runtime.flow.cron import check_cron
from runtime.flow.read.shape import (
    ABSENT,
    Coefficient,
    FilledText,
    Interval,
    Object,
    PositiveInterval,
    Shape,
    length_of,
)
from runtime.flow.schedule import SHORTEST_SECONDS, zone_of

MOST_LABELS = 50
LABEL_LENGTH = 200
"""Key and value of a label may each have so many characters."""

TASKS = frozenset({"task"})
EVENTS = frozenset({"waitForEvent"})
ON: dict[str, frozenset[str]] = {
    "task": TASKS,
    "forEach": TASKS,
    "retry": TASKS,
    "poll": TASKS,
    "timeout": TASKS,
    "resultSchema": TASKS,
    "event": EVENTS,
}
"""Types of steps on which a key has a meaning; any other key is allowed on all."""


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


def _retention(value: Any) -> Any:
    try:
        retention_seconds(value)
    except InvalidInput as problem:
        raise PydanticCustomError("duration", "{reason}", {"reason": problem.message}) from problem
    return value


def _every(value: Any) -> Any:
    length_of(value, least=SHORTEST_SECONDS)
    return value


def _cron(value: str) -> str:
    try:
        check_cron(value)
    except InvalidInput as problem:
        raise PydanticCustomError("schedule", "{reason}", {"reason": problem.message}) from problem
    return value


def _timezone(value: str) -> str:
    try:
        zone_of(value)
    except InvalidInput as problem:
        raise PydanticCustomError("schedule", "{reason}", {"reason": problem.message}) from problem
    return value


def _labels(value: dict[str, str]) -> dict[str, str]:
    if len(value) > MOST_LABELS:
        raise PydanticCustomError(
            "labels",
            "A flow has at most {most} labels, this one has {count}.",
            {"most": MOST_LABELS, "count": len(value)},
        )
    if any(not name or len(name) > LABEL_LENGTH or len(text) > LABEL_LENGTH for name, text in value.items()):
        raise PydanticCustomError(
            "labels", "Keys and values of labels have 1 to {most} characters.", {"most": LABEL_LENGTH}
        )
    return value


class RetryShape(Shape):
    """`metadata.retry`."""

    maximum_attempts: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    initial_interval: Interval = ABSENT
    backoff_coefficient: Coefficient = ABSENT
    maximum_interval: PositiveInterval = ABSENT
    non_retryable: Annotated[list[str], Field(max_length=1_000)] = ABSENT


class PollShape(Shape):
    """`metadata.poll`."""

    interval: PositiveInterval = ABSENT
    backoff_coefficient: Coefficient = ABSENT
    maximum_interval: PositiveInterval = ABSENT
    jitter: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = ABSENT


class TimeoutShape(Shape):
    """`metadata.timeout`."""

    start_to_close: PositiveInterval = ABSENT
    schedule_to_close: PositiveInterval = ABSENT


class TaskShape(Shape):
    """`metadata.task`: the external system checks everything but its own name."""

    system: Annotated[str, Field(min_length=1, max_length=200)]


class StepMetadata(Shape):
    """`metadata` of a step: the known keys; others belong to other programs."""

    task: TaskShape = ABSENT
    retry: RetryShape = ABSENT
    poll: PollShape = ABSENT
    timeout: TimeoutShape = ABSENT
    join: Annotated[Any, PlainValidator(_join)] = ABSENT
    for_each: FilledText = ABSENT
    event: Annotated[str, Field(min_length=1, max_length=200)] = ABSENT
    result_schema: Object = ABSENT
    assign: dict[FilledText, FilledText] = ABSENT
    owner: Annotated[str, Field(max_length=1_000)] = ABSENT
    runbook: Annotated[str, Field(max_length=20_000)] = ABSENT


class ScheduleShape(Shape):
    """`metadata.schedule` of a flow: either `cron` or `every`."""

    cron: Annotated[str, AfterValidator(_cron)] = ABSENT
    every: Annotated[str | float, PlainValidator(_every)] = ABSENT
    timezone: Annotated[str, AfterValidator(_timezone)] = ABSENT
    overlap: Literal["skip", "queue", "allow"] = ABSENT

    @model_validator(mode="after")
    def _one_of(self) -> ScheduleShape:
        if (self.cron is None) == (self.every is None):
            raise PydanticCustomError("schedule", "A schedule has either `cron` or `every`.")
        return self


class FlowMetadata(Shape):
    """`metadata` of a flow: the known keys; others belong to other programs."""

    schedule: ScheduleShape = ABSENT
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = ABSENT
    merge: dict[FilledText, Literal["replace", "append", "add", "deep"]] = ABSENT
    retention: Annotated[str, PlainValidator(_retention)] = ABSENT
