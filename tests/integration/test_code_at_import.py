"""A tasks.py that ends, raises or hangs when it is imported stops its own workflow and no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.assembly.runtime import Runtime
from tests.scheduling import opened, scheduler, stuck_workflow

TASK = "from runtime.authoring import Completed, task\n@task('work')\ndef work(request): return Completed()\n"
AT_IMPORT = {
    "ends": "import sys\nsys.exit(3)\n",
    "interrupts": "raise KeyboardInterrupt\n",
    "raises": "class Odd(BaseException): ...\nraise Odd\n",
    "sleeps": "import time\ntime.sleep(600)\n",
    "loops": "while True: pass\n",
    "locks": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n",
}


def wait_for(seen: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)


def stopped(runtime: Runtime, name: str) -> bool:
    """Whether the run has failed or says why it stands."""
    run = runtime.store.runs.get(name)
    return run is not None and bool(run.status == "failed" or run.why)


def failed(runtime: Runtime, name: str) -> bool:
    run = runtime.store.runs.get(name)
    return run is not None and run.status == "failed"


def test_code_that_does_not_come_through_its_import_stops_its_own_workflow_alone(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    for name, text in {"sound": "", **AT_IMPORT}.items():
        folder = stuck_workflow(tmp_path / name) / "stuck"
        (folder / "tasks.py").write_text(text + TASK)
        flow = (folder / "flow.json").read_text().replace('"stuck"', f'"{name}"')
        (folder / "flow.json").write_text(flow)
        flows.mkdir(exist_ok=True)
        folder.rename(flows / name)
    with opened(tmp_path / "store", flows) as runtime:
        for name in AT_IMPORT:
            runtime.commands.start(name, run_id=name)
        with scheduler(tmp_path / "store", flows, FORKJOIN_CALL_TIMEOUT_SECONDS="0.5") as process:
            for name in AT_IMPORT:
                wait_for(partial(stopped, runtime, name))
            runtime.commands.start("sound", run_id="sound")
            wait_for(lambda: runtime.store.runs.get("sound").status == "completed")  # type: ignore[union-attr]
            for name in ("ends", "interrupts", "raises"):
                wait_for(partial(failed, runtime, name))
                assert "cannot be imported" in runtime.store.runs.get(name).why  # type: ignore[union-attr]
            assert process.poll() is None
            process.terminate()
            assert process.wait(30) == 0, "code that hangs does not keep the scheduler from stopping"
