"""A console on PostgreSQL sees changes as they come, and lives through a database that goes away."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from console import change_watch
from runtime.store.postgres import change_feed
from tests.console import world as worlds
from tests.console.world import Desk, World, console, night, story
from tests.cutting import Cutting
from tests.postgres import Server, new_database, own_server

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def hourly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by the clock: what is seen was heard."""
    monkeypatch.setattr(change_feed, "SAFETY_SECONDS", 3_600.0)
    monkeypatch.setattr(change_watch, "AWAIT_SECONDS", 3_600.0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with own_server() as made:
        monkeypatch.setattr(worlds, "MAKE_STORE", lambda _: made.url("postgres"))
        yield made


async def until(desk: Desk, seen: Callable[[], object]) -> None:
    """Wait for something to be seen; nobody presses a key and no timer looks."""
    end = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < end, desk.screen
        await desk.pilot.pause()
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("hourly")
def test_what_another_connection_changes_is_heard_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> None:
        url = new_database()
        monkeypatch.setattr(worlds, "MAKE_STORE", lambda _: url)
        world = World(tmp_path)
        await night(world)
        async with console(world, watching=True) as desk:
            await until(desk, lambda: "blind-5" in desk.row(">"))
            world.runtime.commands.cancel("blind-5")
            await until(desk, lambda: "cancelled" in desk.row("blind-5 "))
            world.runtime.commands.cancel("slow-3")
            await until(desk, lambda: "cancelled" in desk.row("slow-3 "))
        await world.close()

    story(told())


def test_a_database_that_goes_away_is_said_and_comes_back(tmp_path: Path, server: Server) -> None:
    async def told() -> None:
        world = World(tmp_path)
        await night(world)
        async with console(world, watching=True) as desk:
            await until(desk, lambda: "mail-7" in desk.screen)
            await desk.press("H", "down", "down", "down")
            server.stop(signal.SIGQUIT)
            await until(desk, lambda: "cannot be used" in desk.screen)
            assert "Away for" in desk.screen
            assert "trying again" in desk.screen
            assert "[as of 02:00:20]" in desk.screen
            assert "mail-7" in desk.screen, "what was read stays"
            await desk.confirm()
            assert desk.message == "hold all: nothing was saved, the store is away. Give it again when it is back."
            assert "Refused: The store" in await desk.press("H")
            server.start()
            await until(desk, lambda: "cannot be used" not in desk.screen)
            await until(desk, lambda: "Refused: The store" not in desk.screen)
            assert "as of" not in desk.screen
            assert not world.runtime.store.holds.all(), "nothing is repeated that nobody gave again"
            await desk.confirm()
            assert "accepted" in desk.message or "carried out" in desk.message
            world.runtime.commands.cancel("slow-3")
            await until(desk, lambda: "cancelled" in desk.row("slow-3 "))
        await world.close()

    story(told())


@pytest.mark.parametrize("commits", [True, False])
def test_an_act_cut_off_while_it_was_saved_is_looked_for_and_said(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    async def told() -> None:
        world = World(tmp_path)
        await night(world)
        with Cutting(server) as proxy:
            monkeypatch.setattr(world, "settings", replace(world.settings, store=proxy.url()))
            await cut_off(world, proxy)
        await world.close()

    async def cut_off(world: World, proxy: Cutting) -> None:
        async with console(world, watching=True) as desk:
            await until(desk, lambda: "mail-7" in desk.screen)
            await desk.press("H", "down", "down", "down")
            proxy.commits, proxy.armed = commits, True
            await desk.confirm()
            said = "hold all: it was saved, act" if commits else "hold all: it was not saved; give it again."
            await until(desk, lambda: said in desk.screen)
            held = [h.scope for h in world.runtime.store.holds.all()]
            assert held == (["all"] if commits else []), "nothing is repeated by itself"
            if commits:
                (act,) = [a for a in world.runtime.store.acts.newest() if a.verb == "hold"]
                assert f"{said} {act.id}." in desk.screen

    story(told())
