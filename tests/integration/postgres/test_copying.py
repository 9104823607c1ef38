"""A copy loses nothing, whatever is in the store and whatever comes between."""

from __future__ import annotations

import atexit
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tinydb import TinyDB

from runtime.assembly.copying import Copied, copy_store
from runtime.assembly.location import open_store
from runtime.errors import Refused, StoreUnavailable
from runtime.model.act import Hold
from runtime.model.branch import Branch
from runtime.model.run import Run
from runtime.model.status import RunStatus
from runtime.model.stored import Save
from runtime.settings import Settings
from runtime.store.ports.store import Store
from runtime.store.transfer import export_to
from tests.end_to_end.terminal import FORKJOIN, needs_tmux, terminal
from tests.postgres import new_database
from tests.scheduling import drive, environment, opened
from tests.workers import opened as opened_by_url

pytestmark = pytest.mark.xdist_group("postgres")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NASTY = "\x00 \x1b[31m \u202e ü 🦊 \ufffd \\0 ' \" %s {x} \x7f \r\n"


def copy(source: Path | str, target: Path | str, told: Callable[[str, int, int], None] | None = None) -> Copied:
    return copy_store(Settings(), str(source), str(target), told or (lambda *_: None))


def exported(location: Path | str, file: Path) -> dict[str, Any]:
    """The export of a store, apart from the facts that belong to one place."""
    with closing(open_store(str(location), read_only=True)) as store:
        export_to(store.documents, file)
    with TinyDB(file) as stock:
        tables = {name: {d.doc_id: dict(d) for d in stock.table(name).all()} for name in stock.tables()}
    text = json.loads(file.read_text())
    assert {name: len(t) for name, t in text.items()} == {name: len(t) for name, t in tables.items()}
    tables.pop("meta", None)
    return tables


def a_life(folder: Path) -> None:
    """A store with completed, failed and waiting runs, acts, holds, a schedule, and text nobody wants to see."""
    shutil.copytree(_lived(), folder)


@cache
def _lived() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="forkjoin-life-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with opened(folder) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "failed"}, "p", {"env": NASTY}, count=3, reason=NASTY)
    assert drive(folder).returncode == 0
    with opened(folder) as runtime:
        runtime.commands.start("release_approval", run_id="r", count=2)
        runtime.commands.hold("run=r-0001", reason=NASTY)
        state = {NASTY: [NASTY, 2**64 - 1, -(2**63), 1e308, 5e-324, None, True], "long": "x\u0000" * 500_000}
        run = Run("nasty", NASTY, "f", "1", "h", NOW, NOW, status=RunStatus("failed"), revision=1, state=state)
        branch = Branch("nasty", f"main/{NASTY}", 1, NASTY, NOW, item={"deep": state[NASTY]})
        runtime.store.runs.save([Save(run, None, branches=(branch,))])
        runtime.store.holds.put(Hold(f"flow={NASTY}", "mia", NOW, "old", released_at=NOW))
        runtime.store.schedules.put(NASTY, {"enabled": False})
        runtime.store.facts.put("durations", {NASTY: [1.5]})
    return folder


def test_a_life_goes_to_postgresql_and_back_and_stock_tinydb_reads_the_same(tmp_path: Path) -> None:
    laptop, url, back = tmp_path / "laptop", new_database(empty=True), tmp_path / "back"
    a_life(laptop)
    before = exported(laptop, tmp_path / "1.json")
    assert set(before) >= {"runs", "branches", "joins", "history", "polls", "acts", "holds", "schedules", "flows"}
    there = copy(laptop, url)
    assert exported(laptop, tmp_path / "1b.json") == before, "the source is only read"
    assert exported(url, tmp_path / "2.json") == before
    home = copy(url, back)
    assert there.tables == home.tables
    assert exported(back, tmp_path / "3.json") == before
    texts = [(tmp_path / f"{n}.json").read_text().partition('"meta"')[0] for n in "123"]
    assert texts[0] == texts[1] == texts[2], "byte for byte"
    with closing(open_store(back)) as store:
        assert store.facts.get("durations") == {NASTY: [1.5]}


def pulled(at: str) -> Callable[[str, int, int], None]:
    def told(table: str, done: int, of: int) -> None:
        if table == at and done >= min(1, of):
            raise KeyboardInterrupt

    return told


@pytest.mark.parametrize("there", [True, False], ids=["to postgresql", "to a directory"])
def test_an_interrupted_copy_goes_on_though_the_source_was_driven_on(there: bool, tmp_path: Path) -> None:
    source: Path | str = tmp_path / "first"
    a_life(tmp_path / "first")
    target: Path | str = new_database(empty=True)
    if not there:
        copy(source, target)
        source, target = target, tmp_path / "second"
    for table in ("runs", "branches", "acts", "meta"):
        with pytest.raises(KeyboardInterrupt):
            copy(source, target, pulled(table))
        with closing(open_store(str(source))) as store:
            assert store.facts.get("moved_to") is None
            gone, *_ = [run.id for run in store.runs.query(order="id", descending=False, limit=None)]
            store.runs.remove([gone])
            fresh = Run(f"new-{table}", "w", "f", "1", "h", NOW, NOW, status=RunStatus("failed"), revision=1)
            store.runs.save([Save(fresh, None, branches=(Branch(fresh.id, "main", 0, "s", NOW),))])
    told: list[str] = []
    copy(source, target, lambda table, *_: told.append(table))
    assert exported(target, tmp_path / "t.json") == exported(source, tmp_path / "s.json")
    with closing(open_store(str(target))) as store:
        assert store.runs.get("new-meta") is not None and store.runs.get(gone) is None
        assert store.acts.put(store.acts.newest(limit=1)[0]).id, "it can be written to"


