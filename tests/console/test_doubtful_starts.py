"""Starts nobody can account for, repaired by keyboard: found, adopted, or started anew beside the old work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.console.world import Desk, World, console, story

TASKS = """
from runtime.authoring import Running, Started, task

@task("a")
class Job:
    idempotent = False

    async def start(self, request):
        {start}

    async def poll(self, request):
        return Running(note=f"{{request.external_id}} is at work")
{find}
"""
FIND = """
    async def find(self, request):
        return {found}
"""
NO_ANSWER = 'raise TimeoutError("the answer never came")'
NO_ID = 'return Started("")'


def job(folder: Path, start: str, found: str = "") -> Path:
    """A workflow of one task that starts in this way, and finds this."""
    place = folder / "one"
    place.mkdir(parents=True)
    steps = [{"id": n, "name": n, "type": t} for n, t in (("begin", "begin"), ("a", "task"), ("end", "end"))]
    ways = [("begin", "a"), ("a", "end")]
    flow = {
        "id": "one",
        "name": "one",
        "version": "1",
        "globalStateSchema": {"type": "object"},
        "globalState": {},
        "steps": steps,
        "connections": [{"id": f"c{n}", "sourceStepId": s, "targetStepId": t} for n, (s, t) in enumerate(ways)],
    }
    (place / "flow.json").write_text(json.dumps(flow))
    find = FIND.format(found=found) if found else ""
    (place / "tasks.py").write_text(TASKS.format(start=start, find=find))
    return folder


async def opened(world: World, desk: Desk) -> str:
    """The run under the cursor, after its start."""
    await desk.look()
    return await desk.press("tab")


async def started(tmp_path: Path, start: str, found: str = "") -> World:
    world = World(tmp_path / "store", workflows=job(tmp_path / "flows", start, found))
    world.runtime.commands.start("one", run_id="r")
    await world.run_for(3)
    return world


def test_what_is_found_under_the_key_is_taken_by_keyboard(tmp_path: Path) -> None:
    async def night() -> None:
        world = await started(tmp_path, NO_ID, 'Started("job-77")')
        async with console(world) as desk:
            screen = await opened(world, desk)
            assert "NoExternalId" in screen
            screen = await desk.press("K")
            assert "Find the work of main in r" in screen and "Key       r~birth00001/" in screen
            await world.run_for(1)
            screen = await desk.look()
            assert "job-77 under the key" in screen
            assert "--external-id job-77" in screen, "what was found is filled in"
            await desk.confirm()
            assert "job-77" in await desk.later(10)
            assert world.runtime.json_views.show("r")["branches"][0]["status"] == "running"
        await world.close()

    story(night())


def test_nothing_found_is_told_and_started_again_under_its_key(tmp_path: Path) -> None:
    async def night() -> None:
        world = await started(tmp_path, NO_ID, "None")
        async with console(world) as desk:
            await opened(world, desk)
            await desk.press("R")
            await world.run_for(1)
            screen = await desk.look()
            assert "has no work under the key" in screen
            assert "(*) 2 same-key" in screen
            assert "not possible" in desk.row("3 reattach")
        await world.close()

    story(night())


def test_a_job_that_was_found_is_not_started_beside_by_a_retry(tmp_path: Path) -> None:
    async def night() -> None:
        world = await started(tmp_path, NO_ID, 'Started("job-77")')
        async with console(world) as desk:
            await opened(world, desk)
            await desk.press("R")
            await world.run_for(1)
            screen = await desk.look()
            assert "not possible: job-77 is there" in desk.row("2 same-key"), screen
            assert "(*)" not in screen, "work beside work is chosen, never preset"
            await desk.confirm()
            assert "nothing is chosen" in desk.message
            assert [act.verb for act in world.runtime.store.acts.newest(limit=5)] == ["start"]
        await world.close()

    story(night())


@pytest.mark.parametrize("way", ["adopt", "anew"])
def test_an_unconfirmed_start_is_adopted_or_started_anew(tmp_path: Path, way: str) -> None:
    async def night() -> None:
        world = await started(tmp_path, NO_ANSWER)
        async with console(world) as desk:
            screen = await opened(world, desk)
            assert "unconfirmed" in screen
            await desk.press("K")
            assert "cannot be asked for the work of a key" in desk.message
            if way == "adopt":
                await desk.press("I")
                await desk.type("job-9")
                assert "--external-id job-9" in desk.screen
                await desk.confirm()
                assert "job-9" in await desk.later(10)
                assert world.runtime.json_views.show("r")["branches"][0]["status"] == "running"
            else:
                screen = await desk.press("R")
                assert "new key beside the old work" in desk.row("5 anew")
                screen = await desk.press("5")
                assert "--force" in screen
                await desk.confirm()
                await desk.later(8)
                visit = world.runtime.json_views.show("r")["branches"][0]["steps"][-1]
                assert [a["attempt"] for a in visit["attempts"]] == [1, 2]
        await world.close()

    story(night())
