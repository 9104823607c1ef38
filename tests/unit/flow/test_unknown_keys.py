"""Keys that mean nothing where they stand are warned about, with the nearest known word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from runtime.external import registry
from runtime.external.base import binding_keys_of
from runtime.external.registry import external_systems
from runtime.flow.read.loader import check_flow
from tests.unit.flow.written import flow, step, ways

HTTP: dict[str, Any] = {
    "system": "http",
    "start": {"url": "http://x/jobs", "externalId": "response.json.id"},
    "poll": {"url": "http://x/jobs/${externalId}", "status": "response.json.s", "completed": ["a"], "failed": ["b"]},
    "cancel": {"url": "http://x/jobs/${externalId}"},
    "logs": {"url": "http://x/jobs/${externalId}"},
}


def warned(source: dict[str, Any], folder: Path | None = None) -> dict[str, str]:
    """Messages by path."""
    systems = external_systems(folder or Path("unused"))
    _, _, warnings = check_flow(source, binding_keys=lambda name: binding_keys_of(systems.get(name)))
    return {w.path: w.message for w in warnings if w.code in ("UNKNOWN_KEY", "MISPLACED_KEY")}


def on_step(metadata: Any) -> dict[str, Any]:
    source = flow()
    source["steps"][1]["metadata"] = metadata
    return source


@pytest.mark.parametrize(
    ("metadata", "path", "meant"),
    [
        ({"jion": "all"}, "jion", "join"),
        ({"retyr": {}}, "retyr", "retry"),
        ({"foreach": "state.x"}, "foreach", "forEach"),
        ({"time_out": {}}, "time_out", "timeout"),
        ({"retry": {"maxAttempts": 3}}, "retry.maxAttempts", "maximumAttempts"),
        ({"poll": {"intervall": 3}}, "poll.intervall", "interval"),
        ({"timeout": {"startToclose": 3}}, "timeout.startToclose", "startToClose"),
        ({"task": {**HTTP, "pol": {}}}, "task.pol", "poll"),
        *(
            ({"task": {**HTTP, part: {**HTTP[part], wrong: "1"}}}, f"task.{part}.{wrong}", meant)
            for part in ("start", "poll", "cancel", "logs")
            for wrong, meant in (("ulr", "url"), ("methd", "method"), ("header", "headers"), ("josn", "json"))
        ),
        ({"task": {**HTTP, "poll": {**HTTP["poll"], "faild": []}}}, "task.poll.faild", "failed"),
        ({"task": {**HTTP, "start": {**HTTP["start"], "externalID": "x"}}}, "task.start.externalID", "externalId"),
        ({"task": {"system": "process", "command": ["x"], "evn": {}}}, "task.evn", "env"),
        ({"task": {"system": "process", "comand": ["x"]}}, "task.comand", "command"),
        ({"task": {"system": "simulated", "outcom": "failed"}}, "task.outcom", "outcome"),
        ({"task": {"system": "simulated", "failAttempt": 1}}, "task.failAttempt", "failAttempts"),
    ],
)
def test_a_key_written_wrongly_in_a_step(metadata: dict[str, Any], path: str, meant: str) -> None:
    found = warned(on_step(metadata))
    assert list(found) == [f"$.steps[1].metadata.{path}"]
    assert f"did you mean {meant!r}?" in found[f"$.steps[1].metadata.{path}"]


@pytest.mark.parametrize("system", ["http", "process", "simulated"])
def test_a_key_that_is_like_none_lists_those_that_are_known(system: str) -> None:
    task = {**(HTTP if system == "http" else {"command": ["x"]} if system == "process" else {}), "zzz": 1}
    (message,) = warned(on_step({"task": {**task, "system": system}})).values()
    known = {"http": "poll, start, system", "process": "command, cwd, env", "simulated": "duration, error"}[system]
    assert "Known are " in message and known in message


@pytest.mark.parametrize(
    ("metadata", "path", "said"),
    [
        ({"scheduel": {}}, "scheduel", "did you mean 'schedule'?"),
        ({"label": {}}, "label", "did you mean 'labels'?"),
        ({"schedule": {"every": "1 hour", "timezon": "UTC"}}, "schedule.timezon", "did you mean 'timezone'?"),
        ({"retry": {}}, "retry", "`metadata` of a step only"),
        ({"owner": "x"}, "owner", "`metadata` of a step only"),
    ],
)
def test_a_key_written_wrongly_in_the_metadata_of_the_flow(metadata: dict[str, Any], path: str, said: str) -> None:
    found = warned(flow(metadata=metadata))
    assert list(found) == [f"$.metadata.{path}"]
    assert said in found[f"$.metadata.{path}"]


def test_our_keys_beside_metadata_are_told_where_they_belong() -> None:
    source = flow(schedule={"every": "1 hour"})
    source["steps"][1]["retry"] = {}
    source["connections"][0]["conditon"] = "true"
    found = warned(source)
    assert "in `metadata` only" in found["$.schedule"] and "in `metadata` only" in found["$.steps[1].retry"]
    assert "did you mean 'condition'?" in found["$.connections[0].conditon"]


def test_what_is_known_or_other_peoples_is_not_warned_about() -> None:
    everything = {
        "task": HTTP, "retry": {"maximumAttempts": 1, "nonRetryable": []}, "poll": {"interval": 1, "jitter": 0},
        "timeout": {"startToClose": 1}, "forEach": "[1]", "join": "all", "resultSchema": {"anything": 1},
        "assign": {"a": "1"}, "owner": "o", "runbook": "r",
        "x": 1, "y": 2, "handles": [], "position": {}, "colour": "red", "icon": "i", "tags": [],
        "title": "t", "order": 1, "width": 3, "description": "d",
    }  # fmt: skip
    source = on_step(everything)
    source["metadata"] = {
        "schedule": {"cron": "@daily", "timezone": "UTC", "overlap": "skip"}, "labels": {"a": "b"},
        "retention": "1 day", "merge": {"a": "add"}, "author": "me", "viewport": {"x": 1},
    }  # fmt: skip
    assert warned(source) == {}


def test_params_are_checked_only_where_a_step_has_them() -> None:
    wanted = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    for params, codes in ((None, []), ({}, ["STEP_PARAMS_VALIDATION_ERROR"]), ({"a": "x"}, [])):
        source = flow()
        source["steps"][1]["paramsSchema"] = wanted
        if params is not None:
            source["steps"][1]["params"] = params
        assert [p.code for p in check_flow(source)[1]] == codes


STEPS = [step("b", "begin"), step("x"), step("y"), step("j"), step("e", "end")]


@pytest.mark.parametrize(
    ("pairs", "kind", "join", "meets"),
    [
        (("b>x", "b>y", "x>e", "y>e"), "task", None, True),
        (("b>x", "b>y", "x>j", "j>e", "y>e"), "task", None, True),
        (("b>x", "b>e", "x>e"), "task", None, True),
        (("b>x", "b>y", "x>j", "y>j", "j>e"), "task", None, False),
        (("b>x", "b>y", "x>e", "y>e"), "task", "all", False),
        (("b>x", "x>y", "x>j", "y>e", "j>e"), "decision", None, False),
        (("b>x", "b>y", "x>e"), "task", None, False),
        (("b>x", "x>y", "x>e", "y>x"), "task", None, False),
    ],
)
def test_a_fork_that_meets_first_at_the_end_is_doubted(
    pairs: tuple[str, ...], kind: str, join: str | None, meets: bool
) -> None:
    steps = [dict(one) for one in STEPS if any(one["id"] in pair.split(">") for pair in pairs)]
    next(one for one in steps if one["id"] == "x")["type"] = kind
    if join:
        steps[-1]["metadata"] = {"join": join}
    _, problems, warnings = check_flow(flow(steps, ways(*pairs)))
    assert problems == []
    assert ["MEETS_AT_END"] * meets == [w.code for w in warnings]


@pytest.mark.parametrize("system", ["process", "simulated"])
def test_every_key_that_a_system_reads_is_among_those_it_knows(system: str) -> None:
    known = binding_keys_of(external_systems(Path("unused"))[system])
    assert known is not None
    source = "".join(path.read_text() for path in (Path(registry.__file__).parent / system).glob("*.py"))
    assert set(re.findall(r'\bbinding(?:\.get\(|\[)"(\w+)"', source)) <= set(known)
