"""What an author may write with the task decorator."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.authoring import Completed, Failed, Running, Started, TaskRequest, bound_steps, task


def test_the_decorator_gives_the_function_back_and_remembers_its_step() -> None:
    def finalize(request: TaskRequest) -> Completed:
        return Completed({"ok": True})

    assert task("join-tasks")(finalize) is finalize
    assert bound_steps(finalize) == ("join-tasks",)


def test_one_function_can_be_bound_to_two_steps() -> None:
    @task("first")
    @task("second")
    def both(request: TaskRequest) -> Completed:
        return Completed()

    assert sorted(bound_steps(both)) == ["first", "second"]


def test_a_subclass_is_not_bound_to_the_step_of_its_base() -> None:
    @task("index")
    class Index:
        def start(self, request: TaskRequest) -> Started:
            return Started("1")

        def poll(self, request: TaskRequest) -> Running:
            return Running()

    class Other(Index):
        pass

    assert bound_steps(Index) == ("index",)
    assert bound_steps(Other) == ()


def test_a_class_that_cannot_be_polled_is_refused_with_its_name() -> None:
    with pytest.raises(TypeError, match=r"class Index of step 'index' has no poll"):

        @task("index")
        class Index:
            def start(self, request: TaskRequest) -> Failed:
                return Failed("no")


def test_the_decorator_without_a_step_id_says_how_to_write_it() -> None:
    with pytest.raises(TypeError, match="in quotes"):

        @task  # type: ignore[arg-type]
        def forgotten(request: TaskRequest) -> Completed:
            return Completed()


def test_task_code_loads_nothing_heavy_by_importing_authoring() -> None:
    code = "import sys, runtime.authoring; print([m for m in ('pydantic', 'asyncio', 'aiohttp') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
