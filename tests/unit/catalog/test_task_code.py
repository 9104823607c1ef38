"""Code of an author: imported late, apart from everything else, and put up with when it is broken."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.catalog.code import MissingCode, TaskCode
from runtime.catalog.python_system import PythonSystem, run_local
from runtime.errors import Unreachable
from runtime.external.base import Call
from runtime.model.task import Completed, Failed, Lost, Running, Started, TaskRequest

pytestmark = pytest.mark.anyio

HEAD = "from runtime.authoring import *\nfrom runtime.authoring import task\nimport asyncio, threading\n"


def request(step_id: str, **facts: Any) -> TaskRequest:
    return TaskRequest("r1", "flow", step_id, "main", 1, 1, "r1/k", datetime(2026, 1, 1, tzinfo=UTC), **facts)


class Shop:
    """One workflow folder with the calls a scheduler makes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tasks.py"
        self.code: TaskCode | None = None

    def write(self, text: str, **settings: Any) -> TaskCode:
        self.path.write_text(HEAD + text)
        self.code = self.code or TaskCode("shop", self.path, **settings)
        return self.code

    def call(self, step_id: str, **facts: Any) -> Call:
        return Call(request(step_id, **facts), {"system": "python", "workflow": "shop", "code": str(self.path)}, None)  # type: ignore[arg-type]

    @property
    def system(self) -> PythonSystem:
        def code(config: Any) -> TaskCode:
            assert self.code is not None and config["code"] == str(self.path)
            return self.code

        return PythonSystem(code)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    if made.code:
        made.code.close()


async def test_a_task_class_is_made_once_and_starts_polls_cancels_and_logs(shop: Shop) -> None:
    shop.write("""
@task("index")
class Index:
    made = 0
    def __init__(self):
        type(self).made += 1
        self.cancelled = []
    async def start(self, request):
        await asyncio.sleep(0)
        return Started(f"job-{request.idempotency_key}")
    def poll(self, request):
        return Running(0.5, f"{request.external_id} made {self.made}")
    async def cancel(self, request):
        self.cancelled.append(request.external_id)
    def logs(self, request):
        return f"cancelled: {self.cancelled}"
""")
    system = shop.system
    assert await system.start(shop.call("index")) == Started("job-r1/k")
    assert await system.poll(shop.call("index", external_id="7")) == Running(0.5, "7 made 1")
    await system.cancel(shop.call("index", external_id="7"))
    assert await system.logs(shop.call("index", external_id="7")) == "cancelled: ['7']"


async def test_cancel_and_logs_may_be_left_out(shop: Shop) -> None:
    shop.write("""
@task("index")
class Index:
    def start(self, request): return Completed({"at": "once"})
    def poll(self, request): return Lost()
""")
    assert await shop.system.start(shop.call("index")) == Completed({"at": "once"})
    assert await shop.system.poll(shop.call("index")) == Lost()
    await shop.system.cancel(shop.call("index"))
    assert await shop.system.logs(shop.call("index")) == ""


async def test_author_code_runs_in_threads_of_its_workflow_and_never_on_the_loop(shop: Shop) -> None:
    code = shop.write("""
IMPORTED_ON = threading.current_thread().name
@task("where")
async def where(request):
    return Completed([IMPORTED_ON, threading.current_thread().name])
""")
    outcome = await run_local(code, request("where"))
    assert outcome == Completed(["tasks of shop", "tasks of shop"])
    assert threading.current_thread().name != "tasks of shop"


async def test_nothing_is_imported_before_the_first_call(shop: Shop, tmp_path: Path) -> None:
    seen = tmp_path / "imported"
    code = shop.write(f"""
with open({str(seen)!r}, "a") as seen:
    seen.write("x")
@task("f")
def f(request): return Completed()
""")
    assert code.hash is None and not seen.exists()
    await asyncio.gather(*(run_local(code, request("f")) for _ in range(10)))
    assert seen.read_text() == "x"
    assert code.hash == hashlib.sha256(shop.path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("verb", "answer"), [("start", "{'id': 1}"), ("start", "Lost()"), ("start", "Started(7)"), ("poll", "Started('7')")]
)
async def test_an_answer_of_the_wrong_kind_is_a_failure_that_says_what_is_wanted(
    shop: Shop, verb: str, answer: str
) -> None:
    shop.write(f"""
@task("index")
class Index:
    def start(self, request): return {answer}
    def poll(self, request): return {answer}
""")
    failed = await getattr(shop.system, verb)(shop.call("index"))
    assert isinstance(failed, Failed)
    assert failed.type == "InvalidReport" and not failed.retryable
    assert failed.message.startswith(f"Step 'index': {verb} answered a ") and "wanted is" in failed.message


@pytest.mark.parametrize("given", ["''", "None", "'   '", "'x' * 1_001"])
async def test_a_start_without_an_external_id_is_told_and_not_repeated(shop: Shop, given: str) -> None:
    shop.write(f"""
@task("index")
class Index:
    def start(self, request): return Started({given})
    def poll(self, request): return Running()
""")
    failed = await shop.system.start(shop.call("index"))
    assert isinstance(failed, Failed)
    assert (failed.type, failed.retryable) == ("NoExternalId", False)
    assert "forkjoin adopt" in failed.message


async def test_an_exception_of_a_task_class_says_nothing_about_its_work(shop: Shop) -> None:
    shop.write("""
@task("index")
class Index:
    def start(self, request): raise ConnectionError("no route to search")
    def poll(self, request): raise SystemExit(2)
""")
    with pytest.raises(Unreachable, match="start raised ConnectionError: no route to search"):
        await shop.system.start(shop.call("index"))
    with pytest.raises(Unreachable, match="poll raised SystemExit: 2"):
        await shop.system.poll(shop.call("index"))


