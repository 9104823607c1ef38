"""An edited tasks.py, or a module beside it, is what runs from then on; what began in the old code ends there."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runtime.catalog import code as code_module
from runtime.catalog import code_files, current_code
from runtime.catalog.catalog import Catalog
from runtime.catalog.code import MissingCode
from runtime.engine.advance import advance
from runtime.engine.draft import Situation
from runtime.engine.repair import controls
from runtime.engine.repair.retry import retry
from runtime.flow.program import Program
from runtime.model.act import Hold
from runtime.model.run import Run
from runtime.model.task import Completed, TaskRequest
from tests.unit.engine.play import Play, Started, flow_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLOW = flow_of({"begin": {}, "a": {}, "end": {}}, [("begin", "a"), ("a", "end")])


class Shop:
    """One workflow folder, and the catalog of a scheduler that has been there for long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        self.folder.mkdir()
        (self.folder / "flow.json").write_text(json.dumps(FLOW))
        self.catalogs: list[Catalog] = []

    def write(self, text: str, name: str = "tasks.py") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def task(self, returns: str, head: str = "") -> None:
        head = f"from runtime.authoring import Completed, task\n{head}"
        self.write(f"{head}\n@task('a')\ndef a(request):\n    return Completed({returns})\n")

    def catalog(self) -> Catalog:
        self.catalogs.append(Catalog([self.folder.parent], built_in=False))
        return self.catalogs[-1]

    def run(self, catalog: Catalog) -> Run:
        found = catalog.find("shop")
        assert found.flow is not None
        facts = {"code_path": found.code_path, "code_hash": found.code_hash}
        return Run("r1", "shop", "play", "1", found.flow.hash, NOW, NOW, **facts)  # type: ignore[arg-type]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    for catalog in made.catalogs:
        catalog.close()


def program(catalog: Catalog, run: Run) -> Program:
    return catalog.program(run, FLOW)


async def called(catalog: Catalog, run: Run) -> Any:
    request = TaskRequest("r1", "play", "a", "main", 1, 1, "k", NOW)
    return await catalog.run_local(program(catalog, run).bindings["a"], request)


