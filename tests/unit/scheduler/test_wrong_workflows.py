"""A workflow that is wrong in any way is out of use alone: it is shown, told once, and all others go on."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runtime.acts.start import NewRun
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.catalog.catalog import Catalog
from runtime.catalog.folders import BUILT_IN
from runtime.catalog.workflow import Workflow
from runtime.clock import ManualClock
from runtime.errors import ForkjoinError, Refused
from runtime.external.simulated.system import SimulatedSystem
from runtime.flow.read.building import flow_from_stored
from runtime.flow.read.loader import check_flow
from runtime.model.act import Actor
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.operations.queries.doctor import examined
from runtime.operations.queries.graph import picture
from runtime.operations.schedules import schedule_views
from runtime.operations.starting import start_runs
from runtime.scheduler.upkeep.retention import Retention
from runtime.scheduler.upkeep.run_schedules import RunSchedules
from runtime.settings import Settings

STEPS = [{"id": i, "name": i, "type": i} for i in ("begin", "end")]
WAYS = [{"id": "c", "sourceStepId": "begin", "targetStepId": "end"}]
EVERY = {"every": "10 minutes"}
LONG = "x" * 300


def each(*given: object) -> tuple[object, ...]:
    """Values of every kind, which a checker would otherwise look for one type of."""
    return given


OF_FLOWS: list[tuple[str, Any]] = [
    *(("retention", v) for v in each("forever", 7, "-1 days", "10000 years", "0 days", "", None, [], {}, True)),
    *(("schedule", v) for v in each([], "0 * * * *", None, 5, {}, {"cron": "0 * * * *", "every": "1 hour"})),
    *(("schedule", {**EVERY, "overlap": v}) for v in each("explode", None, 1, [])),
    *(
        ("schedule", {**EVERY, "timezone": v})
        for v in each("Europe", LONG, "", "../../etc/passwd", "/etc/passwd", "a\0b", 5, None,
                      "Mars/Olympus", "tzdata.zi", [])
    ),
    *(
        ("schedule", {"every": v})
        for v in each(0, -1, "0 s", "", "0.1 seconds", "nan", "1e999 days", 1e300, "10000 years",
                      True, None, [], {}, "soon")
    ),
    *(
        ("schedule", {"cron": v})
        for v in each("", "nonsense", "0 0 31 2 *", "99 * * * *", "* * * * * *", None, 5, [], LONG, "@reboot")
    ),
    *(
        ("labels", v)
        for v in each([], "a", None, {"a": 1}, {"a": None}, {"": "x"}, {"a": LONG}, {LONG: "a"},
                      {str(n): "x" for n in range(51)})
    ),
]  # fmt: skip
"""Keys of a flow's `metadata` with values they cannot have."""
WRONG_SPANS: tuple[object, ...] = (-1, "-1 s", "nan", 1e300, "200 years", True, None, [], {}, "soon")
OF_STEPS: list[tuple[str, Any]] = [
    *((key, v) for key in ("retry", "poll", "timeout") for v in each(5, [], None, "fast")),
    *(
        (key, {name: v})
        for key, name in (("retry", "maximumInterval"), ("poll", "interval"), ("poll", "maximumInterval"),
                          ("timeout", "startToClose"), ("timeout", "scheduleToClose"))
        for v in each(0, "0 s", "", *WRONG_SPANS)
    ),
    *(("retry", {"initialInterval": v}) for v in WRONG_SPANS),
    *(("retry", {"maximumAttempts": v}) for v in each(0, -1, 1.5, "3", None, True, 10**9)),
    *((key, {"backoffCoefficient": v}) for key in ("retry", "poll") for v in each(0.5, -1, 1e300, "2", None, True)),
    *(("poll", {"jitter": v}) for v in each(-0.1, 2, "0", None, True)),
    *(("retry", {"nonRetryable": v}) for v in each("Bad", None, [1])),
    *(("forEach", v) for v in each("", 5, None, [], "1; 2", "state.(", "x" * 30_000)),
    *(("event", v) for v in each("", 5, None, [], "x" * 300)),
    *(("resultSchema", v) for v in each(5, None, [], "object", {"type": 5}, {"$ref": "http://example.com"})),
    *((key, v) for key in ("owner", "runbook") for v in each(5, None, [], {}, "x" * 100_000)),
    *(("join", v) for v in each("most", "", 5, None, [], {}, {"atLeast": 0}, {"atLeast": "2"}, {"atLeast": 1.5})),
    *(("task", v) for v in each(5, None, [], "http", {}, {"system": ""}, {"system": 5}, {"system": "nowhere"})),
]  # fmt: skip
"""Keys of a step's `metadata` with values they cannot have."""


