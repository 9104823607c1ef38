"""Schedulers as processes: one drives, another stands by, operators elsewhere are heard at once, systemd is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.scheduler.single.attachment import attach, attached_count
from runtime.scheduler.single.driving_lock import DrivingLock
from tests.scheduling import drive, environment, opened, scheduler


def wait_for(seen: Callable[[], object], seconds: float) -> None:
    """Look until it is seen; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)


def test_an_act_from_another_process_is_carried_out_at_once(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime, scheduler(tmp_path):
        wait_for(lambda: runtime.store.facts.get("scheduler"), 20)
        runtime.commands.start("release_approval", run_id="r")
        wait_for(lambda: runtime.store.runs.get("r").status != "pending", 5)  # type: ignore[union-attr]
        runtime.commands.hold("all")
        runtime.commands.release("all")
        runtime.commands.cancel("r", reason="not today")
        assert runtime.json_views.show("r")["status"] == "cancelled"


def test_a_standby_takes_over_when_the_driver_is_killed(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime, scheduler(tmp_path) as first:
        wait_for(lambda: (runtime.store.facts.get("scheduler") or {}).get("pid") == first.pid, 20)
        with scheduler(tmp_path) as second:
            assert not DrivingLock(tmp_path).acquire()
            first.send_signal(signal.SIGKILL)
            wait_for(lambda: runtime.store.facts.get("scheduler")["pid"] == second.pid, 10)
            assert runtime.store.facts.get("scheduler")["epoch"] == 2


def test_a_term_signal_stops_gracefully_and_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime, scheduler(tmp_path) as process:
        wait_for(lambda: runtime.store.facts.get("scheduler"), 20)
        process.terminate()
        assert process.wait(20) == 0
        assert runtime.store.facts.get("scheduler")["stopped"] is True


def test_systemd_hears_ready_watchdog_and_stopping(tmp_path: Path) -> None:
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(30)
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
    with scheduler(tmp_path / "store", None, **env) as process:
        words = [heard.recv(100).decode(), heard.recv(100).decode()]
        process.terminate()
        while words[-1] != "STOPPING=1":
            words.append(heard.recv(100).decode())
    heard.close()
    assert words[0] == "READY=1"
    assert "WATCHDOG=1" in words


def test_an_attached_client_that_is_killed_is_no_longer_counted(tmp_path: Path) -> None:
    hold = "import sys, time; from pathlib import Path; from runtime.scheduler.single.attachment import attach\n"
    hold += "with attach(Path(sys.argv[1])): print('in', flush=True); time.sleep(600)"
    client = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, env=environment(tmp_path)
    )
    assert client.stdout is not None
    client.stdout.readline()
    with attach(tmp_path):
        assert attached_count(tmp_path) == 2
    client.kill()
    client.wait()
    client.stdout.close()
    assert attached_count(tmp_path) == 0


@pytest.mark.parametrize("flag", ["--nonsense"])
def test_an_unknown_option_is_a_usage_error(flag: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runtime", flag], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (done.returncode, flag in done.stderr) == (2, True)


def test_code_that_changed_under_a_run_is_noted_in_its_history(tmp_path: Path) -> None:
    folder = tmp_path / "flows" / "once"
    folder.mkdir(parents=True)
    steps = [{"id": i, "name": i, "type": t} for i, t in (("begin", "begin"), ("work", "task"), ("end", "end"))]
    ways = [{"id": f"{a}-{b}", "sourceStepId": a, "targetStepId": b} for a, b in (("begin", "work"), ("work", "end"))]
    flow = {"id": "once", "name": "once", "version": "1", "globalStateSchema": {"type": "object"}}
    (folder / "flow.json").write_text(json.dumps({**flow, "steps": steps, "connections": ways}))
    code = (
        "from runtime.authoring import Completed, task\n\n@task('work')\ndef work(request):\n    return Completed({})\n"
    )
    (folder / "tasks.py").write_text(code.format(1))
    with opened(tmp_path / "store", tmp_path / "flows") as runtime:
        runtime.commands.start("once", run_id="r")
        (folder / "tasks.py").write_text(code.format(2))
        assert drive(tmp_path / "store", tmp_path / "flows").returncode == 0
        kinds = [entry["kind"] for entry in runtime.json_views.history("r")]
        assert kinds.count("code_changed") == 1
        assert runtime.json_views.show("r")["results"]["work"] == 2