EDITS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "tasks.py itself": ({}, {"tasks.py": "2"}),
    "a module": ({"tasks.py": "from .word import WORD", "word.py": "WORD = 1"}, {"word.py": "WORD = 2"}),
    "a module of a module": (
        {"tasks.py": "from .word import WORD", "word.py": "from .deep import WORD", "deep.py": "WORD = 1"},
        {"deep.py": "WORD = 2"},
    ),
    "a package": (
        {"tasks.py": "from .pack.inner import WORD", "pack/__init__.py": "", "pack/inner.py": "WORD = 1"},
        {"pack/inner.py": "WORD = 2"},
    ),
    "the name of a module": (
        {"tasks.py": "from . import word\nWORD = word.W", "word.py": "W = 1"},
        {"word.py": "W = 2"},
    ),
    "a module off the path": (
        {
            "tasks.py": "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\nimport plain_word\n"
            "sys.path.pop(0)\nsys.dont_write_bytecode = True\nWORD = plain_word.W",
            "plain_word.py": "W = 1",
        },
        {"plain_word.py": "W = 2"},
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("what", EDITS)
async def test_whatever_of_the_code_is_edited_the_next_call_runs_it(
    shop: Shop, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the edit keeps the size of the file and comes within the same second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before, after = EDITS[what]
    if before:
        for name, text in before.items():
            if name != "tasks.py":
                shop.write(text, name)
        shop.task("WORD", before["tasks.py"])
    else:
        shop.task("1")
    catalog = shop.catalog()
    run = shop.run(catalog)
    assert await called(catalog, run) == Completed(1)
    for name, text in after.items():
        if name == "tasks.py":
            shop.task(text)
        else:
            shop.write(text, name)
    assert await called(catalog, run) == Completed(2)
    now = catalog.code_of(run)
    assert now is not None and now.hash not in (None, run.code_hash)
    assert shop.run(shop.catalog()).code_hash == now.hash, "who starts runs records the same hash"
    assert not (shop.folder / "__pycache__").exists()


@pytest.mark.anyio
async def test_calls_of_the_old_code_end_there_and_count(shop: Shop) -> None:
    begun, go_on = threading.Event(), threading.Event()
    sys.modules["forkjoin_test_gate"] = type(sys)("forkjoin_test_gate")
    sys.modules["forkjoin_test_gate"].__dict__.update(begun=begun, go_on=go_on)
    try:
        shop.write("WORD = 'old'\n", "late.py")
        shop.write(
            "from runtime.authoring import Completed, task\nfrom forkjoin_test_gate import begun, go_on\n"
            "@task('a')\ndef a(request):\n    begun.set()\n    go_on.wait(20)\n    from .late import WORD\n"
            "    return Completed(WORD)\n"
        )
        catalog = shop.catalog()
        run = shop.run(catalog)
        old = asyncio.create_task(called(catalog, run))
        await asyncio.to_thread(begun.wait, 20)
        shop.task("'new'")
        assert await called(catalog, run) == Completed("new")
        go_on.set()
        assert await old == Completed("old"), "its modules were kept for it"
        assert len([name for name in sys.modules if name.startswith("forkjoin_workflow_shop")]) == 1
    finally:
        del sys.modules["forkjoin_test_gate"]


@pytest.mark.anyio
async def test_nothing_is_read_while_nothing_changes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_files, "_RECENT_SECONDS", -1.0)
    shop.task("1")
    catalog = shop.catalog()
    run = shop.run(catalog)
    assert await called(catalog, run) == Completed(1)

    def read(_: Path) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    first = program(catalog, run)
    for _ in range(3):
        assert program(catalog, run) is first
        assert await called(catalog, run) == Completed(1)


@pytest.mark.anyio
@pytest.mark.parametrize("broken", ["def a(:", "", None])
async def test_a_file_that_is_being_written_is_not_taken_for_broken_code(
    shop: Shop, broken: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.task("1")
    catalog = shop.catalog()
    run = shop.run(catalog)
    assert await called(catalog, run) == Completed(1)
    if broken is None:
        (shop.folder / "tasks.py").unlink()
    else:
        shop.write(broken)
    if broken != "":  # an empty file is good Python that binds nothing
        assert await called(catalog, run) == Completed(1)
    monkeypatch.setattr(code_module, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr(current_code, "SETTLING_SECONDS", 0.0)
    assert program(catalog, run).bindings == {}
    with pytest.raises(MissingCode):
        await catalog.code({"workflow": "shop", "code": str(shop.folder / "tasks.py")}).call(
            "a", "run", TaskRequest("r1", "play", "a", "main", 1, 1, "k", NOW)
        )
    shop.task("2")
    assert await called(catalog, run) == Completed(2)


def test_history_tells_a_change_from_old_to_new_and_never_one_that_was_none(shop: Shop) -> None:
    """A scheduler that read the old code, a run that was started with the new: nothing changed for that run."""
    shop.task("1")
    scheduler = shop.catalog()
    scheduler.workflows()
    old = shop.run(scheduler).code_hash
    shop.task("22")
    run = shop.run(shop.catalog())
    play = Play(FLOW)

    def noted(catalog: Catalog) -> list[str]:
        known = play.stored.run
        code = catalog.code_of(run)
        step = advance(
            Situation(play.program, play.now), play.stored, in_flight=play.open, code_hash=code.hash if code else None
        )
        play.stored = step.stored
        assert known.id == play.stored.run.id
        return [e.message for e in step.save.history if e.kind == "code_changed"] if step.save else []

    play.stored = replace(play.stored, run=replace(play.stored.run, code_hash=run.code_hash))
    assert run.code_hash != old
    assert noted(scheduler) == []
    shop.task("333")
    new = shop.run(shop.catalog()).code_hash
    assert run.code_hash is not None and new is not None
    assert noted(scheduler) == [f"the code of play changed, {run.code_hash[:12]} to {new[:12]}"]
    assert noted(scheduler) == []
    shutil.rmtree(shop.folder)


def test_work_whose_code_is_gone_is_looked_after_until_it_is_back() -> None:
    play = Play(FLOW)
    play.answer("a", Started("job-1"))
    play.program = replace(play.program, bindings={})
    play.move(30)
    assert play.call("a", verb="poll").system == "fake"
    assert play.run.next_wake_at is not None
    assert play.run.status == "sleeping"


def test_a_step_whose_code_went_away_before_it_began_fails_and_can_be_retried() -> None:
    flow = flow_of({"begin": {}, "w": {"type": "waitForEvent"}, "a": {}, "end": {}}, [("begin", "w"), ("w", "a")])
    play = Play(flow)
    play.holds = [Hold("system=fake", "mia", play.now)]
    play.act(lambda d: controls.send_event(d, "w", None, None))
    assert play.branches["main"].held_by == "system=fake"
    bound = play.program.bindings
    play.program = replace(play.program, bindings={})
    play.holds = []
    play.wake()
    failure = play.branches["main"].steps[-1].failure
    assert failure is not None and failure.type == "MissingCode"
    assert play.run.status == "failed"
    play.program = replace(play.program, bindings=bound)
    play.act(lambda d: retry(d, "main"))
    assert play.call("a")


def test_a_changed_flow_of_a_folder_is_what_starts_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.catalog.workflow_index.LOOK_SECONDS", 0.0)
    shop.task("1")
    catalog = shop.catalog()
    assert catalog.find("shop").flow is not None
    (shop.folder / "flow.json").write_text(json.dumps({**FLOW, "version": "2.0"}))
    found = catalog.find("shop").flow
    assert found is not None and found.version == "2.0"
    shutil.copytree(shop.folder, shop.folder.parent / "another")
    assert [w.name for w in catalog.workflows()] == ["another", "shop"]
    shutil.rmtree(shop.folder.parent / "another")
    assert [w.name for w in catalog.workflows()] == ["shop"]
