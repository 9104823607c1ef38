"""Records of a flow from FlowJSON that has been checked; nothing here needs a schema library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runtime.flow.definition import (
    Connection,
    Flow,
    JoinPolicy,
    PollPolicy,
    RetryPolicy,
    Step,
    TimeoutPolicy,
)
from runtime.flow.durations import seconds
from runtime.flow.json_schema import apply_defaults


def flow_hash(source: Mapping[str, Any]) -> str:
    """SHA-256, hex, of the canonical form of FlowJSON: keys sorted, no spaces, UTF-8."""
    text = json.dumps(source, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def flow_from_stored(source: Mapping[str, Any]) -> Flow:
    """The flow of FlowJSON that was checked before it was stored."""
    metadata = source.get("metadata") or {}
    return Flow(
        id=source["id"],
        name=source.get("name", ""),
        version=source["version"],
        hash=flow_hash(source),
        state_schema=source["globalStateSchema"],
        global_state=source.get("globalState") or {},
        steps=tuple(_step(step) for step in source["steps"]),
        connections=tuple(_connection(connection) for connection in source["connections"]),
        schedule=metadata.get("schedule"),
        labels=metadata.get("labels") or {},
        retention=metadata.get("retention") or "",
        merge=metadata.get("merge") or {},
        source=source,
    )


def interval_seconds(written: Any) -> float:
    """Seconds of an interval in metadata, a number of seconds or a duration text; raises InvalidInput."""
    return seconds(written) if isinstance(written, str) else float(written)


def join_policy(written: Any) -> JoinPolicy:
    """The policy of `metadata.join`; `any` is `atLeast 1`."""
    if isinstance(written, Mapping):
        return JoinPolicy("atLeast", written["atLeast"])
    return JoinPolicy("atLeast", 1) if written == "any" else JoinPolicy(written)


def _step(written: Mapping[str, Any]) -> Step:
    metadata = written.get("metadata") or {}
    return Step(
        id=written["id"],
        name=written.get("name") or written["id"],
        type=written["type"],
        params=apply_defaults(written.get("paramsSchema") or {}, written.get("params") or {}),
        duration=written.get("duration", ""),
        event=metadata.get("event") or written["id"] if written["type"] == "waitForEvent" else "",
        event_schema=_event_schema(written),
        task=metadata.get("task") if written["type"] == "task" else None,
        retry=_retry(metadata.get("retry") or {}),
        poll=_poll(metadata.get("poll") or {}),
        timeout=_timeout(metadata.get("timeout") or {}),
        join=join_policy(metadata["join"]) if "join" in metadata else JoinPolicy(),
        for_each=metadata.get("forEach") if written["type"] == "task" else None,
        result_schema=metadata.get("resultSchema"),
        assign=metadata.get("assign") or {},
        owner=metadata.get("owner") or "",
        runbook=metadata.get("runbook") or "",
    )


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
    return RetryPolicy(
        maximum_attempts=written.get("maximumAttempts", usual.maximum_attempts),
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