def flow(name: str, metadata: Any = None, task: Any = None) -> dict[str, Any]:
    """A flow from begin to end, or by way of one task."""
    made: dict[str, Any] = {"id": name, "name": name, "version": "1", "globalStateSchema": {"type": "object"}}
    made |= {"steps": STEPS, "connections": WAYS}
    if task is not None:
        made["steps"] = [STEPS[0], {"id": "a", "name": "a", "type": "task", "metadata": task}, STEPS[1]]
        pairs = (("begin", "a"), ("a", "end"))
        made["connections"] = [{"id": a, "sourceStepId": a, "targetStepId": b} for a, b in pairs]
    return made if metadata is None else {**made, "metadata": metadata}


@pytest.mark.parametrize(("key", "value"), OF_FLOWS, ids=lambda v: repr(v)[:40])
def test_wrong_metadata_of_a_flow_is_told_at_its_place(key: str, value: Any) -> None:
    source = flow("f", {key: value})
    _, problems, _ = check_flow(source)
    assert problems
    for problem in problems:
        assert problem.path.startswith(f"$.metadata.{key}")
        assert problem.message[0].isupper() or problem.message[0] in "`'"
        assert problem.message.endswith(".") and len(problem.message) < 600
    assert flow_from_stored(source).id == "f", "a run that began before goes on"


@pytest.mark.parametrize(("key", "value"), OF_STEPS, ids=lambda v: repr(v)[:40])
def test_wrong_metadata_of_a_step_is_told_at_its_place(key: str, value: Any) -> None:
    source = flow("f", task={"task": {"system": "simulated"}, key: value})
    _, problems, _ = check_flow(source, known_systems={"simulated": lambda binding: []})
    assert problems
    for problem in problems:
        assert problem.path.startswith(f"$.steps[1].metadata.{key}")
        assert problem.message.endswith(".") and len(problem.message) < 600
    assert flow_from_stored(source).steps[1].retry.maximum_attempts >= 1, "a run that began before goes on"


@pytest.mark.parametrize("metadata", [5, None, [], "x"])
def test_metadata_that_is_no_object_is_told(metadata: Any) -> None:
    for source in ({**flow("f"), "metadata": metadata}, flow("f", task=metadata if metadata is not None else 5)):
        _, problems, _ = check_flow(source)
        assert [problem.code for problem in problems] == ["SCHEMA"]
        assert flow_from_stored(source).id == "f"


def text(value: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "flow.json").write_text(value)


def sources(value: Any) -> Callable[[Path], object]:
    return text(json.dumps(value))


def tasks(value: str) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        (folder / "flow.json").write_text(json.dumps(flow("f", {"schedule": EVERY}, task={})))
        (folder / "tasks.py").write_text(value)

    return write


def no_file(name: str) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        if name == "tasks.py":
            (folder / "flow.json").write_text(json.dumps(flow("f", {"schedule": EVERY})))
        (folder / name).mkdir()

    return write


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "flow.json")


def dangling_tasks(folder: Path) -> None:
    (folder / "flow.json").write_text(json.dumps(flow("f", {"schedule": EVERY})))
    (folder / "tasks.py").symlink_to("nowhere.py")


