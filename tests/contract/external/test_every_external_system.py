"""What every external system must do, whatever stands behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.errors import Unreachable
from runtime.external.base import ExternalSystem, abilities_of, find_work
from runtime.model.task import Completed, Failed, Lost, Running, Started
from tests.contract.external.calls import call_of, end_of, started
from tests.contract.external.taken_back import cancelled, confirmed, lost_start, one_task
from tests.contract.external.worlds import WORLDS, HttpWorld, World

pytestmark = pytest.mark.anyio
RESULT = {"rows": 3, "big": 2**62}
STATE = {"result": json.dumps(RESULT)}


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    world = WORLDS[request.param](tmp_path)
    yield world
    world.close()


@pytest.fixture
def system(world: World) -> ExternalSystem:
    return world.system()


async def test_work_is_started_runs_and_gives_its_result(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(result=RESULT), state=STATE)
    world.finish()
    assert await end_of(system, call) == Completed(RESULT)
    assert await end_of(system, call) == Completed(RESULT), "asked again it says the same"
    await system.close()


async def test_a_failure_of_the_work_is_told_with_its_words(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(error="index is read-only"), state=STATE)
    world.finish()
    answer = await end_of(system, call)
    assert isinstance(answer, Failed)
    assert "index is read-only" in answer.message
    assert answer.retryable
    await system.close()


async def test_starting_twice_with_one_key_is_one_piece_of_work(world: World, system: ExternalSystem) -> None:
    binding = world.binding(result=RESULT)
    answers = await asyncio.gather(*(system.start(call_of(binding, state=STATE)) for _ in range(5)))
    restarted = world.system()
    again = await restarted.start(call_of(binding, state=STATE))
    await restarted.close()
    assert isinstance(again, Started)
    assert set(answers) == {again}
    world.finish()
    await end_of(system, call_of(binding, external_id=again.external_id, state=STATE))
    assert world.jobs() == 1
    await system.close()


async def test_the_work_of_a_key_is_found_and_finding_starts_nothing(world: World, system: ExternalSystem) -> None:
    binding = world.binding(long=True)
    assert abilities_of(system, binding).finds
    assert await find_work(system, call_of(binding, state=STATE)) is None
    call = await started(system, binding, state=STATE)
    fresh = world.system()
    found = await find_work(fresh, call_of(binding, state=STATE))
    assert found == Started(call.request.external_id or "")
    assert await find_work(fresh, call_of(binding, state=STATE, key="run-2/other.1/1")) is None
    await fresh.cancel(call)
    await end_of(fresh, call)
    assert world.jobs() <= 1
    await fresh.close()
    await system.close()


async def test_work_that_ended_is_found_too(world: World, system: ExternalSystem) -> None:
    binding = world.binding(result=RESULT)
    call = await started(system, binding, state=STATE)
    world.finish()
    await end_of(system, call)
    assert await find_work(system, call_of(binding, state=STATE)) == Started(call.request.external_id or "")
    await system.close()


async def test_a_cancelled_start_whose_answer_was_lost_starts_nothing(world: World, system: ExternalSystem) -> None:
    binding = world.binding(long=True)
    play = one_task(system, binding, STATE)
    await lost_start(play, system, sent=True)
    await cancelled(play, system)
    assert world.jobs() <= 1, "a command may be stopped before it began"
    assert confirmed(play)
    await system.close()


async def test_a_cancelled_start_that_was_never_made_starts_nothing(world: World, system: ExternalSystem) -> None:
    play = one_task(system, world.binding(long=True), STATE)
    await lost_start(play, system, sent=False)
    await cancelled(play, system)
    assert await find_work(system, call_of(world.binding(long=True), state=STATE, key=play.starts[0])) is None
    assert confirmed(play)
    await system.close()


async def test_another_key_is_another_piece_of_work(world: World, system: ExternalSystem) -> None:
    calls = [await started(system, world.binding(result=RESULT), state=STATE, key=f"key-{n}") for n in (1, 2)]
    world.finish()
    for call in calls:
        await end_of(system, call)
    assert world.jobs() == 2
    await system.close()


async def test_long_work_is_running_and_can_be_cancelled(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(long=True), state=STATE)
    assert isinstance(await system.poll(call), Running)
    await system.cancel(call)
    assert isinstance(await end_of(system, call), Failed)
    await system.cancel(call)
    await system.close()


async def test_cancelling_ended_work_changes_nothing(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(result=RESULT), state=STATE)
    world.finish()
    await end_of(system, call)
    await system.cancel(call)
    assert await system.poll(call) == Completed(RESULT)
    await system.close()


@pytest.mark.parametrize("external_id", ["job-999", "0" * 40, "../jobs", "a/b?c#d", "\u202e"])
async def test_an_id_nobody_knows_is_lost(world: World, system: ExternalSystem, external_id: str) -> None:
    await started(system, world.binding(long=True), state=STATE)
    call = call_of(world.binding(), external_id=external_id, state=STATE)
    try:
        assert await system.poll(call) == Lost()
        await system.cancel(call)
    except Unreachable as problem:
        # A path it would leave is not asked for at all: who knows what stands there.
        assert (type(world), external_id) == (HttpWorld, "../jobs") and "another address" in str(problem)
    await system.cancel(await started(system, world.binding(long=True), state=STATE))
    await system.close()


async def test_not_being_able_to_see_the_work_is_not_its_failure(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(long=True), state=STATE)
    assert isinstance(await system.poll(call), Running)
    await system.close()
    world.go_dark(call.request.external_id or "")
    with pytest.raises(Exception, match=r"\w"):
        await system.poll(call)
    world.come_back(call.request.external_id or "")
    assert isinstance(await system.poll(call), Running)
    await system.cancel(call)
    await system.close()


async def test_work_survives_a_restart_of_our_process(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(result=RESULT), state=STATE)
    await system.close()
    world.finish()
    fresh = world.system()
    assert await end_of(fresh, call) == Completed(RESULT)
    assert world.jobs() == 1
    await fresh.close()


async def test_logs_can_be_read_at_any_time(world: World, system: ExternalSystem) -> None:
    call = await started(system, world.binding(error="index is read-only"), state=STATE)
    assert isinstance(await system.logs(call), str)
    world.finish()
    await end_of(system, call)
    assert await system.logs(call)
    assert isinstance(await system.logs(call_of(world.binding(), external_id="job-999")), str)
    await system.close()


async def test_a_sound_binding_has_no_problems_and_an_empty_one_says_what_is_missing(world: World) -> None:
    system = world.system()
    assert system.problems(world.binding(result=RESULT)) == []
    if system.name != "simulated":
        assert system.problems({"system": system.name})
    bindings: list[dict[str, object]] = [{"duration": []}, {"command": "ls"}, {"start": 3}]
    for nonsense in bindings:
        assert all(problem.endswith(".") for problem in system.problems(nonsense))
