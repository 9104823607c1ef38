"""Workers tell how they are: all of themselves, one of the store, and the truth while the database is away."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres import new_database, own_server
from tests.scheduling import stuck_workflow
from tests.scraping import Samples, ask, free_port, scrape, value, wait_for
from tests.workers import opened, workers

pytestmark = pytest.mark.xdist_group("postgres")


def test_each_worker_tells_of_itself_and_one_of_the_store(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    ports = (free_port(), free_port())
    with ExitStack() as stack:
        runtime = stack.enter_context(opened(url, folder))
        for port in ports:
            stack.enter_context(workers(url, folder, 1, "--metrics-port", str(port)))
        runtime.commands.start("profile_update", {"emailOutcome": "completed"}, "r", count=20)
        wait_for(lambda: all(ask(port, "/readyz")[0] == 200 for port in ports))
        wait_for(lambda: sum(value(scrape(port), "forkjoin_runs", status="completed") for port in ports) == 20, 60)
        wait_for(lambda: all(value(scrape(port), "forkjoin_workers") == 2 for port in ports))
        seen: list[Samples] = []

        def settled() -> bool:
            seen[:] = [scrape(port) for port in ports]
            tells = ["forkjoin_runs" in s and "forkjoin_queue_depth" in s for s in seen]
            return tells == [value(s, "forkjoin_leader") == 1 for s in seen] and sum(tells) == 1

        wait_for(settled)
        started = [value(s, "forkjoin_calls_total", system="simulated", verb="start", outcome="started") for s in seen]
        assert sum(started) >= 40
        assert sum(value(s, "forkjoin_wake_lateness_seconds_count") for s in seen) > 0


def test_while_the_database_is_away_a_worker_lives_but_is_not_ready(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "s"
    port = free_port()
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(30)
    with own_server() as server:
        url = server.url("postgres")
        with opened(url, folder):
            pass
        asked = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        with workers(url, folder, 1, "--metrics-port", str(port), more=asked):
            wait_for(lambda: "forkjoin_runs" in scrape(port))
            assert ask(port, "/readyz") == (200, "It works, and leads.\n")
            server.stop()
            wait_for(lambda: ask(port, "/readyz")[0] == 503)
            told = ask(port, "/readyz")[1]
            assert told.startswith("The store ") and told.count("\n") == 1
            assert "cannot be used" in told
            seen = scrape(port)
            assert (value(seen, "forkjoin_store_up"), value(seen, "forkjoin_ready")) == (0, 0)
            assert "forkjoin_runs" not in seen
            heard.setblocking(False)
            while True:
                try:
                    heard.recv(100)
                except BlockingIOError:
                    break
            heard.settimeout(30)
            assert heard.recv(100) == b"WATCHDOG=1", "or systemd would kill a worker that waits"
            assert ask(port, "/healthz") == (200, "The event loop turns.\n")
            server.start()
            wait_for(lambda: ask(port, "/readyz")[0] == 200, 60)
            wait_for(lambda: "forkjoin_runs" in scrape(port), 60)
    heard.close()


def test_a_stuck_thread_does_not_stop_the_heartbeat_of_all(tmp_path: Path) -> None:
    url = new_database()
    folder = tmp_path / "s"
    port = free_port()
    flows = stuck_workflow(tmp_path / "flows")
    more = {"FORKJOIN_WORKFLOWS": str(flows), "FORKJOIN_CALL_TIMEOUT_SECONDS": "0.2"}
    with (
        opened(url, folder, flows) as runtime,
        workers(url, folder, 1, "--metrics-port", str(port), more=more),
    ):
        runtime.commands.start("stuck", run_id="r")
        wait_for(lambda: value(scrape(port), "forkjoin_stuck_threads") == 1)
        wait_for(lambda: (runtime.store.facts.get("scheduler") or {}).get("stuck_threads") == 1)
