"""The filter language: what it finds, what it refuses, and that nothing typed into it can hurt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from runtime.assembly.location import open_store
from runtime.errors import InvalidInput
from runtime.model.branch import Attempt, Branch, StepVisit
from runtime.model.run import Run
from runtime.model.status import BranchStatus, RunStatus
from runtime.model.stored import Save
from runtime.operations.queries.filters import matching, parse
from runtime.store.embedded.store import memory_store
from runtime.store.ports.store import Store
from tests.postgres import new_database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


KINDS = ["memory", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(scope="module", params=KINDS)
def runs(request: pytest.FixtureRequest) -> Iterator[Store]:
    with closing(memory_store() if request.param == "memory" else open_store(new_database())) as made:
        fill(made)
        yield made


def fill(made: Store) -> None:
    """Three runs: one failed on a mail server, one stale on http, one completed."""
    base = Run("a", "w", "f", "1", "h", NOW - timedelta(hours=3), NOW, revision=1)

    def add(run: Run, step: str, system: str, target: str, status: BranchStatus) -> None:
        attempt = Attempt(1, "k", system, target, NOW, status)
        visit = StepVisit(step, 1, NOW, status, attempts=(attempt,))
        branch = Branch(run.id, f"main/f.1/{step}", 1, step, NOW, parent="main", status=status, visit=1, steps=(visit,))
        made.runs.save([Save(run, None, branches=(Branch(run.id, "main", 0, "f", NOW), branch))])

    failed = replace(base, id="etl-1", status=RunStatus.FAILED, why="load failed: don't know", attention=0)
    add(failed, "load", "process", "load.py", BranchStatus.FAILED)
    stale = replace(
        base, id="mail-2", workflow="media", status=RunStatus.SLEEPING, is_stale=True, attention=3,
        next_wake_at=NOW + timedelta(minutes=2), labels={"env": "prod"},
    )  # fmt: skip
    add(stale, "email", "http", "mail.internal", BranchStatus.RUNNING)
    add(replace(base, id="ok-3", status=RunStatus.COMPLETED, attention=9), "email", "http", "x", BranchStatus.COMPLETED)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"etl-1", "mail-2", "ok-3"}),
        ("status:failed", {"etl-1"}),
        ("!status:failed", {"mail-2", "ok-3"}),
        ("flow:med*", {"mail-2"}),
        ("branch:email", {"mail-2", "ok-3"}),
        ("branch:email !is:ended", {"mail-2"}),
        ("system:http", {"mail-2"}),
        ("system:http:mail.internal", {"mail-2"}),
        ("system:process", {"etl-1"}),
        ("is:attention", {"etl-1", "mail-2"}),
        ("label:env=prod", {"mail-2"}),
        ("label:env", {"mail-2"}),
        ("wake<5m", {"mail-2"}),
        ("age>2h", {"etl-1", "mail-2", "ok-3"}),
        ("don't", {"etl-1"}),
        ("error~know", {"etl-1"}),
        ('"load failed"', {"etl-1"}),
        ("id:etl-1,ok-3", {"etl-1", "ok-3"}),
    ],
)
def test_a_filter_finds(text: str, found: set[str], runs: Store) -> None:
    assert {run.id for run in matching(runs.runs, parse(text), NOW)} == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foo:bar", "there is no key foo; it is one of status, flow"),
        ("status:gone", "there is no status gone"),
        ("is:odd", "there is no is:odd"),
        ("wake<5", "needs a unit, like wake<5m"),
        ("wake<soon", "wake<soon"),
        ("flow:", "needs a value"),
        ('"open', "is not closed"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert caught.value.message.startswith("Filter: ")
    assert said in caught.value.message


MEMORY = memory_store()
fill(MEMORY)


@given(st.text(max_size=60))
def test_nothing_typed_can_hurt(text: str) -> None:
    try:
        chosen = parse(text)
    except InvalidInput:
        return
    list(matching(MEMORY.runs, chosen, NOW))
