"""DBOS doing the same job: start two, sleep, poll, sleep, poll, join; every transition durable."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile

PROGRAM = """
import logging, sys, time
from dbos import DBOS
runs = int(sys.argv[1])
logging.disable(logging.CRITICAL)
more = {"max_executor_threads": int(sys.argv[3])} if sys.argv[3] != "0" else {}
DBOS(config={"name": "bench", "system_database_url": sys.argv[2], **more})

@DBOS.step()
def start(key): return "job-" + key
@DBOS.step()
def poll(job, turn): return turn > 1
@DBOS.step()
def join(jobs): return {"ok": True, "text": "x" * 1000}
@DBOS.workflow()
def play(name):
    jobs = [start(name + "a"), start(name + "b")]
    for turn in (1, 2):
        DBOS.sleep(0.001)
        for job in jobs:
            poll(job, turn)
    return join(jobs)

DBOS.launch()
play("warm")
began = time.perf_counter()
handles = [DBOS.start_workflow(play, f"r{n}") for n in range(runs)]
for handle in handles:
    handle.get_result()
print("RATE", runs * 3 / (time.perf_counter() - began))
DBOS.destroy()
"""


def dbos(runs: int, url: str = "", threads: int = 0) -> float | None:
    """Wakes a second: as it comes on SQLite, or on a database and with so many threads; None if not installed."""
    if importlib.util.find_spec("dbos") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        where = url or f"sqlite:///{folder}/dbos.sqlite"
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(runs), where, str(threads)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    rates = [line.split()[1] for line in ended.stdout.splitlines() if line.startswith("RATE")]
    if not rates:
        raise RuntimeError(f"DBOS did not run: {ended.stderr[-2_000:]}")
    return float(rates[0])
