"""One record that cannot be read stops its run alone: it is shown as damaged, and all else goes on.

Every table, every kind of damage, in every store: moved by the wake loop, read, exported, examined, removed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runtime.assembly.location import open_store
from runtime.errors import Damaged
from runtime.model.act import Act, Hold
from runtime.model.question import Question
from runtime.model.stored import RunFilter
from runtime.operations.checks import damage_checks
from runtime.operations.queries.attention import troubles
from runtime.operations.queries.filters import matching, parse
from runtime.operations.queries.systems import systems
from runtime.store.embedded.store import EmbeddedStore, memory_store
from runtime.store.examining import examine
from runtime.store.ports.store import Store
from runtime.store.postgres.store import PostgresStore
from runtime.store.transfer import export_to, import_from
from tests.postgres import new_database
from tests.unit.scheduler.test_wake_loop import World

pytestmark = pytest.mark.xdist_group("damage")

DEEP = 100_000
"""Levels that no decoder follows: from Python 3.13 on the stack of C code takes ten thousand."""
OTHER: dict[str, Any] = {
    "id": "somebody",
    "run_id": "somebody",
    "key": "somebody",
    "hash": "somebody",
    "workflow": "somebody",
}
LATER: dict[str, Any] = {
    "status": "dreaming",
    "entries": 4,
    "reading": 5,
    "policy": {},
    "value": {"beat_at": "soon"},
    "source": 1,
}
DAMAGE: dict[str, Callable[[str], str]] = {
    "no JSON": lambda doc: "{broken",
    "cut off": lambda doc: doc[: len(doc) // 2],
    "empty": lambda doc: "",
    "an empty object": lambda doc: "{}",
    "a list": lambda doc: "[1, 2]",
    "null": lambda doc: "null",
    "wrong types": lambda doc: json.dumps({key: [[7]] for key in json.loads(doc)}),
    "of another": lambda doc: json.dumps({**json.loads(doc), **OTHER}),
    "of a later version": lambda doc: json.dumps({**json.loads(doc), **LATER}),
    "without time zones": lambda doc: doc.replace('+00:00"', '"').replace('Z"', '"'),
    "too deep": lambda doc: doc[:-1] + ', "more": ' + "[" * DEEP + "]" * DEEP + "}",
    "without a moment": lambda doc: json.dumps({k: v for k, v in json.loads(doc).items() if not k.endswith("at")}),
}
OF_RUNS = ("runs", "branches", "joins")
TABLES = (*OF_RUNS, "history", "polls", "acts", "holds", "schedules", "flows", "meta", "questions")
HARMLESS = (
    {
        # Nothing is missing that these records need, or nothing in them is called so.
        ("without a moment", table)
        for table in ("schedules", "meta", "flows", "history", "branches")
    }
    | {("of a later version", table) for table in ("holds", "schedules", "acts", "questions")}
    | {("of another", "holds"), ("without time zones", "schedules"), ("without time zones", "flows")}
)


BOTH = pytest.mark.parametrize("place_of_store", ["memory", "postgres"])
IN_MEMORY = [(kind, table, "memory") for kind in DAMAGE for table in TABLES]
ELSEWHERE = [(kind, table, "postgres") for kind in ("no JSON", "wrong types", "of another") for table in TABLES]


@pytest.fixture
def place_of_store() -> str:
    """Which store; the tests over all kinds choose another."""
    return "memory"


@pytest.fixture
def store(place_of_store: str, tmp_path: Path) -> Iterator[Store]:
    made: Store = memory_store() if place_of_store == "memory" else open_store(new_database())
    yield made
    made.close()


def write(store: Store, table: str, where: str, change: Any) -> int:
    """Put other text into documents, as a disk or another program might; gives how many."""
    if isinstance(store, EmbeddedStore):
        rows = store.database.rows
        found = rows.con.execute(f"SELECT doc_id, doc FROM t_{table} WHERE {where}").fetchall()
        for number, doc in found:
            text = change(doc if isinstance(doc, str) else doc.decode())
            rows.con.execute(f"UPDATE t_{table} SET doc=? WHERE doc_id=?", (text.encode(), number))
        return len(found)

    def work(con: Any) -> int:
        key = "id" if table == "runs" else "number"
        found = con.execute(f"SELECT {key}, doc FROM {table} WHERE {where}").fetchall()
        for number, doc in found:
            con.execute(f"UPDATE {table} SET doc = %s WHERE {key} = %s", (change(doc), number))
        return len(found)

    assert isinstance(store, PostgresStore)
    return int(store.database.writing(work))


def world(store: Store) -> World:
    """Three runs under way, and one that has ended, with a record in every table."""
    made = World(store)
    now = made.clock.now()
    flow = made.program.flow
    store.flows.put(flow.hash, flow.source, "play")
    made.answers.set()
    made.start("ended")
    turns(made, 5)
    assert store.listing.counts() == {"completed": 1}
    made.answers.clear()
    for name in ("bad", "good", "fine"):
        made.start(name)
    turns(made, 2)
    store.holds.put(Hold("system=nothing", "mia", now, "try"))
    store.schedules.put("play", {"enabled": False})
    store.facts.put("scheduler", {"beat_at": now.isoformat(), "pid": 1, "host": "here"})
    for target in ("bad", "good"):
        store.acts.put(Act(0, now, now + timedelta(days=999), "mia", "cli", "poll", target, outcome="pending"))
        store.questions.ask(Question(0, "status", target, "main", datetime.now(UTC), "mia"))
    return made


def turns(made: World, rounds: int) -> None:
    async def story() -> None:
        for _ in range(rounds):
            for _ in range(6):
                await made.loop.turn()
                for _ in range(6):
                    await asyncio.sleep(0)
            made.clock.move(31)

    asyncio.run(story())


def place(table: str) -> str:
    """One document of a table; of the runs, that of `bad`."""
    if table == "runs":
        return "id = 'bad'"
    if table == "joins":
        return "run_id = 'ended'"
    if table in ("branches", "history", "polls"):
        return "run_id = 'bad'"
    if table == "acts":
        return "target = 'bad'"
    return "1 = 1"


def read_everything(store: Store, now: datetime) -> None:
    """What consoles and commands ask; nothing of it may end with one record."""
    names = {"bad", "good", "fine", "ended"}
    assert {run.id for run in store.runs.query(limit=None)} == names
    for order in ("created_at", "updated_at", "next_wake_at", "attention", "id"):
        assert len(store.listing.rows_at(store.listing.snapshot(order=order))) == 4
        assert {run.id for run in store.runs.query(order=order, limit=None)} == names
    assert store.listing.count() == 4 and sum(store.listing.counts().values()) == 4
    assert {s.run.id for s in store.runs.load(sorted(names), skip_damaged=True)} >= {"good", "fine"}
    for text in ("status:failed", "branch:a", "system:quick", "label:env=prod", "is:attention", "age>1s"):
        list(matching(store.runs, parse(text), now))
    assert store.runs.query(RunFilter(labels={"env": "prod"})) == []
    (
        store.due_runs.due(now, 100),
        store.due_runs.next_wake(),
        store.changes.since(now),
        store.listing.numbers(sorted(names)),
    )
    troubles(store.runs), systems(store), damage_checks(store, deep=False), damage_checks(store, deep=True)
    (
        store.acts.newest(),
        store.acts.newest(target="bad"),
        store.acts.due(now),
        store.holds.all(released=True),
        store.questions.open(),
    )
    store.schedules.all(), store.facts.get("scheduler"), store.documents.integrity()
    store.due_runs.wake(
        [run.id for run in store.runs.query() if run.next_wake_at or run.id == "bad"], now + timedelta(days=1)
    )
    for name in names:
        store.runs.get(name), store.ledger.history(name), store.ledger.polls(name)


@pytest.mark.parametrize(("kind", "table", "place_of_store"), [*IN_MEMORY, *ELSEWHERE])
def test_a_damaged_record_stops_its_run_alone(store: Store, table: str, kind: str, tmp_path: Path) -> None:
    made = world(store)
    assert write(store, table, place(table), DAMAGE[kind]) > 0
    made.loop.forget()
    made.programs_from(store) if table == "flows" else None
    read_everything(store, made.clock.now())
    made.answers.set()
    turns(made, 4)
    read_everything(store, made.clock.now())

    found = {(one.table, one.run_id) for one in examine(store.documents)}
    if (kind, table) not in HARMLESS and table != "questions":
        assert any(name == table for name, _ in found), "the examination names it"
        checks = damage_checks(store, deep=True)
        assert not any(check.ok for check in checks) and any(table in check.text for check in checks)
        with pytest.raises(Damaged, match=f"document .* of {table} .*--skip-damaged"):
            export_to(store.documents, tmp_path / "whole.json")

    statuses = {run.id: str(run.status) for run in store.runs.query(limit=None)}
    if table != "flows":
        assert (statuses["good"], statuses["fine"]) == ("completed", "completed")
    stops = [run_id for name, run_id in found if name in OF_RUNS and run_id]
    for run_id in stops:
        with pytest.raises(Damaged, match=f"The run {run_id} is damaged"):
            store.runs.load([run_id])
        assert [s.run.id for s in store.runs.load([run_id, "good"], skip_damaged=True)] == ["good"]
    if table in ("runs", "branches") and stops:
        assert statuses["bad"] == "damaged" and store.listing.counts()["damaged"] == 1
        assert store.due_runs.next_wake() is None, "nobody is to wake it again and again"
        assert store.listing.count(RunFilter(attention_below=1)) == 1
        assert any("bad" in check.text for check in damage_checks(store, deep=False))

    left_out: list[Any] = []
    export_to(store.documents, tmp_path / "rest.json", left_out=left_out)
    with_rest = memory_store()
    import_from(with_rest, tmp_path / "rest.json", merge=False, live=True, now=made.clock.now(), actor="mia")
    assert {run.id for run in with_rest.runs.query(limit=None)} == set(statuses) - set(stops)
    assert not list(examine(with_rest.documents, missing=False))


@BOTH
@pytest.mark.parametrize("table", ["runs", "branches"])
def test_what_was_damaged_and_is_repaired_goes_on(store: Store, table: str) -> None:
    made = world(store)
    before: list[str] = []

    def cut(doc: str) -> str:
        before.append(doc)
        return "{"

    write(store, table, place(table), cut)
    made.loop.forget()
    made.answers.set()
    turns(made, 3)
    assert store.listing.counts() == {"damaged": 1, "completed": 3}
    assert made.loop.recheck_damaged() == 0
    write(store, table, place(table), lambda _: before.pop(0))
    assert made.loop.recheck_damaged() == 1
    turns(made, 4)
    assert store.listing.counts() == {"completed": 4}


@BOTH
def test_a_run_without_its_root_is_damaged_and_not_completed(store: Store) -> None:
    made = world(store)
    numbers = [n for n, c, _ in store.documents.raw("branches", 0) if c["run_id"] == "bad" and c["id"] == "main"]
    store.documents.drop("branches", numbers)
    made.loop.forget()
    made.answers.set()
    turns(made, 3)
    assert store.listing.counts() == {"damaged": 1, "completed": 3}


@BOTH
def test_rows_that_contradict_their_documents_are_damage_and_no_endless_wake(store: Store) -> None:
    made = world(store)
    made.answers.set()
    made.loop.forget()
    turns(made, 6)
    write(store, "runs", "id = 'good'", lambda doc: doc.replace('"id":"good"', '"id":"gone"'))
    write(store, "runs", "id = 'fine'", lambda doc: json.dumps({**json.loads(doc), "revision": 999}))
    assert [str(run.status) for run in store.runs.query(order="id", descending=False)] == [
        "completed",
        "completed",
        "damaged",
        "damaged",
    ]
    assert {one.run_id for one in examine(store.documents)} == {"good", "fine"}


@BOTH
def test_damaged_records_can_be_removed(store: Store) -> None:
    from runtime.model.act import Actor
    from runtime.operations.acting import Acting
    from runtime.operations.damage import prune_damaged
    from runtime.operations.order import Order

    made = world(store)
    for table in ("branches", "holds", "meta", "acts", "history"):
        write(store, table, place(table), DAMAGE["no JSON"])
    acting = Acting(store, made.clock, None, Actor("mia"), read_only=False)  # type: ignore[arg-type]
    would = prune_damaged(acting, Order(dry_run=True))
    assert "run bad" in would.effects and store.listing.count() == 4
    done = prune_damaged(acting, Order(reason="disk"))
    assert done.effects == would.effects
    assert not list(examine(store.documents)) and {run.id for run in store.runs.query()} == {"good", "fine", "ended"}
    assert store.acts.newest()[0].verb == "prune"


@BOTH
class TestOfOne:
    def test_a_hold_of_which_only_the_scope_can_be_read_still_holds(self, store: Store) -> None:
        store.holds.put(Hold("flow=play", "mia", datetime.now(UTC)))
        write(store, "holds", "1 = 1", lambda doc: json.dumps({**json.loads(doc), "at": "yesterday"}))
        assert [hold.scope for hold in store.holds.all()] == ["flow=play"]

    def test_where_a_store_was_moved_to_is_not_forgotten_when_it_cannot_be_read(self, store: Store) -> None:
        store.facts.put("moved_to", "/elsewhere")
        write(store, "meta", "1 = 1", DAMAGE["no JSON"])
        assert store.facts.get("moved_to")

    def test_a_damaged_flow_is_mended_by_storing_it_again(self, store: Store) -> None:
        store.flows.put("h", {"id": "f"}, "w")
        write(store, "flows", "1 = 1", DAMAGE["cut off"])
        with pytest.raises(Damaged, match="of flows"):
            store.flows.get("h")
        store.flows.put("h", {"id": "f"}, "w")
        assert store.flows.get("h") == {"id": "f"}

    def test_an_epoch_that_cannot_be_read_lets_the_next_driver_begin(self, store: Store) -> None:
        store.facts.new_epoch()
        write(store, "meta", "1 = 1", DAMAGE["wrong types"])
        assert store.facts.new_epoch() == 1

    def test_a_damaged_act_is_listed_as_that(self, store: Store) -> None:
        now = datetime.now(UTC)
        kept = store.acts.put(Act(0, now, now, "mia", "cli", "poll", "r1"))
        write(store, "acts", "1 = 1", DAMAGE["null"])
        (act,) = store.acts.newest(target="r1")
        assert (act.id, act.verb) == (kept.id, "damaged") and act.outcome.startswith("damaged: document 1 of acts")
        with pytest.raises(Damaged):
            store.acts.get(kept.id)
