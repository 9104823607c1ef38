"""Whatever an external system or task code answers or raises, its run goes on or fails with a sentence.

A call whose outcome was lost on the way to its save would leave its run under way for ever.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.calls.performer import Performer
from runtime.catalog.code import TaskCode
from runtime.catalog.python_system import PythonSystem, run_local
from runtime.errors import Unreachable
from runtime.model.task import Completed, Failed, Running, Started
from runtime.plain_json import MAXIMUM_DEPTH
from runtime.store.embedded.store import memory_store
from tests.unit.scheduler.test_wake_loop import World


def nested(levels: int, inner: Any = None) -> Any:
    for level in range(levels):
        inner = [inner] if level % 2 else {"k": inner}
    return inner


def circular() -> Any:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


class Raising:
    """Raises whatever it is asked."""

    def __init__(self, error: type[BaseException] = RuntimeError) -> None:
        self.error = error

    def _raise(self, *_: Any) -> Any:
        raise object.__getattribute__(self, "error")("asked")

    __str__ = __repr__ = __iter__ = __len__ = __bool__ = __eq__ = __lt__ = __le__ = _raise
    __hash__ = object.__hash__

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise object.__getattribute__(self, "error")("class")


class Text(str):
    __slots__ = ()

    def __iter__(self) -> Any:
        raise SystemExit("iterated")

    def __str__(self) -> str:
        raise KeyboardInterrupt("read")


class Number(int):
    def __le__(self, other: object) -> bool:
        raise RecursionError("compared")

    __lt__ = __ge__ = __gt__ = __le__


class Members(dict[str, Any]):
    def items(self) -> Any:
        raise MemoryError("walked")

    __iter__ = keys = items


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


STORABLE: dict[str, Any] = {
    "deepest": nested(MAXIMUM_DEPTH),
    "text class": Text("x"),
    "number class": Number(5),
    "dict class": Members(a=1),
    "enum number": Level.HIGH,
    "lone surrogate": {"\ud800": "a\udfff"},
    "tuple": (1, (2,)),
}
UNSTORABLE: dict[str, Callable[[], Any]] = {
    **{f"{n} levels": partial(nested, n) for n in (MAXIMUM_DEPTH + 1, 254, 255, 490, 700, 950, 990, 5_000, 100_000)},
    "circular": circular,
    "a set": lambda: {1, 2},
    "bytes": lambda: b"\xff",
    "NaN": lambda: [float("nan")],
    "infinity": lambda: {"a": float("-inf")},
    "a huge number": lambda: 10**400,
    "a moment": lambda: datetime(2026, 1, 1),
    "a generator": lambda: (i for i in range(3)),
    "an enum": lambda: Colour.RED,
    "a key that is no text": lambda: {1: 2},
    "a key of a class": lambda: {Raising(): 2},
    "a raising object": Raising,
    "an exiting object": lambda: [Raising(SystemExit)],
    "an interrupting object": lambda: Raising(KeyboardInterrupt),
    "ten megabytes": lambda: "x" * 10_000_000,
}
ERRORS = (
    RecursionError,
    MemoryError,
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
    asyncio.CancelledError,
    StopIteration,
    StopAsyncIteration,
    TimeoutError,
    BaseException,
    Exception,
)


class OddSystem:
    """Answers its polls with what the test says."""

    name = "quick"

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    async def start(self, call: Any) -> Any:
        return Started("job")

    async def poll(self, call: Any) -> Any:
        return self.answer()


class OddStart(OddSystem):
    async def start(self, call: Any) -> Any:
        return self.answer()


def drive(system: Any, seconds: int = 150) -> World:
    """A run whose branch `a` is on this system and whose sibling is sound, moved until nothing is under way."""
    world = World(memory_store())
    sound = OddSystem(lambda: Completed("fine"))
    performer = Performer({"quick": system, "slow": sound}, None, world.clock)  # type: ignore[dict-item,arg-type]
    world.loop.calls.perform = performer.perform

    async def story() -> None:
        world.start("r1")
        for _ in range(seconds // 30):
            for _ in range(6):
                await world.loop.turn()
                for _ in range(8):
                    await asyncio.sleep(0)
            world.clock.move(30)
        assert world.loop.in_flight == 0
        assert not world.loop.busy_runs, "no call may stay under way after its answer"

    asyncio.run(story())
    assert world.status("r1", "b") in ("arrived", "completed", "cancelled")
    return world


def failure(world: World, branch: str = "a") -> Any:
    (stored,) = world.store.runs.load(["r1"])
    visit = stored.branches[f"main/begin.1/{branch}"].steps[-1]
    return visit.failure


def raising(error: type[BaseException]) -> Callable[[], Any]:
    def answer() -> Any:
        raise error("odd")

    return answer


@pytest.mark.parametrize("name", STORABLE)
def test_what_can_be_stored_is_a_result(name: str) -> None:
    world = drive(OddSystem(lambda: Completed(STORABLE[name])))
    assert failure(world) is None
    assert world.store.listing.counts() == {"completed": 1}


@pytest.mark.parametrize("system", [OddSystem, OddStart])
@pytest.mark.parametrize("name", UNSTORABLE)
def test_a_result_that_cannot_be_stored_is_a_failure_with_a_sentence(name: str, system: type[OddSystem]) -> None:
    found = failure(drive(system(lambda: Completed(UNSTORABLE[name]()))))
    assert found.type == "InvalidResult" and not found.retryable
    assert "result of a" in found.message and found.message.endswith(".")


@pytest.mark.parametrize("name", UNSTORABLE)
def test_a_state_change_that_cannot_be_stored_is_a_failure_with_a_sentence(name: str) -> None:
    found = failure(drive(OddSystem(lambda: Completed(1, {"x": UNSTORABLE[name]()}))))
    assert found.type == "InvalidState" and not found.retryable
    found = failure(drive(OddSystem(lambda: Completed(1, UNSTORABLE[name]()))))
    assert found.type == "InvalidState"


@pytest.mark.parametrize("name", UNSTORABLE)
def test_details_that_cannot_be_stored_leave_the_failure_as_it_is(name: str) -> None:
    found = failure(drive(OddSystem(lambda: Failed("no", "Odd", UNSTORABLE[name](), retryable=False))))
    assert (found.type, found.message) == ("Odd", "no")
    assert isinstance(found.details, str)


@pytest.mark.parametrize("name", UNSTORABLE)
def test_odd_words_and_numbers_of_a_report_keep_nothing_under_way(name: str) -> None:
    odd = UNSTORABLE[name]
    for answer in (
        lambda: Failed(odd(), odd(), retryable=odd()),
        lambda: Running(odd(), odd()),
        odd,
    ):
        drive(OddSystem(answer))
    drive(OddStart(lambda: Started(odd())))


@pytest.mark.parametrize("system", [OddSystem, OddStart])
@pytest.mark.parametrize("error", ERRORS)
def test_whatever_a_call_raises_says_nothing_of_the_work_and_is_asked_again(
    error: type[BaseException], system: type[OddSystem]
) -> None:
    calls = 0

    def answer() -> Any:
        nonlocal calls
        calls += 1
        return raising(error)() if calls == 1 else Completed("after all") if system is OddSystem else Started("job")

    drive(system(answer), 300)
    assert calls > 1


def test_room_for_a_call_that_cannot_be_had_loses_no_call() -> None:
    world = World(memory_store())
    world.answers.set()

    class Full:
        refusals = 3

        def of(self, system: str, target: str) -> Any:
            if self.refusals:
                self.refusals -= 1
                raise RuntimeError("no room")
            return asyncio.Lock()

    world.loop.calls.limits = Full()

    async def story() -> None:
        world.start("r1")
        for _ in range(30):
            for _ in range(6):
                await world.loop.turn()
                await asyncio.sleep(0)
            world.clock.move(30)

    asyncio.run(story())
    assert world.store.listing.counts() == {"completed": 1}


def test_an_outcome_that_could_not_be_saved_for_any_reason_is_saved_later() -> None:
    world = World(memory_store())
    world.answers.set()
    save, troubles = world.store.runs.save, [OSError("gone"), KeyError("odd"), MemoryError(), RecursionError()]

    def failing(saves: Any, *, epoch: int | None = None) -> list[str]:
        if len(world.calls) == 4 and troubles:
            raise troubles.pop()
        return save(saves, epoch=epoch)

    world.store.runs.save = failing  # type: ignore[method-assign]

    async def story() -> None:
        world.start("r1")
        for _ in range(20):
            for _ in range(6):
                try:
                    await world.loop.turn()
                except Exception:
                    continue
                await asyncio.sleep(0)
            world.clock.move(31)

    asyncio.run(story())
    assert len(world.calls) == 4, "nothing is asked twice"
    assert world.store.listing.counts() == {"completed": 1}


CODE = """
import sys
sys.path.insert(0, {root!r})
from runtime.authoring import *
from tests.unit.scheduler.test_odd_answers import *

