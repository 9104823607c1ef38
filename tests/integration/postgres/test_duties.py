"""What only one worker does at a time: bulk acts and schedules go on, once, when the worker that did them is killed."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.acts.edit import Edit
from runtime.assembly.runtime import Runtime
from runtime.model.act import Act
from runtime.operations.bulk import Batch
from tests.postgres import new_database
from tests.workers import Fleet, leader, opened, wait_for, write_fork

pytestmark = pytest.mark.xdist_group("postgres")
LONG = {"task": {"system": "simulated", "duration": "1 hour"}}
SHORT = {"task": {"system": "simulated", "duration": "0.1 second"}, "poll": {"interval": "0.5 second"}}


def leading(runtime: Runtime, fleet: Fleet) -> subprocess.Popen[bytes]:
    """The living worker that has the duties, once it was told."""
    found: list[subprocess.Popen[bytes]] = []

    def look() -> bool:
        found[:] = [process for process in fleet.living if process.pid == leader(runtime)]
        return bool(found)

    wait_for(look, 30)
    return found[0]


def test_a_bulk_act_goes_on_where_its_killed_worker_left_it_and_acts_on_every_run_once(tmp_path: Path) -> None:
    url, folder = new_database(), tmp_path / "s"
    flows = write_fork(tmp_path / "flows", "sleepers", {"a": LONG, "b": LONG})
    with opened(url, folder, flows) as runtime, Fleet(url, folder, FORKJOIN_WORKFLOWS=str(flows)) as fleet:
        runs, _ = runtime.commands.start("sleepers", run_id="r", count=60)
        first, other = fleet.add(), fleet.add()
        wait_for(lambda: runtime.store.listing.counts() == {"sleeping": 60}, 60, runtime.store.listing.counts)
        doomed = leading(runtime, fleet)
        batch = Batch(runs=runs, where="workflow=sleepers", rate=15)
        receipt = runtime.commands.bulk(Edit(state={"n": 1}), batch, reason="drill")
        assert receipt.act is not None
        number = receipt.act.id

        def act() -> Act:
            found = runtime.store.acts.get(number)
            assert found is not None
            return found

        wait_for(lambda: (act().arguments or {})["next"] > 10, 30)
        fleet.kill(doomed)
        left_at = (act().arguments or {})["next"]
        assert left_at < 60 and act().outcome == "running", "it was killed in the middle"
        wait_for(lambda: act().outcome == "carried out", 60, act)
        assert act().after == {"accepted": 60, "refused": 0}
        assert "worker.leads" in fleet.log(other if doomed is first else first)
        for run in runs:
            assert Counter(a.verb for a in runtime.store.acts.newest(target=run.id))["edit"] == 1
            assert [e.kind for e in runtime.store.ledger.history(run.id)].count("act") == 1
            assert runtime.json_views.show(run.id)["state"] == {"n": 1}


def test_a_schedule_starts_each_tick_once_although_its_worker_is_killed(tmp_path: Path) -> None:
    url, folder = new_database(), tmp_path / "s"
    plan = {"every": "2 seconds", "overlap": "allow"}
    flows = write_fork(tmp_path / "flows", "often", {"a": SHORT}, schedule=plan)
    with opened(url, folder, flows) as runtime, Fleet(url, folder, FORKJOIN_WORKFLOWS=str(flows)) as fleet:
        fleet.add()
        fleet.add()
        doomed = leading(runtime, fleet)
        runtime.commands.schedule("often", enabled=True)
        wait_for(lambda: runtime.store.listing.counts().get("completed", 0) >= 2, 60)
        fleet.kill(doomed)
        before = len(runtime.store.runs.query(limit=None))
        wait_for(lambda: len(runtime.store.runs.query(limit=None)) >= before + 2, 60)
        runtime.commands.schedule("often", enabled=False)
        wait_for(lambda: set(runtime.store.listing.counts()) == {"completed"}, 60, runtime.store.listing.counts)
        runs = runtime.store.runs.query(limit=None)
        ticks = sorted(datetime.strptime(r.id, "often@%Y%m%dT%H%M%SZ") for r in runs)
        gaps = {(later - sooner).total_seconds() % 2 for sooner, later in pairwise(ticks)}
        assert gaps == {0.0}, f"only ticks start runs: {ticks}"
        for run in runs:
            assert [a.verb for a in runtime.store.acts.newest(target=run.id)] == ["start"]
