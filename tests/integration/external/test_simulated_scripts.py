"""Simulated work plays its script by the injected clock, the same way every time."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import Unreachable
from runtime.external.simulated.script import derived_duration, script_problems, seconds
from runtime.external.simulated.system import SimulatedSystem
from runtime.model.task import Completed, Failed, Lost, Running, Started
from tests.contract.external.calls import call_of, started

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def system(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SimulatedSystem]:
    system = SimulatedSystem(tmp_path, clock)
    yield system
    await system.close()


def simulated(**script: Any) -> dict[str, Any]:
    return {"system": "simulated", "duration": "2 seconds", **script}


async def test_progress_follows_the_clock(system: SimulatedSystem, clock: ManualClock) -> None:
    call = await started(system, simulated(result={"ok": True}))
    assert await system.poll(call) == Running(0.0)
    clock.move(0.5)
    assert await system.poll(call) == Running(0.25)
    clock.move(-3600)
    assert await system.poll(call) == Running(0.0), "a clock that was set back does no harm"
    clock.move(3602)
    assert await system.poll(call) == Completed({"ok": True})


async def test_only_the_first_attempts_fail(system: SimulatedSystem, clock: ManualClock) -> None:
    binding = simulated(outcome="failed", error="index is read-only", failAttempts=2, result=1)
    answers = []
    for attempt in (1, 2, 3):
        call = await started(system, binding, attempt=attempt, key=f"k{attempt}")
        clock.move(2)
        answers.append(await system.poll(call))
    assert answers == [Failed("index is read-only"), Failed("index is read-only"), Completed(1)]


async def test_the_first_polls_do_not_reach_it_and_that_outlives_a_restart(
    system: SimulatedSystem, tmp_path: Path, clock: ManualClock
) -> None:
    call = await started(system, simulated(unreachablePolls=2))
    with pytest.raises(Unreachable):
        await system.poll(call)
    await system.close()
    again = SimulatedSystem(tmp_path, clock)
    with pytest.raises(Unreachable):
        await again.poll(call)
    assert isinstance(await again.poll(call), Running)
    await again.close()


async def test_work_can_get_lost_after_its_time(system: SimulatedSystem, clock: ManualClock) -> None:
    call = await started(system, simulated(outcome="lost"))
    assert isinstance(await system.poll(call), Running)
    clock.move(2)
    assert await system.poll(call) == Lost()


async def test_templates_decide_the_script_at_the_start(system: SimulatedSystem, clock: ManualClock) -> None:
    binding = simulated(duration="${state.wait}", result={"for": "${state.user}"})
    assert script_problems(binding) == []
    call = await started(system, binding, state={"wait": 7, "user": "alice"})
    clock.move(6.9)
    assert isinstance(await system.poll(call), Running)
    clock.move(0.1)
    assert await system.poll(call) == Completed({"for": "alice"})
    refused = await system.start(call_of(binding, key="k2", state={"wait": "a while"}))
    assert isinstance(refused, Failed)
    assert "a while" in refused.message
    assert not refused.retryable


async def test_without_a_script_key_and_seed_alone_decide(system: SimulatedSystem, clock: ManualClock) -> None:
    call = await started(system, {"system": "simulated"}, key="k")
    clock.move(derived_duration("k", 0) - 0.01)
    assert isinstance(await system.poll(call), Running)
    clock.move(0.02)
    assert await system.poll(call) == Completed(None)
    durations = [derived_duration(f"key {number}", 3) for number in range(200)]
    assert durations == [derived_duration(f"key {number}", 3) for number in range(200)]
    assert 0.2 <= min(durations) < 0.4
    assert 1.8 < max(durations) <= 2.0
    assert durations[0] != derived_duration("key 0", 4)


async def test_a_key_with_another_script_is_refused_and_starts_are_counted(
    system: SimulatedSystem, clock: ManualClock
) -> None:
    first = await system.start(call_of(simulated(result=1), key="k"))
    assert isinstance(first, Started)
    assert await system.start(call_of(simulated(result=1), key="k")) == first
    for other in ({"result": 2}, {"duration": "9 hours"}, {"outcome": "failed"}, {"error": "it broke"}):
        refused = await system.start(call_of(simulated(**{"result": 1, **other}), key="k"))
        assert isinstance(refused, Failed), other
        assert (refused.type, refused.retryable) == ("OtherRequest", False)
        assert f"forkjoin adopt run-1 main --external-id {first.external_id}" in refused.message
    clock.move(2)
    assert await system.poll(call_of({}, external_id=first.external_id)) == Completed(1)
    assert (system.starts("k"), system.starts("other"), system.jobs()) == (6, 0, 1)
    assert "started 6 times" in await system.logs(call_of({}, external_id=first.external_id))


async def test_nothing_is_written_before_the_first_call_and_then_only_for_the_owner(
    system: SimulatedSystem, tmp_path: Path
) -> None:
    assert system.problems(simulated()) == []
    assert list(tmp_path.iterdir()) == []
    await started(system, simulated())
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


async def test_a_file_that_is_not_ours_is_told_and_left_alone(system: SimulatedSystem, tmp_path: Path) -> None:
    (tmp_path / "simulated.db").write_text("notes of somebody\n" * 100)
    with pytest.raises(Unreachable, match=r"simulated\.db"):
        await started(system, simulated())
    assert (tmp_path / "simulated.db").read_text().startswith("notes of somebody")


async def test_a_file_somebody_holds_is_waited_for_and_then_told(tmp_path: Path, system: SimulatedSystem) -> None:
    await started(system, simulated())
    other = sqlite3.connect(tmp_path / "simulated.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = SimulatedSystem(tmp_path, ManualClock(), busy_seconds=0.05)
    with pytest.raises(Unreachable, match="locked"):
        await impatient.start(call_of(simulated(), key="second"))
    other.execute("ROLLBACK")
    assert isinstance(await impatient.start(call_of(simulated(), key="second")), Started)
    other.close()
    await impatient.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [(0, 0), (1.5, 1.5), ("", 0), ("2 seconds", 2), ("1 minute 30 seconds", 90), ("5m", 300), ("250ms", 0.25),
     ("0.5 hours", 1800), ("1 day", 86400)],
)  # fmt: skip
async def test_durations_are_numbers_of_seconds_or_text(text: Any, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "script",
    [{"outcome": "great"}, {"duration": "soon"}, {"duration": -1}, {"duration": True}, {"duration": float("inf")},
     {"failAttempts": -1}, {"failAttempts": "2"}, {"unreachablePolls": 1.5}],
)  # fmt: skip
async def test_a_script_that_cannot_be_played_is_told_before_it_starts(script: dict[str, Any]) -> None:
    (problem,) = script_problems(script)
    assert next(iter(script)) in problem