def test_a_half_copied_store_and_a_moved_one_are_not_driven(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database(empty=True)
    a_life(laptop)
    with pytest.raises(KeyboardInterrupt):
        copy(laptop, url, pulled("branches"))
    told = drive(url)
    assert told.returncode == 4 and "copy into it was interrupted" in told.stderr
    with opened_by_url(url, tmp_path / "here") as runtime, pytest.raises(Refused, match="was interrupted"):
        runtime.commands.start("profile_update", run_id="lost-with-the-next-try")
    open_store(tmp_path / "other").close()
    with pytest.raises(Refused, match="runs of its own"):
        copy(tmp_path / "other", url)
    with pytest.raises(StoreUnavailable, match="no store in"):
        copy(tmp_path / "mistyped", url)
    assert not (tmp_path / "mistyped").exists()
    copy(laptop, url)
    with pytest.raises(KeyboardInterrupt):
        copy(url, tmp_path / "back", pulled("branches"))
    told = drive(tmp_path / "back")
    assert told.returncode == 4 and "was interrupted" in told.stderr
    copy(url, tmp_path / "back")
    told = drive(url)
    assert told.returncode == 4 and "moved to" in told.stderr
    with pytest.raises(Refused, match="one store"):
        copy(tmp_path / "back", f"{tmp_path}/x/../back")


def test_a_scheduler_that_stood_by_does_not_drive_what_was_moved_meanwhile(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database(empty=True)
    a_life(laptop)
    standing: list[subprocess.Popen[str]] = []

    def told(table: str, *_: int) -> None:
        if not standing:
            command = [sys.executable, "-m", "runtime"]
            standing.append(subprocess.Popen(command, env=environment(laptop), stderr=subprocess.PIPE, text=True))
            assert standing[0].stderr is not None
            assert "standing_by" in standing[0].stderr.readline()

    copy(laptop, url, told)
    try:
        _, said = standing[0].communicate(timeout=30)
    finally:
        standing[0].kill()
    assert standing[0].returncode == 4
    assert "were moved to postgresql://" in said and "scheduler.driving" not in said


def test_a_source_that_is_changed_meanwhile_is_copied_again(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database(empty=True)
    a_life(laptop)

    def told(table: str, done: int, of: int) -> None:
        if table == "polls" and done == of:
            with opened(laptop) as runtime:
                runtime.commands.pause("r-0002", reason="not now")

    with pytest.raises(Refused, match="changed while it was copied"):
        copy(laptop, url, told)
    copy(laptop, url)
    with closing(open_store(url)) as store:
        assert store.runs.get("r-0002").held  # type: ignore[union-attr]


def test_a_connection_that_is_cut_in_the_middle_is_told_and_the_copy_goes_on(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database(empty=True)
    a_life(laptop)

    def cut(table: str, done: int, of: int) -> None:
        if table == "branches" and not done:
            with psycopg.connect(url, autocommit=True) as con:
                con.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    with pytest.raises(StoreUnavailable):
        copy(laptop, url, cut)
    copy(laptop, url)
    assert exported(url, tmp_path / "t.json") == exported(laptop, tmp_path / "s.json")


@pytest.mark.parametrize(("version", "sentence"), [(99, "newer forkjoin"), (1, "older format 1.*store upgrade")])
def test_a_target_of_another_format_is_left_alone(version: int, sentence: str, tmp_path: Path) -> None:
    url = new_database()
    a_life(tmp_path / "laptop")
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("UPDATE forkjoin.store_format SET version = %s", (version,))
        with pytest.raises(StoreUnavailable, match=sentence):
            copy(tmp_path / "laptop", url)
        assert con.execute("SELECT version FROM forkjoin.store_format").fetchone() == (version,)


def test_what_to_do_next_can_be_typed_as_it_stands_and_no_password_is_kept(tmp_path: Path) -> None:
    url = new_database(empty=True)
    secret = url.replace("postgres@", "postgres:hush-hush@")
    with opened(tmp_path / "my laptop") as runtime:
        runtime.commands.start("release_approval", run_id="r")
    there = copy(tmp_path / "my laptop", secret)
    assert "hush" not in str(there)
    words = shlex.split(there.advice[-1].partition(": ")[2])
    assert words[:3] == ["forkjoin", "worker", "--store"]
    with pytest.raises(KeyboardInterrupt):
        copy(secret, tmp_path / "my back", pulled("runs"))
    back = copy(words[3], tmp_path / "my back")
    assert shlex.split(back.advice[-1].partition(": ")[2])[3] == str(tmp_path / "my back")
    for location in (tmp_path / "my laptop", words[3], tmp_path / "my back"):
        with closing(open_store(str(location))) as store:
            assert "hush" not in str(everything(store))


def everything(store: Store) -> list[Any]:
    return list(store.documents.export())


@needs_tmux
def test_a_person_sees_bars_stops_it_and_goes_on(tmp_path: Path) -> None:
    laptop, url = tmp_path / "laptop", new_database()
    with opened(laptop) as runtime:
        runtime.commands.start("release_approval", run_id="r", count=1_200)
    command = [*FORKJOIN, "store", "copy", str(laptop), url]
    with psycopg.connect(url) as blocking:
        blocking.execute("LOCK TABLE forkjoin.branches IN EXCLUSIVE MODE")
        with terminal(command, folder=tmp_path) as window:
            window.wait(lambda screen: "1200/1200" in screen and "branches" in screen)
            window.keys("C-c")
            screen = window.wait("EXIT=130")
    assert "The same command goes on" in screen
    assert "Traceback" not in screen
    with terminal(command, 100, 40, folder=tmp_path) as window:
        screen = window.wait("EXIT=0")
    assert "Moved 1,200 runs" in screen
    assert re.search(r"branches +\[#{36}\] +1200/1200", screen)