FOLDERS: dict[str, Callable[[Path], object]] = {
    "no-json": text("{"),
    "no-object": text("[]"),
    "no-flow": text('{"steps": 3}'),
    "not-utf8": lambda folder: (folder / "flow.json").write_bytes(b'{"id": "\xff"}'),
    "deep": text('{"a": ' + "[" * 100_000),
    "deep-metadata": text(json.dumps(flow("f", {"schedule": json.loads("[" * 500 + "]" * 500)}))),
    "huge": text(" " * 5_000_001),
    "folder": no_file("flow.json"),
    "pipe": pipe,
    "dangling": lambda folder: (folder / "flow.json").symlink_to("nowhere.json"),
    "circle": lambda folder: (folder / "flow.json").symlink_to("flow.json"),
    "tasks-broken": tasks("def f(:\n"),
    "tasks-nul": tasks("x = '\0'"),
    "tasks-deep": tasks("x = " + "-" * 100_000 + "1"),
    "tasks-unbound": tasks("from runtime.authoring import task\n"),
    "tasks-huge": tasks("#" * 5_000_001),
    "tasks-folder": no_file("tasks.py"),
    "tasks-dangling": dangling_tasks,
    **{f"flow-{n}": sources(flow("f", {"schedule": EVERY, key: value})) for n, (key, value) in enumerate(OF_FLOWS)},
    **{
        f"step-{n}": sources(flow("f", {"schedule": EVERY}, task={"task": {"system": "simulated"}, key: value}))
        for n, (key, value) in enumerate(OF_STEPS)
    },
}
"""Everything that can be wrong with a workflow folder, by the name of the folder."""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A store whose workflows are all wrong but one, and all scheduled."""
    flows = tmp_path / "flows"
    for name, write in FOLDERS.items():
        (flows / name).mkdir(parents=True)
        write(flows / name)
    (flows / "healthy").mkdir()
    (flows / "healthy" / "flow.json").write_text(json.dumps(flow("h", {"schedule": EVERY, "retention": "1 day"})))
    settings = Settings.load({"store": str(tmp_path / "store"), "workflows": (str(flows),)}, env={})
    with closing(open_runtime(settings, actor=Actor("mia"), clock=ManualClock())) as made:
        made.commands.schedule("healthy", enabled=True)
        enabled = made.store.schedules.all()["healthy"]
        for name in (*FOLDERS, "gone"):
            made.store.schedules.put(name, enabled)
        yield made


def test_each_is_shown_refused_told_once_and_the_healthy_one_goes_on(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    shown = {view["workflow"]: view for view in runtime.json_views.flows()}
    assert [name for name in FOLDERS if not (shown[name]["problems"] or shown[name]["unbound"])] == []
    assert shown["healthy"]["problems"] == []
    doctor = {check.name: check for check in examined(runtime.queries, runtime.directory)}["workflows"]
    assert not doctor.ok
    assert [name for name in FOLDERS if f"{name} (" not in doctor.text and name != "tasks-unbound"] == []
    now = runtime.clock.now()
    listed = {view["workflow"]: view for view in schedule_views(runtime.queries.catalog, runtime.store.schedules, now)}
    assert [name for name in (*FOLDERS, "gone") if not listed[name]["problem"]] == []
    assert listed["healthy"]["problem"] is None
    assert len(listed["healthy"]["next_ticks"]) == 3
    assert {wake["reason"] for wake in runtime.json_views.wakes()} == {"start healthy (every 10 minutes UTC)"}
    for name in FOLDERS:
        runtime.commands.schedule(name, enabled=False)
        with pytest.raises(Refused, match="cannot be started"):
            runtime.commands.schedule(name, enabled=True)
        runtime.store.schedules.put(name, runtime.store.schedules.all()["healthy"])

    def start(workflow: str, run_id: str, tick: datetime) -> None:
        start_runs(runtime.commands.acting, workflow, [NewRun(run_id)])

    assert isinstance(runtime.clock, ManualClock)
    schedules = RunSchedules(runtime.store, runtime.catalog, runtime.clock, start)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            runtime.clock.move(601)
            schedules.look()
            for run in runtime.store.runs.query(limit=None):
                end(runtime, run.id)
    assert runtime.store.listing.count() == 3
    said = [record.message for record in caplog.records if "schedule.unusable" in record.message]
    assert len(said) == len(FOLDERS) + 1


def end(runtime: Runtime, run_id: str) -> None:
    """A run comes to its end."""
    run = runtime.store.runs.get(run_id)
    assert run is not None
    if run.status is RunStatus.PENDING:
        now = runtime.clock.now()
        ended = replace(
            run, status=RunStatus.COMPLETED, revision=run.revision + 1, next_wake_at=None, ended_at=now, updated_at=now
        )
        runtime.store.runs.save([Save(ended, run.revision)])


def test_runs_whose_retention_cannot_be_read_are_kept_and_all_others_are_removed_in_time(runtime: Runtime) -> None:
    wrong = [name for name, (key, _) in zip([f"flow-{n}" for n in range(len(OF_FLOWS))], OF_FLOWS, strict=True)
             if key == "retention"]  # fmt: skip
    start_runs(runtime.commands.acting, "healthy", [NewRun("h"), *(NewRun(name) for name in wrong)])
    for name in ("h", *wrong):
        run = runtime.store.runs.get(name)
        assert run is not None
        if name in wrong:
            runtime.store.runs.save([Save(replace(run, workflow=name, revision=run.revision + 1), run.revision)])
        end(runtime, name)
    retention = Retention(runtime.store, runtime.catalog, 30.0)
    assert retention.remove(runtime.clock.now() + timedelta(days=90)) == 1
    assert {run.id for run in runtime.store.runs.query(limit=None)} == set(wrong)
    assert Retention(runtime.store, runtime.catalog, 1e300).remove(runtime.clock.now() + timedelta(days=1)) == 0


def test_a_folder_of_workflows_that_goes_away_keeps_what_it_had(runtime: Runtime, tmp_path: Path) -> None:
    before = [workflow.name for workflow in runtime.catalog.workflows()]
    (tmp_path / "flows").rename(tmp_path / "away")
    runtime.catalog.reload()
    assert [workflow.name for workflow in runtime.catalog.known()] == before
    with pytest.raises(ForkjoinError, match="cannot be read"):
        runtime.catalog.workflows()
    (tmp_path / "away").rename(tmp_path / "flows")
    runtime.catalog.reload()
    assert len(runtime.catalog.workflows()) == len(before)


ODD: list[Any] = [5, None, [[]], {"a": {}}, "${", -1.5]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything in a JSON value."""
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def test_whatever_stands_wherever_in_a_flow_it_is_told_and_what_is_shown_of_it_can_be_shown() -> None:
    whole = json.loads((BUILT_IN / "release_approval" / "flow.json").read_text())
    whole["metadata"] = {"schedule": {"cron": "0 0 * * *"}, "labels": {"a": "b"}, "retention": "3 days"}
    whole["steps"][1]["metadata"] |= {"assign": {"note": "result"}, "forEach": "state.x"}
    simulated = SimulatedSystem(Path("unused"), ManualClock())
    catalog = Catalog([], binding_checks={"simulated": simulated.problems}, systems={"simulated": simulated})
    for path in places(whole):
        for odd in ODD:
            source = json.loads(json.dumps(whole))
            at = source
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = odd
            workflow = Workflow("w", Path("/w/flow.json"), source)
            assert not any("cannot be checked" in str(p) for p in catalog.verdict(workflow).problems), (path, odd)
            if workflow.flow is not None:
                assert picture(workflow.flow, None, form="text", ascii_only=True)
