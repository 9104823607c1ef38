"""Records of a flow from FlowJSON that has been checked; nothing here needs a schema library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from runtime.durations import seconds
from runtime.errors import InvalidInput
from runtime.flow.definition import (
    Connection,
    Flow,
    JoinPolicy,
    PollPolicy,
    RetryPolicy,
    Step,
    TimeoutPolicy,
)
from runtime.flow.json_schema import apply_defaults

T = TypeVar("T")


def flow_hash(source: Mapping[str, Any]) -> str:
    """SHA-256, hex, of the canonical form of FlowJSON: keys sorted, no spaces, UTF-8."""
    text = json.dumps(source, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def flow_from_stored(source: Mapping[str, Any]) -> Flow:
    """The flow of FlowJSON that was checked before it was stored.

    Checks become stricter while runs go on that began before: unusable metadata is ignored here.
    """
    metadata = _object(source.get("metadata"))
    return Flow(
        id=source["id"],
        name=source.get("name", ""),
        version=source["version"],
        hash=flow_hash(source),
        state_schema=source["globalStateSchema"],
        global_state=source.get("globalState") or {},
        steps=tuple(_step(step) for step in source["steps"]),
        connections=tuple(_connection(connection) for connection in source["connections"]),
        schedule=_object(metadata.get("schedule")) or None,
        labels={key: text for key, text in _object(metadata.get("labels")).items() if isinstance(text, str)},
        retention=_text(metadata.get("retention")),
        merge={key: how for key, how in _object(metadata.get("merge")).items() if isinstance(how, str)},
        source=source,
    )


def interval_seconds(written: Any) -> float:
    """Seconds of an interval in metadata, a number of seconds or a duration text; raises InvalidInput."""
    return seconds(written) if isinstance(written, str) else float(written)


def join_policy(written: Any) -> JoinPolicy:
    """The policy of `metadata.join`; `any` is `atLeast 1`. Raises InvalidInput if it is not a policy."""
    if isinstance(written, Mapping):
        return JoinPolicy("atLeast", int(written["atLeast"]))
    if written not in ("allSettled", "all", "failFast", "any"):
        raise InvalidInput(f"{written!r} is no policy of a join.")
    return JoinPolicy("atLeast", 1) if written == "any" else JoinPolicy(written)


def _step(written: Mapping[str, Any]) -> Step:
    metadata = _object(written.get("metadata"))
    return Step(
        id=written["id"],
        name=written.get("name") or written["id"],
        type=written["type"],
        params=apply_defaults(written.get("paramsSchema") or {}, written.get("params") or {}),
        duration=written.get("duration", ""),
        event=_text(metadata.get("event")) or written["id"] if written["type"] == "waitForEvent" else "",
        event_schema=_event_schema(written),
        task=_object(metadata["task"]) if metadata.get("task") is not None and written["type"] == "task" else None,
        retry=_policy(_retry, metadata.get("retry"), RetryPolicy()),
        poll=_policy(_poll, metadata.get("poll"), PollPolicy()),
        timeout=_policy(_timeout, metadata.get("timeout"), TimeoutPolicy()),
        join=_policy(join_policy, metadata.get("join"), JoinPolicy()),
        for_each=_text(metadata.get("forEach")) or None if written["type"] == "task" else None,
        result_schema=_object(metadata.get("resultSchema")) if metadata.get("resultSchema") is not None else None,
        assign={key: code for key, code in _object(metadata.get("assign")).items() if isinstance(code, str)},
        owner=_text(metadata.get("owner")),
        runbook=_text(metadata.get("runbook")),
    )


def _object(written: Any) -> Mapping[str, Any]:
    return written if isinstance(written, Mapping) else {}


def _text(written: Any) -> str:
    return written if isinstance(written, str) else ""


def _policy(read: Callable[[Any], T], written: Any, usual: T) -> T:
    if written is None:
        return usual
    try:
        return read(written)
    except (InvalidInput, TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return usual


def _connection(written: Mapping[str, Any]) -> Connection:
    condition = written.get("condition")
    return Connection(
        id=written["id"],
        source=written["sourceStepId"],
        target=written["targetStepId"],
        condition=condition if condition and condition.strip() else None,
    )


def _event_schema(written: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for side, name in (("eventOutput", "eventOutputSchema"), ("eventInput", "eventInputSchema")):
        schema: Mapping[str, Any] | None = (written.get(side) or {}).get(name)
        if schema is not None:
            return schema
    return None


def _interval(written: Mapping[str, Any], name: str) -> float | None:
    return interval_seconds(written[name]) if name in written else None


def _retry(written: Mapping[str, Any]) -> RetryPolicy:
    first = _interval(written, "initialInterval")
    usual = RetryPolicy()
    most = written.get("maximumAttempts", usual.maximum_attempts)
    if not isinstance(most, int) or most < 1:
        raise InvalidInput(f"{most!r} is no number of attempts.")
    return RetryPolicy(
        maximum_attempts=most,
        initial_interval=usual.initial_interval if first is None else first,
        backoff_coefficient=float(written.get("backoffCoefficient", usual.backoff_coefficient)),
        maximum_interval=_interval(written, "maximumInterval"),
        non_retryable=tuple(written.get("nonRetryable", ())),
    )


def _poll(written: Mapping[str, Any]) -> PollPolicy:
    every = _interval(written, "interval")
    usual = PollPolicy()
    return PollPolicy(
        interval=usual.interval if every is None else every,
        backoff_coefficient=float(written.get("backoffCoefficient", usual.backoff_coefficient)),
        maximum_interval=_interval(written, "maximumInterval"),
        jitter=float(written.get("jitter", usual.jitter)),
    )


def _timeout(written: Mapping[str, Any]) -> TimeoutPolicy:
    return TimeoutPolicy(_interval(written, "startToClose"), _interval(written, "scheduleToClose"))