@task("work")
def work(request):
    return {answer}

@task("job")
class Job:
    async def start(self, request): return {answer}
    def poll(self, request): return {answer}
    cancel = logs = poll
"""


@pytest.mark.parametrize(
    "answer",
    [
        *(f"Completed(UNSTORABLE[{name!r}]())" for name in UNSTORABLE),
        *(f"Failed(UNSTORABLE[{name!r}](), details=UNSTORABLE[{name!r}]())" for name in UNSTORABLE),
        *(f"raising({error.__module__}.{error.__name__})()" for error in ERRORS if error.__module__ == "builtins"),
        "Raising()",
        "Started(Raising())",
        "raising(type('Odd', (Exception,), {'__str__': lambda self: sys.exit(3)}))()",
    ],
)
def test_task_code_is_read_on_its_own_thread_and_nothing_odd_leaves_it(tmp_path: Path, answer: str) -> None:
    from tests.unit.catalog.test_task_code import request

    path = tmp_path / "tasks.py"
    root = str(Path(__file__).parents[3])
    path.write_text(CODE.replace("{root!r}", repr(root)).replace("{answer}", answer) + "\nimport builtins\n")
    code = TaskCode("odd", path)

    async def story() -> None:
        done = await run_local(code, request("work"))
        assert type(done) in (Completed, Failed)
        if answer.startswith("Completed"):
            assert (isinstance(done, Failed) and done.type == "InvalidResult") or "megabytes" in answer
        system = PythonSystem(lambda _: code)
        from runtime.external.base import Call

        for verb in ("start", "poll", "cancel", "logs"):
            try:
                await getattr(system, verb)(Call(request("job"), {}, None))  # type: ignore[arg-type]
            except Unreachable as said:
                assert said.message

    asyncio.run(story())
    code.close()
