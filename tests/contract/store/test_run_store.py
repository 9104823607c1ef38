"""What every store of runs promises, over every implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tinydb import TinyDB

from runtime.assembly.location import open_store
from runtime.errors import InvalidInput, LostRight, NotFound, Refused
from runtime.model.act import Act, Hold
from runtime.model.branch import Branch
from runtime.model.question import Question
from runtime.model.run import Firing, HistoryEntry, Poll, Run
from runtime.model.status import RunStatus
from runtime.model.stored import RunFilter, Save
from runtime.store.embedded import saving as embedded_saving
from runtime.store.embedded.store import memory_store
from runtime.store.ports.store import Store
from runtime.store.postgres import change_feed
from runtime.store.postgres import saving as postgres_saving
from runtime.store.postgres.opening import open_postgres
from runtime.store.postgres.store import PostgresStore
from runtime.store.transfer import export_to, import_from
from tests.postgres import new_database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
changed_question = replace
MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: memory_store(),
    "tinydb": lambda folder: open_store(folder / "store"),
    "postgres": lambda _: open_store(new_database()),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def another(store: Store, folder: Path) -> Store:
    """The same store, opened once more; one in memory is the same object."""
    if store.place == ":memory:":
        return store
    return open_postgres(store.database.dsn) if isinstance(store, PostgresStore) else open_store(folder / "store")


def run(name: str, *, minutes: int = 0, wake: int | None = None, status: str = "sleeping", **fields: object) -> Run:
    at = NOW + timedelta(minutes=minutes)
    due = None if wake is None else NOW + timedelta(seconds=wake)
    made = Run(name, "w", "f", "1", "h", at, at, status=RunStatus(status), revision=1, next_wake_at=due)
    return replace(made, **fields)


def add(store: Store, *runs: Run) -> None:
    assert store.runs.save([Save(r, None, branches=(Branch(r.id, "main", 0, "begin", NOW),)) for r in runs]) == []


def test_what_is_saved_is_what_is_loaded(store: Store) -> None:
    one = run("a", state={"n": 2**60, "text": "ü\u202e"}, labels={"env": "prod"})
    firing = Firing("a", "join", 1, "all", 2, ("x",), ("y",), (), "main", 0, NOW)
    branch = Branch("a", "main/f.1/x", 1, "x", NOW, item={"deep": [1, None, 2.5]})
    store.runs.save([Save(one, None, branches=(branch,), firings=(firing,))])
    (stored,) = store.runs.load(["nobody", "a"])
    assert (stored.run, stored.branches, stored.firings) == (one, {branch.id: branch}, (firing,))
    assert store.runs.get("a") == one
    assert store.runs.get("nobody") is None


def test_a_save_against_another_revision_is_refused_alone(store: Store) -> None:
    add(store, run("a"), run("b"))
    new = [Save(replace(run(i), revision=2, why="new"), expected) for i, expected in (("a", 1), ("b", 7))]
    assert store.runs.save(new) == ["b"]
    assert [store.runs.get(i).why for i in "ab"] == ["new", ""]  # type: ignore[union-attr]
    assert store.runs.save([Save(run("a"), None)]) == ["a"]


def test_a_save_of_an_older_epoch_is_refused_whole(store: Store) -> None:
    old = store.facts.new_epoch()
    new = store.facts.new_epoch()
    with pytest.raises(LostRight):
        store.runs.save([Save(run("a"), None)], epoch=old)
    assert store.runs.get("a") is None
    assert store.runs.save([Save(run("a"), None)], epoch=new) == []


@pytest.mark.parametrize("order", ["created_at", "updated_at", "next_wake_at", "attention", "id"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_give_every_run_once_in_order(store: Store, order: str, descending: bool) -> None:
    add(store, *(run(f"r{n}", minutes=n % 3, wake=None if n % 4 == 0 else n % 5, attention=n % 2) for n in range(23)))
    whole = [r.id for r in store.runs.query(order=order, descending=descending, limit=None)]
    paged: list[str] = []
    while page := store.runs.query(order=order, descending=descending, limit=4, after=paged[-1] if paged else None):
        paged += [r.id for r in page]
    assert paged == whole
    assert sorted(whole) == sorted(f"r{n}" for n in range(23))


def test_going_on_after_an_unknown_run_is_an_error(store: Store) -> None:
    with pytest.raises(NotFound):
        store.runs.query(after="nobody")


def test_filters_narrow(store: Store) -> None:
    add(store, run("a", status="failed"), run("b", labels={"env": "prod"}), run("c", held=True, workflow="v"))
    assert [r.id for r in store.runs.query(RunFilter(statuses=frozenset({"failed"})))] == ["a"]
    assert [r.id for r in store.runs.query(RunFilter(labels={"env": "prod"}))] == ["b"]
    assert [r.id for r in store.runs.query(RunFilter(held=True, workflow="v"))] == ["c"]
    assert store.listing.counts() == {"failed": 1, "sleeping": 2}


def test_due_runs_come_longest_due_first_and_wakes_only_come_forward(store: Store) -> None:
    add(store, run("a", wake=5), run("b", wake=-5), run("c", wake=-9), run("d"))
    assert store.due_runs.due(NOW, 10) == ["c", "b"]
    assert store.due_runs.due(NOW, 1, frozenset({"c"})) == ["b"]
    assert store.due_runs.count_due(NOW) == 2
    add(store, run("new", wake=-1, status="pending"), run("newer", wake=1, status="pending"))
    assert store.due_runs.due(NOW, 10, new=True) == ["new"]
    assert store.due_runs.due(NOW, 10, frozenset({"new"}), new=True) == []
    store.runs.remove(["new", "newer"])
    assert store.due_runs.next_wake(frozenset({"c", "b"})) == NOW + timedelta(seconds=5)
    store.due_runs.wake(["a", "c", "d"], NOW)
    assert store.due_runs.due(NOW, 10) == ["c", "b", "a", "d"]
    assert store.runs.get("a").revision == 1  # type: ignore[union-attr]


def test_polls_are_bounded_and_history_keeps_its_newest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (embedded_saving, postgres_saving):
        monkeypatch.setattr(module, "HISTORY_PER_RUN", 300)
    add(store, run("a"))
    for n in range(1, 513):
        entry = HistoryEntry(NOW, "k", str(n))
        poll = Poll(NOW, "main", 1, n, 1.0, "ok", "running")
        store.runs.save([Save(replace(run("a"), revision=n + 1), n, history=(entry,), polls=(poll,))])
    assert [p.number for p in store.ledger.polls("a", "main")] == list(range(313, 513))
    assert store.ledger.polls("a", "other") == []
    kept = [h.message for h in store.ledger.history("a")]
    assert kept[-1] == "512"
    assert len(kept) <= 301


def act(**fields: object) -> Act:
    return changed_act(Act(0, NOW, NOW, "mia", "cli", "retry", "a"), **fields)


def changed_act(one: Act, **fields: object) -> Act:

    return replace(one, **fields)


def test_acts_are_numbered_and_due_when_their_time_has_come(store: Store) -> None:
    first = store.acts.put(act(outcome="carried out"))
    later = store.acts.put(act(outcome="pending", due_at=NOW + timedelta(seconds=5), target="a/main"))
    assert (first.id, later.id) == (1, 2)
    assert store.acts.due(NOW) == []
    assert store.acts.due(NOW + timedelta(seconds=5)) == [later]
    store.acts.put(changed_act(later, outcome="undone"))
    assert store.acts.due(NOW + timedelta(days=1)) == []
    assert [a.id for a in store.acts.newest(target="a")] == [2, 1]
    assert store.acts.get(9) is None


def test_holds_flows_schedules_and_facts(store: Store) -> None:
    hold = Hold("system=http", "mia", NOW, "outage")
    store.holds.put(hold)
    store.holds.put(Hold("all", "jo", NOW))
    store.holds.put(Hold("system=http", "mia", NOW, "outage", released_at=NOW + timedelta(seconds=9)))
    assert [h.scope for h in store.holds.all()] == ["all"]
    assert [h.scope for h in store.holds.all(released=True)] == ["system=http", "all"]
    store.flows.put("h", {"id": "f"}, "w")
    assert store.flows.get("h") == {"id": "f"}
    assert store.flows.get("x") is None
    store.flows.put("h", {"id": "f"}, "another")
    store.flows.put("i", {"id": "g"}, "v")
    assert sorted(store.flows.all(), key=lambda found: found[0]) == [("v", {"id": "g"}), ("w", {"id": "f"})]
    store.schedules.put("w", {"enabled": True})
    assert store.schedules.all() == {"w": {"enabled": True}}
    store.schedules.put("w", None)
    assert store.schedules.all() == {}
    store.facts.put("k", [1])
    assert (store.facts.get("k"), store.facts.get("x")) == ([1], None)


def test_removed_runs_leave_nothing(store: Store) -> None:
    add(store, run("a"), run("b"))
    assert store.runs.remove(["a", "nobody"]) == 1
    assert store.runs.load(["a"]) == []
    assert {d.get("run_id") for table, _, d in store.documents.export() if table == "branches"} == {"b"}


def test_two_openings_of_one_store_see_each_others_changes(tmp_path: Path) -> None:
    one, other = open_store(tmp_path), open_store(tmp_path)
    token = other.changes.token()
    add(one, run("a"))
    assert other.changes.token() != token
    assert other.changes.since(NOW) == ["a"]
    one.close()
    other.close()


def test_an_export_opens_in_stock_tinydb_and_comes_back_held(store: Store, tmp_path: Path) -> None:
    add(store, run("open", wake=5), run("over", status="completed"))
    file = tmp_path / "export.json"
    export_to(store.documents, file)
    with TinyDB(file) as stock:
        assert {d["id"] for d in stock.table("runs")} == {"open", "over"}
    other = memory_store()
    import_from(other, file, merge=False, live=False, now=NOW, actor="mia")
    assert other.runs.get("open").status == "paused"  # type: ignore[union-attr]
    assert other.due_runs.due(NOW + timedelta(days=1), 9) == []
    assert [h.scope for h in other.holds.all()] == ["run=open"]
    assert other.runs.get("over") == store.runs.get("over")
    with pytest.raises(Refused, match="--merge"):
        import_from(other, file, merge=False, live=False, now=NOW, actor="mia")
    with pytest.raises(Refused, match="already"):
        import_from(other, file, merge=True, live=False, now=NOW, actor="mia")
    live = memory_store()
    import_from(live, file, merge=False, live=True, now=NOW, actor="mia")
    assert live.runs.get("open") == store.runs.get("open")
    file.write_text('{"runs": {"1": {"id": 5}}}')
    with pytest.raises(InvalidInput, match="document 1 of runs"):
        import_from(memory_store(), file, merge=False, live=False, now=NOW, actor="mia")
    other.close()
    live.close()


def test_a_list_is_read_as_an_order_and_its_rows_where_somebody_looks(store: Store) -> None:
    add(
        store,
        run("calm", attention=9, minutes=3, labels={"env": "prod"}),
        run("worst", attention=0, minutes=1),
        run("newer", attention=5, minutes=9, held=True),
        run("older", attention=5, minutes=2),
    )
    order = store.listing.snapshot(order="attention", descending=False)
    seen = [r.id for r in store.listing.rows_at(order) if r]
    assert seen == ["worst", "newer", "older", "calm"]
    assert list(store.listing.snapshot(RunFilter(labels={"env": "prod"}))) == [
        store.listing.numbers(["calm", "nobody"])["calm"]
    ]
    assert (
        store.listing.count(),
        store.listing.count(RunFilter(attention_below=8)),
        store.listing.count(RunFilter(held=True)),
    ) == (4, 3, 1)
    store.runs.remove(["newer"])
    assert [r.id if r else None for r in store.listing.rows_at(order[:3])] == ["worst", None, "older"]
    assert list(store.listing.snapshot(order="attention", descending=False, limit=1)) == list(order[:1])


def test_a_question_is_open_until_it_is_answered_and_soon_forgotten(store: Store) -> None:
    first = store.questions.ask(Question(0, "status", "r", "main", NOW, "mia"))
    second = store.questions.ask(Question(0, "logs", "r", "main", NOW, "jo"))
    assert [q.id for q in store.questions.open()] == [first.id, second.id]
    store.questions.answer(changed_question(first, answered_at=NOW, text="it is running"))
    assert [q.id for q in store.questions.open()] == [second.id]
    told = store.questions.get(first.id)
    assert told is not None and told.text == "it is running"
    store.questions.ask(Question(0, "status", "r", "main", NOW + timedelta(minutes=11), "mia"))
    assert store.questions.get(first.id) is None
    store.questions.answer(changed_question(first, text="too late"))
    assert store.questions.get(first.id) is None


def test_a_lease_is_one_workers_until_it_ends_or_is_given_back(store: Store) -> None:
    add(store, run("a"), run("b"))
    later = NOW + timedelta(seconds=60)
    assert store.due_runs.claim(["a", "b", "nobody"], "one", NOW, later) == ["a", "b"]
    assert store.due_runs.claim(["a", "b"], "two", NOW, later) == []
    assert store.due_runs.claim(["a"], "one", NOW, later + timedelta(seconds=60)) == ["a"], "its own is made longer"
    store.due_runs.release(["a", "b"], "two")
    assert store.due_runs.claim(["b"], "two", NOW, later) == [], "nobody gives back what is another's"
    store.due_runs.release(["b"], "one")
    assert store.due_runs.claim(["a", "b"], "two", NOW, later) == ["b"]
    assert store.due_runs.claim(["a"], "two", later + timedelta(seconds=61), later) == ["a"], (
        "a lease that ended is free"
    )
    store.runs.remove(["a"])
    add(store, run("a"))
    assert store.due_runs.claim(["a"], "three", NOW, later) == ["a"]


def test_who_waits_for_a_change_gets_it_from_another_connection(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A look of its own would come too late: what is heard is what wakes it.
    monkeypatch.setattr(change_feed, "SAFETY_SECONDS", 3_600.0)
    other = another(store, tmp_path)
    token = store.changes.token()
    assert store.changes.wait(token - 1, 3_600) == token, "it has changed already"
    assert store.changes.wait(token, 0.01) == token, "nothing changed in that time"
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(store.changes.stop)
        for name in ("a", "b", "c"):
            waiting = pool.submit(store.changes.wait, token, 3_600)
            add(other, run(name))
            add(other, run(name + "2"))
            token = waiting.result(60)
            while (later := store.changes.wait(token, 0.5)) != token:
                token = later
            assert store.changes.token() == token, "what was saved in the shadow of another save is seen too"
        waiting = pool.submit(store.changes.wait, token, 3_600)
        store.changes.stop()
        assert waiting.result(60) == token
        assert store.changes.wait(token, 3_600) == token, "nobody waits after that"
    if other is not store:
        other.close()


def test_a_hold_and_the_act_that_set_it_are_one(store: Store) -> None:
    act = store.holds.put(Hold("all", "mia", NOW), Act(0, NOW, NOW, "mia", "cli", "hold", "all"))
    assert act is not None
    assert store.acts.get(act.id) == act
    assert store.holds.put(Hold("flow=w", "mia", NOW)) is None
    assert len(store.acts.newest()) == 1


def test_alone_a_run_is_read_and_saved_like_anywhere(store: Store) -> None:
    add(store, run("r"))
    with store.medium.alone():
        read = store.runs.get("r")
        assert read is not None
        assert store.runs.save([Save(replace(read, revision=2, why="alone"), 1)]) == []
        assert store.runs.query()[0].why == "alone"
    assert [r.why for r in store.runs.query()] == ["alone"]


def test_alone_in_a_file_all_writes_are_one(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    add(store, run("r"))
    with pytest.raises(Refused), store.medium.alone():
        add(store, run("s"))
        store.facts.put("key", 1)
        raise Refused("not this time")
    assert [r.id for r in store.runs.query()] == ["r"]
    assert store.facts.get("key") is None
    store.close()
