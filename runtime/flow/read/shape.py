"""The base of all models of flow files, and the checks of single values."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from runtime.durations import is_flow_duration, seconds
from runtime.errors import InvalidInput

LONGEST_INTERVAL = 100 * 365 * 86_400
"""Seconds of the longest interval or timeout: 100 years."""


def length_of(value: Any, *, least: float = 0.0) -> float:
    """Seconds of an interval, a number or a text; raises PydanticCustomError unless it lies within the bounds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("duration", "An interval is a number of seconds or a text like `5 minutes`.")
    try:
        length = seconds(value) if isinstance(value, str) else float(value)
    except InvalidInput as problem:
        raise PydanticCustomError("duration", "{reason}", {"reason": problem.message}) from problem
    if not 0 <= length <= LONGEST_INTERVAL:
        raise PydanticCustomError("duration", "An interval lies between 0 seconds and 100 years.")
    if length < least:
        raise PydanticCustomError("duration", "This must be {least} or longer.", {"least": f"{least:g} seconds"})
    return length


def _interval(value: Any) -> Any:
    length_of(value)
    return value


def _positive_interval(value: Any) -> Any:
    if length_of(value) <= 0:
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
    try:
        seconds(value)
    except InvalidInput as problem:
        raise PydanticCustomError("duration", "{reason}", {"reason": problem.message}) from problem
    return value


Interval = Annotated[str | float, PlainValidator(_interval)]
PositiveInterval = Annotated[str | float, PlainValidator(_positive_interval)]
StepDuration = Annotated[str, PlainValidator(_step_duration)]
Coefficient = Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
FilledText = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
"""An id: branches are named after steps, and a store takes names of limited length."""
Object = dict[str, Any]
ABSENT: Any = None
"""Default of a key that may be left out but not be null."""


class Shape(BaseModel):
    """Base of all models: camelCase keys, strict types, further keys allowed, null is not absence."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, alias_generator=to_camel)
