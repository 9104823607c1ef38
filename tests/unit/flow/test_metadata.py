"""Our settings live in `metadata`: read strictly, and left alone where they are other people's."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.flow.definition import JoinPolicy, PollPolicy, RetryPolicy, TimeoutPolicy
from runtime.flow.read.loader import check_flow, read_flow
from tests.unit.flow.written import flow, found


@pytest.mark.parametrize(
    ("join", "codes"),
    [
        ("all", set()),
        ("any", set()),
        ({"atLeast": 2}, set()),
        ({"atLeast": 3}, {"JOIN_POLICY"}),
        ("most", {"JOIN_POLICY"}),
        ({"atLeast": 0}, {"JOIN_POLICY"}),
        ({"atLeast": True}, {"JOIN_POLICY"}),
        ({"atLeast": 1.5}, {"JOIN_POLICY"}),
        (None, {"JOIN_POLICY"}),
    ],
)
def test_join_policies(join: Any, codes: set[str]) -> None:
    source = flow()
    source["steps"][3]["metadata"] = {"join": join}
    assert {code for code, _ in found(source)} == codes


def test_a_dynamic_fork_may_wait_for_more_items_than_it_has_connections() -> None:
    source = flow()
    source["steps"][1]["metadata"] = {"join": {"atLeast": 40}, "forEach": "state.list"}
    assert found(source) == set()


def test_a_binding_is_checked_by_its_system() -> None:
    source = flow()
    source["steps"][1]["metadata"] = {"task": {"system": "http"}}
    assert found(source, known_systems={"http": lambda binding: ["`start` is missing."]}) == {
        ("SCHEMA", "$.steps[1].metadata.task")
    }


def test_metadata_becomes_policies() -> None:
    source = flow(metadata={"schedule": {"cron": "0 5 * * *"}, "labels": {"team": "a"}, "retention": "30 days"})
    source["steps"][3]["metadata"] = {
        "retry": {
            "maximumAttempts": 4,
            "initialInterval": "5 minutes",
            "maximumInterval": 7200,
            "nonRetryable": ["Bad"],
        },
        "poll": {"interval": 2, "backoffCoefficient": 1.5, "maximumInterval": "1h", "jitter": 0.1},
        "timeout": {"startToClose": "1 day", "scheduleToClose": "1 month"},
        "join": "any",
        "owner": "search",
        "x": 5,
    }
    read = read_flow(source)
    join = read.steps[3]
    assert join.retry == RetryPolicy(4, 300, 2.0, 7200, ("Bad",))
    assert join.poll == PollPolicy(2, 1.5, 3600, 0.1)
    assert join.timeout == TimeoutPolicy(86_400, 2_592_000)
    assert join.join == JoinPolicy("atLeast", 1)
    assert (join.owner, read.retention, read.labels) == ("search", "30 days", {"team": "a"})
    assert read.schedule == {"cron": "0 5 * * *"}
    assert read.steps[1].poll.interval == 30


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("poll", {"interval": 0}, "DURATION"),
        ("poll", {"interval": True}, "DURATION"),
        ("poll", {"jitter": 2}, "SCHEMA"),
        ("retry", {"maximumAttempts": 0}, "SCHEMA"),
        ("retry", {"maximumAttempts": "3"}, "SCHEMA"),
        ("retry", 5, "SCHEMA"),
        ("timeout", {"startToClose": "200 years"}, "DURATION"),
        ("retry", {"backoffCoefficient": 0.5}, "SCHEMA"),
        ("resultSchema", {"$ref": "http://example.com/schema"}, "SCHEMA"),
        ("resultSchema", {"pattern": "(?=x)"}, "SCHEMA"),
        ("forEach", "1; 2", "CONDITION_SYNTAX"),
        ("task", {"system": ""}, "SCHEMA"),
        ("owner", 5, "SCHEMA"),
    ],
)
def test_wrong_metadata_is_told_at_its_place(key: str, value: Any, code: str) -> None:
    source = flow()
    source["steps"][1]["metadata"] = {key: value}
    assert [(p.code, p.path.startswith(f"$.steps[1].metadata.{key}")) for p in check_flow(source)[1]] == [(code, True)]


def test_unknown_keys_are_kept_and_warned_about_but_those_in_metadata_are_other_peoples() -> None:
    source = flow(colour="red")
    source["steps"][1].update(
        shape="round", metadata={"x": 1, "handles": [], "retry": {"maxAttempts": 3}, "event": "e"}
    )
    read, problems, warnings = check_flow(source)
    assert problems == []
    assert read is not None and read.source["colour"] == "red"
    assert {(w.code, w.path) for w in warnings} == {
        ("UNKNOWN_KEY", "$.colour"),
        ("UNKNOWN_KEY", "$.steps[1].shape"),
        ("UNKNOWN_KEY", "$.steps[1].metadata.retry.maxAttempts"),
        ("MISPLACED_KEY", "$.steps[1].metadata.event"),
    }
