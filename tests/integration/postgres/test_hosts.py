"""Two hosts, a database and a job server on a network of their own: a cable is cut and put in again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.job_server import JobServer
from tests.namespaces import network
from tests.postgres import own_server
from tests.workers import Fleet, http_task, opened, wait_for, workers_told, write_fork

pytestmark = pytest.mark.xdist_group("postgres")
RUNS = 60


def test_a_host_that_is_cut_off_loses_its_runs_to_the_other_and_works_again_when_it_is_back(tmp_path: Path) -> None:
    flows = write_fork(tmp_path / "flows", "two_jobs", {"a": http_task(2.0), "b": http_task(3.0)})
    # Each call takes a while, so that there are runs in hand whenever the cable is cut.
    with network("first", "second") as net:
        middle, first, second = net.middle, net.others["first"], net.others["second"]
        job_server = JobServer(tmp_path / "jobs.jsonl", host=middle.address, before=middle.before(), seconds=0.3)
        database = own_server(listen=middle.address, before=middle.before(nobody=True))
        with job_server, database as server, opened(server.url("postgres"), tmp_path / "s", flows) as runtime:
            url = server.url_at(middle.address, "postgres")
            more = {"JOBS_URL": job_server.url, "FORKJOIN_WORKFLOWS": str(flows), "FORKJOIN_CALL_TIMEOUT_SECONDS": "3"}

            def started_by(address: str) -> int:
                return sum(entry["from"] == address for entry in job_server.written("start"))

            with Fleet(url, tmp_path / "logs", **more) as fleet:
                one = fleet.add(before=first.before(), folder=tmp_path / "first")
                two = fleet.add(before=second.before(), folder=tmp_path / "second")
                wait_for(lambda: len(workers_told(runtime)) == 2, 30)
                hosts = {w["name"].partition(":")[0] for w in workers_told(runtime)}
                assert hosts == {"first", "second"}
                runtime.commands.start("two_jobs", run_id="r", count=RUNS)
                wait_for(lambda: started_by(first.address) > 10 and started_by(second.address) > 10, 60)
                net.cut("first")
                assert runtime.store.listing.counts() != {"completed": RUNS}, "it was cut in the middle"
                wait_for(
                    lambda: runtime.store.listing.counts() == {"completed": RUNS}, 90, runtime.store.listing.counts
                )
                wait_for(lambda: "worker.buried" in fleet.log(two), 30, lambda: fleet.log(two))
                assert "worker.taken_out" not in fleet.log(one)
                before = started_by(first.address)
                ends = {r.id: r.revision for r in runtime.store.runs.query(limit=None)}
                net.mend("first")
                wait_for(lambda: fleet.log(one).count("worker.working") == 2, 60, lambda: fleet.log(one))
                assert "worker.taken_out" in fleet.log(one)
                two.terminate()
                two.wait(40)
                runtime.commands.start("two_jobs", run_id="later", count=5)
                wait_for(lambda: runtime.store.listing.counts() == {"completed": RUNS + 5}, 60, lambda: fleet.log(one))
                assert started_by(first.address) >= before + 10, "it works again"
                for run in runtime.store.runs.query(limit=None):
                    assert run.failed_branches == 0
                    assert ends.get(run.id, run.revision) == run.revision, "what it knew of old was not written"
                    kinds = Counter(entry.kind for entry in runtime.store.ledger.history(run.id))
                    assert kinds["run_completed"] == 1
        jobs = Counter(entry["key"] for entry in job_server.written("job"))
        assert len(jobs) == 2 * (RUNS + 5) and set(jobs.values()) == {1}, "each job was started once"
