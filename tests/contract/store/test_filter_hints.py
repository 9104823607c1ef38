"""What a store leaves out by itself is never a run that a filter finds, whatever the filter and the runs."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from runtime.assembly.location import open_store
from runtime.clock import ManualClock
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.run import Run
from runtime.model.status import BranchStatus, RunStatus
from runtime.model.stored import Hints, RunFilter, Save
from runtime.operations.queries.filters import matching, parse
from runtime.operations.queries.run_window import RunLists
from runtime.store.embedded import row_terms, row_words
from runtime.store.ports.store import Store
from tests.contract.store.test_run_store import NOW, store

__all__ = ["store"]
WORDS = (
    "disk",
    "Disk",
    "timeout",
    "Kelvin",
    "\u212aelvin",
    "\u0130st",
    "ist",
    'a"b',
    "a\\b",
    "50%_",
    "é",
    "ÉÉ",
    "x" * 40,
)
FLOWS = ("etl", "etl_night", "Etl", "media", "[m]edia", "e*l")
LABELS = ("env=prod", "env=test", "env=", "team=a b", 'team="', "k=İ", "n=5")
SYSTEMS = (
    ("http", "mail.internal"),
    ("http", "Search.internal:80"),
    ("process", "load.py"),
    ("slurm", ""),
    ("ht*p", "x"),
)
FILTERS = (
    *(f"flow:{f}" for f in (*FLOWS, "e*", "*l", "[em]*", "nothing")),
    *(f'"label:{one}"' for one in (*LABELS, "env", "team", "env=p*", "env=*d", "none", "env=PROD") if '"' not in one),
    *(f"error~{w}" for w in ("disk", "DISK", "kelvin", "ist", "50%_", "é", "nothing")),
    *("kelvin", "disk", "prod", "completed", "damaged", "r1", "R1", "a\\b", "i", "k", "etl"),
    *(
        f"system:{s}"
        for s in ("http", "http:mail.internal", "HTTP", "http:search.internal", "h*", "*", "slurm", "proc")
    ),
    *(
        "age<5m",
        "age>5m",
        "age<2h",
        "wake<5m",
        "wake>5m",
        "is:overdue",
        "is:open",
        "is:ended",
        "is:held",
        "is:attention",
    ),
    *("is:stale", "is:lost", "is:late", "is:expired", "is:simulated", "is:unconfirmed", "is:acknowledged"),
    *("id:r1", "id:r1,r7", "id:r*", "id:r[12]", "status:failed", "status:damaged", "branch:load", "branch:*1*"),
)


def some_run(chance: random.Random, number: int) -> tuple[Run, Branch]:
    at = NOW + timedelta(seconds=chance.randint(-9_000, 0))
    labels = dict(one.split("=") for one in chance.sample(LABELS, chance.randint(0, 3)))
    failure = Failure("Error", chance.choice(WORDS), NOW) if chance.random() < 0.4 else None
    status = chance.choice([s for s in RunStatus if s is not RunStatus.DAMAGED])
    made = Run(
        f"r{number}",
        chance.choice(FLOWS),
        chance.choice(FLOWS),
        "1",
        "h",
        at,
        at,
        status=status,
        revision=1,
        next_wake_at=NOW + timedelta(seconds=chance.randint(-900, 900)) if chance.random() < 0.5 else None,
        labels=labels,
        why=chance.choice(WORDS),
        failure=failure,
        attention=chance.randint(0, 9),
        held=chance.random() < 0.3,
        is_stale=chance.random() < 0.3,
        is_lost=chance.random() < 0.3,
        is_late=chance.random() < 0.3,
        is_expired=chance.random() < 0.3,
        simulated=chance.random() < 0.3,
        branch_counts={"unconfirmed": 1} if chance.random() < 0.2 else {},
        acknowledged="seen" if chance.random() < 0.3 else None,
    )
    system, target = chance.choice(SYSTEMS)
    attempt = Attempt(1, "key", system, target, NOW, status=BranchStatus.RUNNING)
    doing = chance.choice([BranchStatus.RUNNING, BranchStatus.FAILED, BranchStatus.COMPLETED, BranchStatus.STARTING])
    visit = StepVisit(chance.choice(["load", "a1"]), 1, NOW, status=doing, attempts=(attempt,))
    return made, Branch(made.id, "main", 0, visit.step_id, NOW, status=doing, visit=1, steps=(visit,))


def filled(store: Store, count: int, seed: int) -> None:
    chance = random.Random(seed)
    made = [some_run(chance, number) for number in range(count)]
    assert store.runs.save([Save(run, None, branches=(branch,)) for run, branch in made]) == []
    store.runs.mark_damaged(["r3", "r4"])


@pytest.mark.parametrize("common", [3_000, 5])
def test_with_and_without_hints_a_filter_finds_the_same(
    store: Store, common: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_terms, "COMMON", common)
    monkeypatch.setattr(row_words, "FEW", common)
    filled(store, 150, 5)
    clock = ManualClock(NOW)
    lists = RunLists(store, clock)
    chance = random.Random(9)
    pairs = [f"{chance.choice(FILTERS)} {chance.choice(['', '!'])}{chance.choice(FILTERS)}" for _ in range(60)]
    found_any = 0
    for text in (*FILTERS, *pairs):
        chosen = parse(text)
        everything = store.runs.query(RunFilter(), order="attention", descending=False, limit=None)
        expected = [run.id for run in chosen.select(store.runs, everything, NOW)]
        pages = list(matching(store.runs, chosen, NOW, order="attention", descending=False, wanted=4))
        assert [run.id for run in pages] == expected, text
        in_window = {run.id for run in lists.rows(lists.order(text).numbers) if run is not None}
        assert in_window == set(expected), text
        found_any += bool(expected)
    assert found_any > 60


@pytest.mark.parametrize("text", ["label:env=prod", "flow:etl", "error~50%_", "system:slurm", "age<30m", "is:stale"])
def test_a_store_leaves_out_by_itself_most_of_what_does_not_match(store: Store, text: str) -> None:
    if store.place.startswith("postgresql") and not text.startswith(("label", "age")):
        pytest.skip("the filter looks at these itself there")
    filled(store, 150, 6)
    chosen = parse(text)
    everything = len(store.runs.query(limit=None))
    given = store.runs.query(chosen.narrowed_at(NOW), limit=None)
    matched = chosen.select(store.runs, given, NOW)
    assert chosen.narrowed_at(NOW).hints != Hints()
    assert len(matched) <= len(given) <= len(matched) + 25 < everything


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "error~" + "(" * 100_000,
        "id:" + ",".join(f"r{n}" for n in range(100_000)),
        " ".join(f"w{n}" for n in range(5_000)),
        " ".join(f"label:l{n}=v" for n in range(5_000)),
        "flow:" + "f" * 100_000,
        "system:" + "s" * 100_000,
        "label:" + "l" * 100_000,
    ],
    ids=lambda text: text[:9],
)
def test_a_filter_of_any_length_is_answered(store: Store, text: str) -> None:
    filled(store, 20, 8)
    chosen = parse(text)
    everything = store.runs.query(limit=None)
    expected = sorted(run.id for run in chosen.select(store.runs, everything, NOW))
    assert sorted(run.id for run in matching(store.runs, chosen, NOW)) == expected


def test_labels_of_a_run_that_was_removed_and_started_again_are_those_of_the_new_one(store: Store) -> None:
    made, branch = some_run(random.Random(1), 1)
    store.runs.save([Save(replace(made, labels={"env": "prod"}), None, branches=(branch,))])
    store.runs.remove([made.id])
    store.runs.save([Save(replace(made, labels={"env": "test"}), None, branches=(branch,))])
    for label, count in (("prod", 0), ("test", 1)):
        narrowed = parse(f"label:env={label}").narrowed_at(NOW)
        assert len(store.runs.query(narrowed)) == count


def test_the_words_of_a_run_are_those_of_its_last_save_whoever_writes(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    made, branch = some_run(random.Random(1), 1)
    store.runs.save([Save(replace(made, why="first", is_lost=False), None, branches=(branch,))])
    store.runs.save([Save(replace(made, why="second", is_lost=True, revision=2), 1)])
    table = store.database.table("runs")  # type: ignore[attr-defined]
    for text, count in (("why~first", 0), ("why~second", 1), ("is:lost", 1), ("second", 1)):
        assert len(store.runs.query(parse(text).narrowed_at(NOW))) == count, text
    table.update({"why": "by hand"})
    assert len(store.runs.query(parse("why~hand").narrowed_at(NOW))) == 1
    assert store.runs.query(parse("why~second").narrowed_at(NOW)) == []
    table.truncate()
    assert store.runs.query(parse("why~hand").narrowed_at(NOW)) == []
    store.close()


def test_a_run_whose_document_nobody_can_read_is_never_left_out_for_its_words(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    filled(store, 5, 3)
    store.database.rows.con.execute("UPDATE t_runs SET doc='{' WHERE id='r1'")  # type: ignore[attr-defined]
    store.database.rows.con.execute("UPDATE t_branches SET doc='{' WHERE run_id='r2'")  # type: ignore[attr-defined]
    for text in ("why~nothing", "nothing_at_all", "is:stale"):
        assert "r1" in {run.id for run in store.runs.query(parse(text).narrowed_at(NOW))}, text
    assert {run.id for run in store.runs.query(parse("system:nowhere").narrowed_at(NOW))} == {"r2"}
    store.close()


def test_a_file_of_before_is_filtered_while_it_may_only_be_read(tmp_path: Path) -> None:
    made = open_store(tmp_path)
    filled(made, 40, 7)
    made.database.rows.con.execute('DROP TRIGGER "terms_insert"')  # type: ignore[attr-defined]
    made.database.rows.con.execute('DROP TRIGGER "terms_delete"')  # type: ignore[attr-defined]
    made.database.rows.con.execute('DROP TABLE "x_runs"')  # type: ignore[attr-defined]
    for table in ("runs", "branches"):
        for event in ("insert", "update", "delete"):
            made.database.rows.con.execute(f'DROP TRIGGER "words_{event}_{table}"')  # type: ignore[attr-defined]
        made.database.rows.con.execute(f'DROP TABLE "w_{table}"')  # type: ignore[attr-defined]
    made.close()
    for read_only in (True, False, True):  # opened for writing it gets them
        reader = open_store(tmp_path, read_only=read_only)
        assert reader.database.rows.kept.words is (reader.database.rows.kept.terms)  # type: ignore[attr-defined]
        for text in ("label:env=prod", "why~disk", "disk", "is:stale", "system:slurm"):
            chosen = parse(text)
            found = [run.id for run in matching(reader.runs, chosen, NOW)]
            expected = [run.id for run in chosen.select(reader.runs, reader.runs.query(limit=None), NOW)]
            assert found == expected and found, text
        reader.close()
