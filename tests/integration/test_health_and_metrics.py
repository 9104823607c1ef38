"""A scheduler process tells programs on its machine, and systemd, how it is."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from runtime.settings import Settings
from tests.scheduling import ROOT, environment, opened, scheduler, stuck_workflow
from tests.scraping import ask, free_port, scrape, value, wait_for


def test_prometheus_sees_what_a_scheduler_does(tmp_path: Path) -> None:
    port = free_port()
    with opened(tmp_path) as runtime:
        runtime.commands.start("profile_update", {"emailOutcome": "failed"}, "bad", count=2)
        runtime.commands.start("release_approval", run_id="later")
        runtime.commands.hold("system=http", reason="maintenance")
        with scheduler(tmp_path, FORKJOIN_METRICS_PORT=str(port)):
            wait_for(lambda: ask(port, "/readyz") == (200, "It works, and leads.\n"), 30)
            assert ask(port, "/healthz") == (200, "The event loop turns.\n")
            wait_for(lambda: value(scrape(port), "forkjoin_runs", status="completed") == 2, 60)
            seen = scrape(port)
            assert value(seen, "forkjoin_runs") == 3
            assert value(seen, "forkjoin_runs_needing_attention") == runtime.queries.attention_count() > 0
            assert value(seen, "forkjoin_calls_total", system="simulated", verb="poll", outcome="failed") == 2
            assert value(seen, "forkjoin_call_duration_seconds_count", verb="start") > 0
            assert value(seen, "forkjoin_wake_lateness_seconds_count") > 0
            assert value(seen, "forkjoin_wakes_total") >= value(seen, "forkjoin_saves_total") > 0
            assert (value(seen, "forkjoin_holds"), value(seen, "forkjoin_store_up")) == (1, 1)
            assert value(seen, "forkjoin_build_info", store="embedded") == 1
        assert ask(port, "/healthz")[0] == 0, "nobody listens after the end"


def test_a_standby_lives_and_says_that_it_waits(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(30)
    asked = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
    store = tmp_path / "store"
    with scheduler(store, FORKJOIN_METRICS_PORT=str(first)) as driver:
        wait_for(lambda: ask(first, "/readyz")[0] == 200, 30)
        with scheduler(store, None, FORKJOIN_METRICS_PORT=str(second), **asked):
            wait_for(lambda: "stands by" in ask(second, "/readyz")[1], 30)
            assert (ask(second, "/readyz")[0], ask(second, "/healthz")[0]) == (503, 200)
            assert "forkjoin_runs" not in scrape(second)
            words = {heard.recv(100).decode() for _ in range(3)}
            assert words == {"READY=1", "WATCHDOG=1"}, "or systemd would kill it"
            driver.kill()
            wait_for(lambda: ask(second, "/readyz")[0] == 200, 30)
            wait_for(lambda: "forkjoin_runs" in scrape(second), 30)
    heard.close()


def test_a_thread_that_never_comes_back_is_counted(tmp_path: Path) -> None:
    port = free_port()
    flows = stuck_workflow(tmp_path / "flows")
    more = {"FORKJOIN_METRICS_PORT": str(port), "FORKJOIN_CALL_TIMEOUT_SECONDS": "0.2"}
    with opened(tmp_path / "s", flows) as runtime, scheduler(tmp_path / "s", flows, **more):
        runtime.commands.start("stuck", run_id="r")
        wait_for(lambda: value(scrape(port), "forkjoin_stuck_threads") == 1, 30)
        wait_for(lambda: runtime.store.facts.get("scheduler")["stuck_threads"] == 1, 30)


def test_a_port_in_use_is_one_sentence_and_nothing_is_driven(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        command = [sys.executable, "-c", "from console.cli.main import main; main()", "scheduler", "--until-idle"]
        ended = subprocess.run(
            [*command, "--metrics-port", str(port)],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 5
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"127.0.0.1:{port} cannot be used for /metrics")
    with opened(tmp_path) as runtime:
        assert runtime.store.facts.get("scheduler") is None


def test_without_a_port_the_metrics_library_is_not_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from runtime.__main__ import main; assert main() == 0; print('prometheus_client' in sys.modules)"
    )
    for port, loaded in (("0", "False"), (str(free_port()), "True")):
        ended = subprocess.run(
            [sys.executable, "-c", code, "--until-idle"],
            env=environment(tmp_path, more={"FORKJOIN_METRICS_PORT": port}),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd=ROOT,
        )
        assert ended.stdout.strip() == loaded


def test_a_port_is_a_number_that_ports_have() -> None:
    assert Settings.load({}, env={}).metrics_port == 0
    assert Settings.load({}, env={"FORKJOIN_METRICS_PORT": "9700"}).metrics_port == 9_700
    assert Settings.load({"metrics_port": 0}, env={"FORKJOIN_METRICS_PORT": "9700"}).metrics_port == 0
