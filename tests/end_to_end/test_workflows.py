"""Each workflow that ships is run by the real scheduler process: something fails, an operator repairs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.assembly.runtime import Runtime
from tests.job_server import JobServer
from tests.scheduling import drive, opened


def show(runtime: Runtime, run_id: str) -> dict[str, Any]:
    return runtime.json_views.show(run_id)


def branch(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(b for b in shown["branches"] if b["name"] == name)


def test_profile_update_captures_the_failing_mail_and_a_retry_delivers_it(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime:
        runtime.commands.start("profile_update", run_id="p")
        assert drive(tmp_path).returncode == 0
        ended = show(runtime, "p")
        assert ended["status"] == "completed"
        assert ended["failed_branches"] == 1
        assert "mailbox" in branch(ended, "send-email-notification")["failure"]["message"]
        assert ended["state"]["profileStatus"] == "partly updated"
        receipt = runtime.commands.retry("p", "send-email-notification", reason="mailbox emptied")
        assert any("join-tasks opens again" in effect for effect in receipt.effects)
        assert drive(tmp_path).returncode == 0
        repaired = show(runtime, "p")
    assert repaired["status"] == "completed"
    assert repaired["failed_branches"] == 0
    assert repaired["state"]["profileStatus"] == "updated"
    assert branch(repaired, "update-search-index") == branch(ended, "update-search-index")


def test_nightly_etl_loads_real_files_and_goes_on_when_the_broken_one_is_corrected(tmp_path: Path) -> None:
    store, files = tmp_path / "store", tmp_path / "files"
    files.mkdir()
    for number in range(3):
        (files / f"orders-{number}.csv").write_text(f"order,region,amount\n{number},north,10.50\n")
    (files / "orders-1.csv").write_text("order,region,amount\n1,north,n/a\n")
    with opened(store) as runtime:
        runtime.commands.start("nightly_etl", {"dir": str(files)}, run_id="etl")
        assert drive(store).returncode == 0
        failed = show(runtime, "etl")
        assert failed["status"] == "failed"
        assert branch(failed, "load:1")["attempt"] == 2
        assert "orders-1.csv" in branch(failed, "load:1")["failure"]["message"]
        assert "orders-1.csv" in runtime.logs("etl", "load:1")
        (files / "orders-1.csv").write_text("order,region,amount\n1,north,7.25\n")
        runtime.commands.retry("etl", "load:1", reason="corrected")
        assert drive(store).returncode == 0
        repaired = show(runtime, "etl")
    assert repaired["status"] == "completed"
    assert branch(repaired, "load:0") == branch(failed, "load:0")
    assert json.loads((files / "report.json").read_text())["totalCents"] == 2_825


def test_release_approval_is_refused_a_wrong_payload_and_deploys_after_a_right_one(tmp_path: Path) -> None:
    from runtime.errors import InvalidInput
    from tests.scheduling import scheduler

    with opened(tmp_path) as runtime, scheduler(tmp_path):
        runtime.commands.start("release_approval", run_id="rel")
        wait_until(runtime, "rel", lambda s: any(b["waiting_for"] == "event approve" for b in s["branches"]))
        with pytest.raises(InvalidInput, match="required"):
            runtime.commands.send("rel", "approve", {"approved": True})
        runtime.commands.send("rel", "approve", {"approved": True, "by": "mara"})
        ended = wait_until(runtime, "rel", lambda s: s["ended_at"] is not None)
    assert ended["status"] == "completed"
    assert branch(ended, "deadline")["status"] == "cancelled"


def wait_until(runtime: Runtime, run_id: str, seen: Any) -> dict[str, Any]:
    """Look whenever the store changed, until what was waited for is seen."""
    import time

    end = time.monotonic() + 60
    while time.monotonic() < end:
        shown = show(runtime, run_id)
        if seen(shown):
            return shown
        token = runtime.store.changes.token()
        while runtime.store.changes.token() == token and time.monotonic() < end:
            time.sleep(0.01)
    raise AssertionError(json.dumps(show(runtime, run_id), indent=1)[:4_000])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobServer]:
    with JobServer(tmp_path / "jobs.json") as running:
        yield running


def test_media_render_on_a_real_job_server_survives_its_failure_and_a_repair(tmp_path: Path, server: JobServer) -> None:
    store = tmp_path / "store"
    with opened(store) as runtime:
        runtime.commands.start("media_render", run_id="film")
        server.faults(start=[{"status": 422, "body": "codec missing"}])
        assert drive(store, JOBS_URL=server.url).returncode == 0
        failed = show(runtime, "film")
        assert failed["failed_branches"] >= 1, json.dumps(failed, indent=1)
        broken = [b for b in failed["branches"] if b["status"] == "failed"]
        assert "422" in broken[0]["failure"]["type"] + broken[0]["failure"]["message"]
        untouched = [b for b in failed["branches"] if b["status"] == "completed"]
        runtime.commands.retry("film", broken[0]["id"], reason="codec installed")
        assert drive(store, JOBS_URL=server.url).returncode == 0
        repaired = show(runtime, "film")
    assert repaired["status"] == "completed"
    assert repaired["failed_branches"] == 0
    for before in untouched:
        if before["name"] != "main":
            assert next(b for b in repaired["branches"] if b["id"] == before["id"]) == before


FLOWS = Path(__file__).resolve().parents[3] / "shared" / "flowjson"


@pytest.mark.skipif(not FLOWS.exists(), reason="the public flows are not beside this checkout")
def test_the_public_fork_join_flow_runs_to_its_end_simulated(tmp_path: Path) -> None:
    source = json.loads((FLOWS / "fork-join-flow.json").read_text())
    for step in source["steps"]:
        step.setdefault("metadata", {})["poll"] = {"interval": 0.2}
    quick = tmp_path / "fork-join-flow.json"
    quick.write_text(json.dumps(source))
    with opened(tmp_path / "store") as runtime:
        state = {"userId": "u1", "updatedFields": ["name"]}
        runtime.commands.start(str(quick), state, run_id="public", simulate=True)
        assert drive(tmp_path / "store").returncode == 0
        ended = show(runtime, "public")
    assert (ended["status"], ended["simulated"]) == ("completed", True)
