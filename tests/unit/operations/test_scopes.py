"""A hold covers what its words say, and a scope that names nothing is refused with what comes near."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.assembly.runtime import Runtime, open_runtime
from runtime.engine.advance import advance
from runtime.engine.draft import Situation
from runtime.errors import InvalidInput, NotFound, Refused
from runtime.model.target import in_scope, same_scope
from runtime.settings import Settings
from tests.unit.operations.test_file_flows import flow, write

HTTP = {
    "system": "http",
    "start": {"method": "POST", "url": "http://Jobs.internal:8080/jobs", "externalId": "response.json.id"},
    "poll": {
        "url": "http://jobs.internal:8080/jobs/${externalId}",
        "status": "response.json.status",
        "completed": ["ok"],
    },
}


@pytest.mark.parametrize(
    ("name", "place", "covered"),
    [
        ("http", ("http", "jobs:8080"), True),
        ("http:jobs", ("http", "jobs:8080"), True),
        ("http:JOBS", ("http", "jobs:8080"), True),
        ("http:jobs:8080", ("http", "jobs:8080"), True),
        ("http:jobs:80", ("http", "jobs:8080"), False),
        ("http:job", ("http", "jobs:8080"), False),
        ("http:jobs:8080", ("http", "jobs"), False),
        ("http:jobs.internal", ("http", "jobs"), False),
        ("http:[::1]", ("http", "[::1]:9000"), True),
        ("http:[::1]:9000", ("http", "[::1]:9000"), True),
        ("http:[:", ("http", "[::1]:9000"), False),
        ("process:load.py", ("process", "load.py"), True),
        ("process:LOAD.py", ("process", "load.py"), False),
        ("process:a", ("process", "a:1"), False),
        ("https", ("http", "jobs"), False),
        ("", ("", ""), False),
        ("http:", ("http", ""), True),
    ],
)
def test_what_a_name_covers(name: str, place: tuple[str, str], covered: bool) -> None:
    assert in_scope(name, *place) is covered


def test_scopes_that_are_one() -> None:
    assert same_scope("system=http:Jobs:80", "system=http:jobs:80")
    assert not same_scope("flow=A", "flow=a")
    assert not same_scope("system=process:A", "system=process:a")


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    known = tmp_path / "known"
    write(known / "orders", "flow.json", flow("orders-id", task=HTTP))
    settings = Settings.load({"store": str(tmp_path / "store"), "workflows": [str(known)]}, env={"HOME": str(tmp_path)})
    made = open_runtime(settings)
    yield made
    made.close()


@pytest.mark.parametrize(
    "scope",
    [
        "all",
        "system=http",
        "system=simulated",
        "system=http:jobs.internal",
        "system=http:JOBS.internal:8080",
        "system=python:profile_update",
        "flow=orders",
        "flow=orders-id",
    ],
)
def test_a_scope_that_something_has_is_held_and_released(runtime: Runtime, scope: str) -> None:
    runtime.commands.start("orders", run_id="r")
    assert runtime.commands.hold(scope, dry_run=True).dry_run
    runtime.commands.hold(scope)
    with pytest.raises(Refused, match="held already"):
        runtime.commands.hold(scope.replace("JOBS", "Jobs"))
    run = runtime.queries.load("r").run
    (one,) = runtime.commands.acting.program(run).bindings.values()
    covers = runtime.store.holds.all()[0].covers(
        run_id="r", workflow=run.workflow, flow_id=run.flow_id, system=one.system, target=one.target
    )
    assert covers is ("simulated" not in scope and "python" not in scope)
    runtime.commands.release(scope.replace("JOBS", "jobs"))
    assert not runtime.store.holds.all()


@pytest.mark.parametrize(
    ("scope", "near"),
    [
        ("system=htp", "http"),
        ("system=http:jobs.intrnal:8080", "http:jobs.internal:8080"),
        ("system=http:jobs.internal:8081", "http:jobs.internal:8080"),
        ("system=proces", "process"),
        ("flow=order", "orders"),
        ("flow=profile-update", "profile_update"),
    ],
)
def test_a_scope_that_nothing_has_is_refused_with_what_comes_near_unless_it_is_forced(
    runtime: Runtime, scope: str, near: str
) -> None:
    for dry_run in (True, False):
        with pytest.raises(NotFound) as refused:
            runtime.commands.hold(scope, dry_run=dry_run)
        assert f"Did you mean {near}" in refused.value.message
        assert f"forkjoin hold {scope} --force" in refused.value.message
    assert not runtime.store.holds.all()
    runtime.commands.hold(scope, force=True)
    assert [h.scope for h in runtime.store.holds.all()] == [scope]
    runtime.commands.release(scope)
    assert not runtime.store.holds.all()


def test_what_nothing_comes_near_is_told_what_there_is(runtime: Runtime) -> None:
    with pytest.raises(NotFound, match=r"Known: .*http:jobs\.internal:8080"):
        runtime.commands.hold("system=zzzzzzzz")
    with pytest.raises(NotFound, match="forkjoin hold 'flow=two words' --force"):
        runtime.commands.hold("flow=two words")
    with pytest.raises(NotFound):
        runtime.commands.hold("run=nobody", force=True)
    for wrong in ("", "system", "system=", "=x", "flows=x"):
        with pytest.raises(InvalidInput):
            runtime.commands.hold(wrong, force=True)


def test_what_only_a_run_has_is_known(runtime: Runtime, tmp_path: Path) -> None:
    """A flow file somewhere, started once: its flow and its targets are known from the run."""
    other = {**HTTP, "start": {**HTTP["start"], "url": "https://search.internal/x"}}  # type: ignore[dict-item]
    path = write(tmp_path / "lone", "x.json", flow("lone", task=other))
    with pytest.raises(NotFound):
        runtime.commands.hold("system=http:search.internal")
    runtime.commands.start(str(path))
    path.unlink()
    runtime.commands.hold("system=http:search.internal")
    runtime.commands.hold("flow=lone")


def test_why_names_the_hold_on_a_target_though_a_reader_knows_no_systems(runtime: Runtime) -> None:
    runtime.commands.start("orders", run_id="r")
    runtime.commands.hold("system=http:jobs.internal:8080", reason="maintenance")
    acting = runtime.commands.acting
    stored = acting.load("r")
    situation = Situation(acting.program(stored.run), runtime.clock.now(), runtime.store.holds.all())
    step = advance(situation, stored)
    assert step.save is not None and not step.actions
    runtime.store.runs.save([step.save])
    assert [h.scope for h in runtime.queries.why("r").holds] == ["system=http:jobs.internal:8080"]
