"""Which bindings are seen in a tasks.py without running it."""

from __future__ import annotations

from runtime.catalog.syntax import read_tasks


def kinds(text: str) -> dict[str, str]:
    return read_tasks(text.encode(), "tasks.py").kinds


def test_classes_and_functions_are_told_apart_and_nothing_is_run() -> None:
    text = """
from runtime.authoring import task
raise SystemExit("must never be run")

@task("index")
class Index: ...

@task("finalize")
async def finalize(request): ...

@task("announce")
def announce(request): ...

@other("not-ours")
def ignored(request): ...
"""
    assert kinds(text) == {"index": "class", "finalize": "function", "announce": "function"}


def test_every_spelling_of_the_import_is_understood() -> None:
    assert kinds("from runtime.authoring import task as step\n@step('a')\ndef f(r): ...") == {"a": "function"}
    assert kinds("import runtime.authoring as fj\n@fj.task('a')\ndef f(r): ...") == {"a": "function"}
    assert kinds("import runtime.authoring\n@runtime.authoring.task('a')\ndef f(r): ...") == {"a": "function"}
    assert kinds("from runtime import authoring\n@authoring.task(step_id='a')\ndef f(r): ...") == {"a": "function"}
    assert kinds("from celery import task\n@task('a')\ndef f(r): ...") == {}


def test_a_step_id_may_be_a_constant_of_the_module() -> None:
    text = "from runtime.authoring import task\nSTEP: str = 'load'\n@task(STEP)\ndef f(r): ..."
    assert kinds(text) == {"load": "function"}


def test_problems_name_file_and_line() -> None:
    head = "from runtime.authoring import task\n"
    computed = read_tasks(f"{head}@task('a' + 'b')\ndef f(r): ...".encode(), "tasks.py")
    assert computed.problems == ("tasks.py, line 3: write the step id of @task on f in quotes.",)
    twice = read_tasks(f"{head}@task('a')\ndef f(r): ...\n@task('a')\ndef g(r): ...".encode(), "tasks.py")
    assert twice.problems == ("tasks.py, line 5: step 'a' is bound twice; remove one @task.",)
    broken = read_tasks(b"def f(:\n", "tasks.py")
    assert broken.problems[0].startswith("tasks.py, line 1 is not Python that can be read: ")
    assert read_tasks(b"x = '\x00'", "tasks.py").problems
