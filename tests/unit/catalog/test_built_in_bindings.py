"""What the templates in the shipped workflows come to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.catalog.catalog import Catalog
from runtime.errors import ExpressionError
from runtime.flow.expressions.evaluation import Expressions
from runtime.flow.expressions.templates import RequestScope

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def task_of(workflow: str, step_id: str) -> Mapping[str, Any]:
    source = Catalog([]).find(workflow).source
    assert source is not None
    return next(step["metadata"]["task"] for step in source["steps"] if step["id"] == step_id)


def scope(env: Mapping[str, str] | None = None, **names: Any) -> RequestScope:
    given = {"state": {}, "params": {}, "results": {}, "item": None, "key": "k", **names}
    return RequestScope(given, expressions=Expressions(), now=NOW, seed=1, env=env or {})


@pytest.mark.parametrize(("outcome", "fail_attempts"), [("failed", 1), ("lost", 1), ("completed", 0)])
def test_the_state_chooses_what_the_email_of_the_profile_update_comes_to(outcome: str, fail_attempts: int) -> None:
    state = {"userId": "u7", "updatedFields": ["avatar"], "emailOutcome": outcome}
    email = scope(state=state).render(task_of("profile_update", "send-email-notification"))
    assert (email["outcome"], email["failAttempts"]) == (outcome, fail_attempts)
    assert email["error"] == "the mail server refused the message: mailbox of u7 is full"
    index = scope(state=state).render(task_of("profile_update", "update-search-index"))
    assert index["result"] == {"userId": "u7", "indexed": ["avatar"]}


def test_each_file_of_the_nightly_load_is_one_argument_of_the_shipped_script() -> None:
    results = {"prepare": {"files": ["a b;c.csv"], "script": "/opt/load.py"}}
    load = scope(results=results, state={"dir": "/data"}, item="a b;c.csv").render(task_of("nightly_etl", "load"))
    assert load["command"] == ["python3", "-I", "/opt/load.py", "a b;c.csv"]
    assert load["cwd"] == "/data"


def test_a_rendition_is_asked_for_by_its_height_from_the_server_of_the_environment() -> None:
    start = task_of("media_render", "render-1080")["start"]
    server = {"JOBS_URL": "https://jobs.internal"}
    asked = scope(server, state={"source": "m.mov"}, params={"height": 1080})
    assert asked.render(start["url"], env=True) == "https://jobs.internal/jobs"
    assert asked.render(start["json"]) == {"kind": "render", "source": "m.mov", "height": 1080}
    with pytest.raises(ExpressionError, match="JOBS_URL"):
        scope().render(start["url"], env=True)


def test_the_package_is_made_of_the_renditions_that_came_in_time() -> None:
    results = {"render-720": {"file": "720.mp4"}, "render-2160": {"file": "2160.mp4"}, "audio": {"file": "a.m4a"}}
    made = scope(results=results, state={"source": "m.mov"}).render(
        task_of("media_render", "package-video")["start"]["json"]
    )
    assert made["renditions"] == [{"file": "720.mp4"}, {"file": "2160.mp4"}]
