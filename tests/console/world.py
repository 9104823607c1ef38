"""A store with runs in every plight, a scheduler that turns when told to, a console over both; one manual clock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from textual.pilot import Pilot

from console.app import ForkjoinApp
from console.options import SessionOptions
from console.theme import Look
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.calls.performer import Performer
from runtime.catalog.python_system import PythonSystem
from runtime.clock import ManualClock
from runtime.model.act import Actor
from runtime.model.facts import SYSTEMS
from runtime.model.run import Run
from runtime.operations.programs import program_of
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.upkeep.question_answerer import QuestionAnswerer
from runtime.scheduler.upkeep.stored_acts import StoredActs
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.settings import Settings

MORNING = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
NO_COLOUR = Look(colour=False)
MAKE_STORE: Callable[[Path], str] = str
"""What the store of a folder is: the folder itself, or the URL of a database of its own."""


class World:
    """A store in a folder, and a scheduler for it that acts only when the clock is moved."""

    def __init__(self, folder: Path, *, workflows: Path | None = None) -> None:
        self.clock = ManualClock(MORNING)
        self.settings = Settings.load(
            {
                "store": MAKE_STORE(folder),
                "directory": str(folder),
                "workflows": (str(workflows),) if workflows else (),
            },
            env={"HOME": str(folder)},
        )
        self.runtime = self.open(Actor("scheduler", "scheduler"))
        runtime = self.runtime
        # The same keys and external ids each time: screens are compared with those of before.
        numbers = count(1)
        runtime.commands.acting.births = lambda: f"birth{next(numbers):05d}"
        systems: dict[str, Any] = {**runtime.systems, "python": PythonSystem(runtime.catalog.code)}
        performer = Performer(systems, runtime.catalog, self.clock, 10)

        def programs(run: Run) -> tuple[Any, str | None]:
            return program_of(runtime.store.flows, runtime.catalog, run), None

        self.meter = CallMeter(performer.perform)
        self.loop = WakeLoop(
            runtime.store,
            Advancer(programs, self.clock, durations=self.meter.durations),
            Calls(self.meter.perform, self.clock),
            self.clock,
        )
        self.acts = StoredActs(runtime.store.acts, runtime.commands.carry_out, self.clock)
        self.answerer = QuestionAnswerer(runtime.store, performer, lambda run: programs(run)[0], self.clock)

    def open(self, actor: Actor, *, read_only: bool = False) -> Runtime:
        """The operations over the store, as somebody."""
        return open_runtime(self.settings, read_only=read_only, actor=actor, clock=self.clock)

    def beat(self, **more: Any) -> None:
        """The scheduler shows that it is alive."""
        self.runtime.store.facts.put(
            "scheduler",
            {
                "host": "etl-1",
                "pid": 812,
                "beat_at": self.clock.now().isoformat(),
                "started_at": MORNING.isoformat(),
                "lateness_s": 0.1,
                "wakes_per_second": 3.0,
                "rates": [1.0, 2.0, 3.0],
                **more,
            },
        )

    async def run_for(self, seconds: float, step: float = 1.0) -> None:
        """Let the scheduler work for so long."""
        while True:
            for _ in range(400):
                await self.acts.carry_out_due()
                moved = await self.loop.turn()
                self.answerer.look()
                await asyncio.sleep(0)
                if not moved and not self.loop.in_flight and not self.runtime.store.questions.open():
                    break
                await asyncio.sleep(0.001)
            if seconds <= 0:
                break
            self.clock.move(min(step, seconds))
            seconds -= step
        SYSTEMS.write(self.runtime.store.facts, self.meter.summary())
        self.beat()

    async def close(self) -> None:
        """Give everything back."""
        await self.loop.drain(1)
        for system in self.runtime.systems.values():
            await system.close()
        self.runtime.close()


async def night(world: World) -> None:
    """A night as in the mock-ups: one run in each plight."""
    start = world.runtime.commands.start
    start("profile_update", {"emailOutcome": "completed"}, "fine-1")
    start("profile_update", {"emailOutcome": "failed"}, "mail-7", {"env": "prod"})
    start("release_approval", {}, "rel-2.14")
    start("profile_update", {"emailOutcome": "completed", "emailDuration": "1 hour"}, "slow-3")
    start("profile_update", {"emailOutcome": "completed", "emailUnreachablePolls": 40}, "blind-5")
    await world.run_for(20)


@dataclass
class Desk:
    """Somebody at a console."""

    app: ForkjoinApp
    pilot: Pilot[int]
    world: World

    async def settle(self) -> None:
        """Wait until everything asked is read and drawn."""
        for _ in range(500):
            await self.pilot.pause()
            if self.app.feed.idle and self.app.typed.idle:
                await self.pilot.pause()
                if self.app.feed.idle and self.app.typed.idle:
                    return
            await asyncio.sleep(0.002)
        raise AssertionError("the console does not come to rest")

    async def press(self, *keys: str) -> str:
        """Press keys, each after the screen came to rest; gives the screen."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()
        return self.screen

    async def confirm(self) -> str:
        """Go to the button that acts, and press it."""
        for _ in range(30):
            if getattr(self.app.focused, "id", "") == "do":
                return await self.press("enter")
            await self.press("tab")
        raise AssertionError("the dialog has no button that acts")

    async def type(self, text: str) -> str:
        """Type a text."""
        names = {" ": "space", ":": "colon", "!": "exclamation_mark", "*": "asterisk", "~": "tilde", "-": "minus"}
        await self.pilot.press(*(names.get(c, c) for c in text))
        await self.settle()
        return self.screen

    async def later(self, seconds: float = 1.0) -> str:
        """Let the scheduler work for a while, then the console look again."""
        await self.world.run_for(seconds)
        return await self.look()

    async def look(self) -> str:
        """The console looks at the store again, as it does every second."""
        self.app.status.forget()
        self.app.tick()
        self.app.read_status()
        await self.settle()
        return self.screen

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        width, height = self.app.size
        console = Console(
            width=width,
            height=height,
            record=True,
            file=open(os.devnull, "w"),  # noqa: SIM115 - closed with the console
            color_system=None,
            force_terminal=True,
            legacy_windows=False,
        )
        screen = self.app.screen
        console.print(screen._compositor.render_update(full=True, screen_stack=self.app._background_screens), end="")
        console.file.close()
        return [line.rstrip() for line in console.export_text().split("\n")][:height]

    @property
    def screen(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def message(self) -> str:
        """The line above the footer."""
        return self.app.frame.text

    def row(self, text: str) -> str:
        """The first line with a text on it."""
        return next((line for line in self.lines if text in line), "")


@asynccontextmanager
async def console(
    world: World,
    size: tuple[int, int] = (120, 36),
    *,
    who: str = "mia",
    read_only: bool = False,
    look: Look = NO_COLOUR,
    keys: dict[str, str] | None = None,
    watching: bool = False,
) -> AsyncIterator[Desk]:
    """A console at a desk, drawn and at rest; it looks at the store when told to, `watching` only when woken."""
    actor = Actor(who, "console")
    options = SessionOptions(
        open_reader=lambda: world.open(actor, read_only=True),
        open_actor=lambda: world.open(actor, read_only=read_only),
        now=world.clock.now,
        store_name="prod.db",
        look=look,
        read_only=read_only,
        restricted=read_only,
        keys=keys or {},
        start_scheduler=None if read_only else lambda: None,
        refresh_seconds=0,
        watching=watching,
    )
    app = ForkjoinApp(options)
    async with app.run_test(size=size) as pilot:
        desk = Desk(app, pilot, world)
        await desk.settle()
        await desk.look()
        yield desk


@asynccontextmanager
async def at_night(folder: Path, size: tuple[int, int] = (120, 36), **how: Any) -> AsyncIterator[Desk]:
    """A console on the store of a night."""
    world = World(folder)
    try:
        await night(world)
        async with console(world, size, **how) as desk:
            yield desk
    finally:
        await world.close()


def story(*steps: Any) -> None:
    """Run a coroutine function as a test."""
    asyncio.run(*steps)


def between(lines: Sequence[str], first: str, last: str) -> list[str]:
    """Lines from the one with `first` to the one with `last`."""
    start = next(n for n, line in enumerate(lines) if first in line)
    end = next(n for n, line in enumerate(lines[start:], start) if last in line)
    return list(lines[start : end + 1])