async def test_an_exception_of_local_work_is_a_retryable_failure_with_the_end_of_its_traceback(shop: Shop) -> None:
    code = shop.write("""
def deep(n):
    if n: deep(n - 1)
    else: raise ValueError("row 7 é " + "x" * 10_000)
@task("f")
def f(request): deep(50)
@task("g")
def g(request): return {"plain": "dict"}
@task("h")
def h(request): return Failed("as it says", type="Full", retryable=False)
""")
    failed = await run_local(code, request("f"))
    assert isinstance(failed, Failed) and failed.retryable
    assert failed.type == "ValueError" and failed.message.startswith("row 7 é")
    assert 4000 < len(failed.details.encode()) <= 4096 and failed.details.endswith("xxx\n")
    wrong = await run_local(code, request("g"))
    assert isinstance(wrong, Failed) and wrong.type == "InvalidReport" and "answered a dict" in wrong.message
    assert await run_local(code, request("h")) == Failed("as it says", type="Full", retryable=False)


async def test_an_async_task_that_overruns_is_stopped_and_costs_no_thread(shop: Shop) -> None:
    code = shop.write(
        """
@task("slow")
async def slow(request): await asyncio.sleep(60)
@task("own")
async def own(request): raise TimeoutError("my own")
""",
        threads=1,
        call_timeout_seconds=0.05,
    )
    slow = await run_local(code, request("slow"))
    assert isinstance(slow, Failed) and slow.type == "CallTimeout" and "within 0.05 s" in slow.message
    async with asyncio.timeout(5):
        while code.stuck:
            await asyncio.sleep(0.001)
    own = await run_local(code, request("own"), 5)
    assert isinstance(own, Failed) and (own.type, own.message) == ("TimeoutError", "my own")


async def test_a_stuck_poll_is_unreachable_and_the_workflow_out_of_threads_is_refused(shop: Shop) -> None:
    release = threading.Event()
    sys.modules["_release_of_test"] = release  # type: ignore[assignment]
    code = shop.write(
        """
import sys
@task("index")
class Index:
    def start(self, request): return Started("1")
    def poll(self, request): sys.modules["_release_of_test"].wait(30); return Lost()
@task("f")
def f(request): return Completed()
""",
        threads=1,
        call_timeout_seconds=0.05,
    )
    try:
        with pytest.raises(Unreachable, match="did not come back"):
            await shop.system.poll(shop.call("index"))
        assert code.stuck == 1
        with pytest.raises(Unreachable, match="All 1 threads of workflow 'shop'"):
            await run_local(code, request("f"))
    finally:
        release.set()
        del sys.modules["_release_of_test"]
    async with asyncio.timeout(5):
        while code.stuck:
            await asyncio.sleep(0.001)
    assert await run_local(code, request("f"), 5) == Completed()


async def test_a_tasks_file_that_fails_to_import_is_missing_code_until_it_is_corrected(shop: Shop) -> None:
    code = shop.write("import no_such_library\n@task('f')\ndef f(request): return Completed()\n")
    failed = await run_local(code, request("f"))
    assert isinstance(failed, Failed) and failed.type == "MissingCode" and failed.retryable
    assert str(shop.path) in failed.message and "ModuleNotFoundError: No module named" in failed.message
    assert not [name for name in sys.modules if name.startswith("forkjoin_workflow_shop")]
    shop.write("@task('f')\ndef f(request): return Completed('corrected')\n")
    assert await run_local(code, request("f")) == Completed("corrected")


@pytest.mark.parametrize("text", ["import sys; sys.exit(1)", "def f(:", "task('f')(3)", "@task('c')\nclass C: pass"])
async def test_whatever_top_level_code_does_only_its_workflow_is_missing(shop: Shop, text: str) -> None:
    code = shop.write(text)
    with pytest.raises(MissingCode, match="cannot be imported: "):
        await code.call("f", "run", request("f"))


async def test_missing_code_is_a_failure_at_start_and_says_nothing_about_work_that_is_polled(shop: Shop) -> None:
    shop.write("@task('other')\ndef other(request): return Completed()\n")
    started = await shop.system.start(shop.call("index"))
    assert isinstance(started, Failed) and started.type == "MissingCode" and started.retryable
    with pytest.raises(MissingCode, match="binds nothing to step 'index'"):
        await shop.system.poll(shop.call("index"))
    with pytest.raises(MissingCode, match="to a function now; its `poll` cannot be called"):
        await shop.system.poll(shop.call("other"))


async def test_a_file_that_went_away_is_missing_code(shop: Shop) -> None:
    code = shop.write("")
    os.remove(shop.path)
    with pytest.raises(MissingCode, match="cannot be read: No such file"):
        await code.call("f", "run", request("f"))
    with pytest.raises(MissingCode, match=r"Workflow 'bare' has no tasks\.py"):
        await TaskCode("bare", None).call("f", "run", request("f"))


async def test_two_workflows_with_one_step_id_never_see_each_other(tmp_path: Path) -> None:
    codes = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "word.py").write_text(f"WORD = {name!r}\n")
        text = f"{HEAD}from .word import WORD\n@task('f')\ndef f(request): return Completed(WORD)\n"
        (tmp_path / name / "tasks.py").write_text(text)
        codes.append(TaskCode("same", tmp_path / name / "tasks.py"))
    assert [await run_local(code, request("f")) for code in codes] == [Completed("a"), Completed("b")]
    for code in codes:
        code.close()
    assert not [name for name in sys.modules if name.startswith("forkjoin_workflow_same")]
