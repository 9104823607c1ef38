"""Schedules on screen: when they tick next, what keeps one from ticking, and their place on the board of wakes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.console.world import World, console, story

RULES = {
    "berlin": {"cron": "30 2 29 3 *", "timezone": "Europe/Berlin"},
    "monthly": {"every": "1 month"},
    "wrong": {"cron": "0 0 31 2 *"},
}


def ship(folder: Path) -> Path:
    for name, rule in RULES.items():
        (folder / name).mkdir(parents=True)
        ends = [{"id": kind, "name": kind, "type": kind} for kind in ("begin", "end")]
        way = {"id": "c", "sourceStepId": "begin", "targetStepId": "end"}
        flow = {"id": name, "name": name, "version": "1", "globalStateSchema": {"type": "object"}, "steps": ends}
        text = json.dumps({**flow, "connections": [way], "metadata": {"schedule": rule}})
        (folder / name / "flow.json").write_text(text)
    return folder


def test_next_ticks_and_what_is_wrong_stand_on_workflows_and_wakes(tmp_path: Path) -> None:
    async def look() -> None:
        world = World(tmp_path / "store", workflows=ship(tmp_path / "flows"))
        for name in ("berlin", "monthly"):
            world.runtime.commands.schedule(name, enabled=True)
        enabled = world.runtime.store.schedules.all()["berlin"]
        for name in ("wrong", "gone"):
            world.runtime.store.schedules.put(name, enabled)
        world.beat()
        async with console(world, (120, 36)) as desk:
            shown = await desk.press("5")
            assert "cron 30 2 29 3 * Europe/Berlin, on" in shown
            assert "2026-03-29 01:00, 2027-03-29 00:30, 2028-03-29 00:30" in shown
            assert "failed" in next(line for line in shown.splitlines() if " wrong " in line)
            shown = await desk.press("3")
            lines = [line for line in shown.splitlines() if " start " in line or "does not start" in line]
            assert "start berlin (cron 30 2 29 3 * Europe/Berlin)" in lines[0]
            assert "start monthly (every 1 month UTC)" in lines[1]
            assert "gone does not start" in lines[2] and "wrong does not start" in lines[3]
        await world.close()

    story(look())
