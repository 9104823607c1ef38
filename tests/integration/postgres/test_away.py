"""A database that goes away, and workers that are all gone: what is said of it is true."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from console.cli.main import run
from runtime.assembly.location import open_store
from runtime.assembly.serving_scheduler import attach, scheduler_alive, start_scheduler_process
from runtime.errors import Refused, StoreAway, Unconfirmed
from runtime.model.act import Act
from runtime.operations.queries.doctor import examined
from runtime.scheduler.cluster.queue import Queue
from runtime.store.postgres import change_feed
from runtime.store.postgres.connection_url import conninfo
from runtime.store.postgres.opening import open_postgres
from tests.cutting import Cutting
from tests.postgres import Server, new_database, own_server
from tests.workers import opened, wait_for, workers

pytestmark = pytest.mark.xdist_group("postgres")


def test_what_may_still_be_saved_is_not_called_lost(tmp_path: Path) -> None:
    url = new_database()
    with opened(url, tmp_path / "s") as runtime, psycopg.connect(url) as other:
        now = runtime.clock.now()
        act = Act(0, now, now, "mia", "console", "hold", "all")
        (transaction,) = other.execute("SELECT pg_current_xact_id()::text").fetchone()  # type: ignore[misc]
        with pytest.raises(Refused, match="still being saved"):
            runtime.queries.recorded(act, transaction)
        other.rollback()
        assert runtime.queries.recorded(act, transaction) is None
        numbered = runtime.store.acts.put(act)
        assert runtime.queries.recorded(act, transaction) == numbered
        assert runtime.store.changes.settled(str(2**40)), "a server that took over may not know the number at all"


@pytest.mark.parametrize("commits", [True, False])
def test_the_command_line_says_that_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    monkeypatch.setenv("FORKJOIN_DIRECTORY", str(tmp_path))
    with own_server() as server, Cutting(server) as proxy:
        with opened(server.url("postgres"), tmp_path / "s") as runtime:
            proxy.commits, proxy.armed = commits, True
            assert run(["--store", proxy.url(), "hold", "all", "--reason", "outage"]) == 5
            assert "It is not known whether it was saved: look before you repeat it." in capsys.readouterr().err
            wait_for(lambda: bool(runtime.store.holds.all()) == commits)
            assert [a.verb for a in runtime.store.acts.newest()] == (["hold"] if commits else [])
        server.stop(signal.SIGQUIT)
        assert run(["--store", server.url("postgres"), "hold", "all"]) == 5
        assert "Nothing was saved" in capsys.readouterr().err


def test_a_cut_is_told_from_a_server_that_is_away() -> None:
    with own_server() as server, Cutting(server) as proxy:
        store = open_postgres(proxy.url())
        proxy.armed = True
        with pytest.raises(Unconfirmed) as cut:
            store.facts.put("key", 1)
        assert cut.value.transaction is not None
        wait_for(lambda: store.changes.settled(str(cut.value.transaction)))
        assert store.facts.get("key") == 1
        server.stop(signal.SIGQUIT)
        with pytest.raises(StoreAway) as away:
            store.facts.put("key", 2)
        assert "Nothing was saved" in away.value.message
        with pytest.raises(StoreAway):
            store.changes.wait(0, 5)
        server.start()
        store.facts.put("key", 3)
        assert store.facts.get("key") == 3
        assert store.changes.wait(0, 5) == store.changes.token()
        store.close()


def test_when_all_workers_were_killed_it_is_said_and_a_console_starts_one(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    with opened(url, folder) as runtime:
        with workers(url, folder, 2) as both:
            runtime.commands.start("release_approval", run_id="rel")
            wait_for(lambda: len((runtime.store.facts.get("scheduler") or {}).get("workers", ())) == 2)
            assert "workers share the wakes" in runtime.queries.scheduler_state()[1]
            for process in both:
                process.send_signal(signal.SIGKILL)
        wait_for(lambda: not scheduler_alive(runtime))
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r")
        assert any(s.startswith("No worker for") for s in runtime.queries.why("r").sentences)
        with attach(folder):
            started = start_scheduler_process(runtime)
            try:
                wait_for(lambda: scheduler_alive(runtime))
                wait_for(lambda: runtime.json_views.show("r")["status"] == "completed", 60)
            finally:
                started.terminate()
                started.wait(40)


def test_the_queue_opens_nothing_before_the_server_answers(caplog: pytest.LogCaptureFixture) -> None:
    async def wake(run_id: str) -> None:
        raise AssertionError(run_id)

    async def story(server: Server) -> None:
        queue = Queue(conninfo(server.url("postgres")), wake, concurrency=1, reach=None)
        running = asyncio.create_task(queue.run())
        await asyncio.to_thread(wait_for, lambda: "queue.waits" in caplog.messages)
        server.start()
        await asyncio.to_thread(wait_for, lambda: queue.number is not None)
        queue.stop()
        await running
        assert "queue.interrupted" not in caplog.messages

    with own_server() as server:
        open_postgres(server.url("postgres")).close()
        server.stop(signal.SIGQUIT)
        asyncio.run(story(server))


def standby_of(primary: Server) -> Server:
    """A hot standby that follows a server."""
    made = Server(port=5433)
    made.stop()
    primary.stop()
    shutil.rmtree(made.folder / "d")
    shutil.copytree(primary.folder / "d", made.folder / "d")
    (made.folder / "d" / "standby.signal").touch()
    with (made.folder / "d" / "postgresql.auto.conf").open("a") as file:
        file.write(f"primary_conninfo = 'host={primary.folder} user=postgres'\n")
    owner = made.folder.stat()
    for place in (made.folder / "d", *(made.folder / "d").rglob("*")):
        os.chown(place, owner.st_uid, owner.st_gid)
    primary.start()
    made.start()
    return made


def test_a_standby_that_refuses_to_listen_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_feed, "SAFETY_SECONDS", 3_600.0)
    with own_server() as primary:
        standby = standby_of(primary)
        one, other = open_store(standby.url("postgres"), read_only=True), open_store(primary.url("postgres"))
        token = one.changes.token()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(one.changes.wait, token, 3_600)
            other.facts.put("key", 1)
            assert waiting.result(60) != token
        assert one.facts.get("key") == 1
        one.close()
        other.close()
        standby.remove()


def test_doctor_tells_that_a_role_may_only_read(tmp_path: Path) -> None:
    url = new_database()
    with opened(url, tmp_path / "s") as runtime:
        assert {c.name: c.ok for c in examined(runtime.queries, tmp_path / "s")}["writable"]
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("DROP ROLE IF EXISTS reader")
        con.execute("CREATE ROLE reader LOGIN")
        con.execute("GRANT USAGE ON SCHEMA forkjoin TO reader")
        con.execute("GRANT SELECT ON ALL TABLES IN SCHEMA forkjoin TO reader")
    with opened(url.replace("postgres@", "reader@"), tmp_path / "s") as runtime:
        assert not {c.name: c.ok for c in examined(runtime.queries, tmp_path / "s")}["writable"]
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("DROP OWNED BY reader")
        con.execute("DROP ROLE reader")
