"""What a type checker says to a program that uses the public face; mypy reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import assert_type

import forkjoin
from forkjoin import Commands, ForkjoinError, Queries, Settings, Store, open_store
from forkjoin.authoring import Completed, Failed, Lost, Running, Started, TaskRequest, task
from forkjoin.errors import NotFound, TimedOut
from forkjoin.records import (
    Branch,
    BranchStatus,
    HistoryEntry,
    JoinState,
    Poll,
    Receipt,
    Run,
    RunStatus,
    Wake,
    WorkflowState,
)


def a_store_is_opened() -> None:
    assert_type(open_store("./store", workflows=["flows"], actor="mara"), Store)
    assert_type(open_store(settings=Settings(store="./store", polls_per_target=4)), Store)
    with open_store() as store:
        assert_type(store, Store)
        assert_type(store.settings.workflows, tuple[str, ...])
        assert_type(store.commands, Commands)
        assert_type(store.queries, Queries)


def a_run_is_started_followed_and_repaired(store: Store) -> None:
    runs, receipt = store.commands.start("profile_update", {"userId": "user-1042"}, labels={"env": "prod"})
    assert_type(runs, list[Run])
    assert_type(receipt, Receipt)
    assert_type(store.follow(runs[0].id, timeout=60), Iterator[HistoryEntry])
    run = store.wait(runs[0].id)
    assert_type(run.status, RunStatus)
    assert_type(run.ended_at, datetime | None)
    for branch in store.queries.load(run.id).branches.values():
        assert_type(branch, Branch)
        assert_type(branch.status, BranchStatus)
        assert_type(store.commands.retry(run.id, branch.id, reason="mailbox emptied"), Receipt)


def runs_are_found(queries: Queries) -> None:
    assert_type(queries.runs("is:attention", sort="attention"), list[Run])
    assert_type(queries.attention_count(), int)
    assert_type(queries.history("r1"), list[HistoryEntry])
    assert_type(queries.polls("r1", "send-email"), list[Poll])
    assert_type(queries.joins(queries.load("r1")), list[JoinState])
    assert_type(queries.wakes(limit=10), list[Wake])
    assert_type(queries.flows(), list[WorkflowState])


def what_is_not_there_is_an_error(store: Store) -> None:
    forkjoin.open_shop  # type: ignore[attr-defined]  # noqa: B018
    store.commands.retri("r1")  # type: ignore[attr-defined]


def errors_are_told_apart(store: Store) -> int:
    try:
        store.wait("r1", timeout=1)
    except (NotFound, TimedOut) as problem:
        assert_type(problem.message, str)
    except forkjoin.errors.Refused:
        return 4
    except ForkjoinError as problem:
        return problem.exit_code
    return 0


@task("work")
class Work:
    def start(self, request: TaskRequest) -> Started | Failed:
        assert_type(request.idempotency_key, str)
        return Started("job-1")

    def poll(self, request: TaskRequest) -> Running | Completed | Lost:
        assert_type(request.external_id, str | None)
        return Running(progress=0.5)


@task("finish")
def finish(request: TaskRequest) -> Completed:
    return Completed(result={"ok": True})
