"""Calls a second to a real HTTP job server, beside a bare asyncio client that sends the same requests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import ManualClock
from runtime.engine.advance import new_run
from runtime.engine.draft import Situation
from runtime.external.http.system import HttpSystem
from runtime.flow.graph.flow_graph import FlowGraph
from runtime.flow.program import Binding, Program
from runtime.flow.read.building import flow_from_stored
from runtime.model.run import Run
from runtime.scheduler.monitoring.call_meter import CallMeter
from runtime.scheduler.waking.advancer import Advancer
from runtime.scheduler.waking.calls import Calls
from runtime.scheduler.waking.limits import LocalLimits
from runtime.scheduler.waking.wake_loop import WakeLoop
from runtime.store.embedded.store import open_file
from tests.benchmarks.engine import flow

CALLS_PER_RUN = 6
"""Two starts; each job is running at its first poll and completed at its second."""
BODY = json.dumps({"run": "r1", "input": {"rows": 1_000, "name": "x" * 40}}).encode()


async def serve() -> None:
    """Serve jobs on a free port, told on standard output, until standard input ends."""
    polled: dict[str, int] = {}
    numbers = count(1)

    async def start(request: web.Request) -> web.Response:
        await request.json()
        return web.json_response({"id": f"job-{next(numbers)}", "status": "running"})

    async def poll(request: web.Request) -> web.Response:
        job = request.match_info["job"]
        polled[job] = polled.get(job, 0) + 1
        status = "running" if polled[job] == 1 else "completed"
        return web.json_response({"id": job, "status": status, "progress": 0.5, "result": {"rows": 7}})

    app = web.Application()
    app.add_routes([web.post("/jobs", start), web.get("/jobs/{job}", poll)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def bare(port: int, jobs: int, at_once: int) -> float:
    """Calls a second of a client that does nothing else: connections kept, answers parsed."""
    left = iter(range(jobs))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def call(verb: str, path: str, body: bytes = b"") -> Any:
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
            writer.write(f"{verb} {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return json.loads(await reader.readexactly(size))

        for _ in left:
            job = (await call("POST", "/jobs", BODY))["id"]
            while (await call("GET", f"/jobs/{job}"))["status"] != "completed":
                pass
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return jobs * 3 / (time.perf_counter() - began)


def binding(port: int) -> dict[str, Any]:
    """A binding as an author writes it."""
    base = f"http://127.0.0.1:{port}/jobs"
    return {
        "system": "http",
        "start": {
            "url": base,
            "json": {"run": "${run.id}", "input": {"rows": 1_000, "name": "${state.text}"}},
            "externalId": "response.json.id",
            "idempotent": True,
        },
        "poll": {
            "url": base + "/${externalId}",
            "status": "response.json.status",
            "completed": ["completed"],
            "failed": ["failed"],
            "result": "response.json.result",
            "progress": "response.json.progress",
        },
    }


async def ours(folder: Path, port: int, runs: int, at_once: int) -> float:
    """Calls a second of the wake loop: every start and poll written down, as always."""
    made = flow_from_stored(flow() | {"globalState": {"text": "x" * 40}})
    bindings = {s: Binding("http", f"127.0.0.1:{port}", binding(port)) for s in ("a", "b")}
    program = Program("bench", made, FlowGraph(made.steps, made.connections), bindings)
    clock = ManualClock()
    store = open_file(folder / "store.db")
    now = clock.now()
    heads = [
        Run(f"r{n}", "bench", "bench", "1", made.hash, now, now, state=dict(made.global_state)) for n in range(runs)
    ]
    store.runs.save([new_run(head, Situation(program, now)) for head in heads])
    system = HttpSystem(clock)
    meter = CallMeter(Performer({"http": system}, Catalog([]), clock).perform)
    advancer = Advancer(lambda _: (program, None), clock)
    loop = WakeLoop(store, advancer, Calls(meter.perform, clock, LocalLimits(at_once)), clock)
    began = time.perf_counter()
    for _ in range(3):
        while await loop.turn() or loop.in_flight:
            if loop.in_flight and not loop.calls.result_arrived.is_set():
                await loop.calls.result_arrived.wait()
        clock.move(10.5)
    took = time.perf_counter() - began
    assert store.listing.counts() == {"completed": runs}, store.listing.counts()
    await system.close()
    store.close()
    return runs * CALLS_PER_RUN / took


@contextmanager
def job_server() -> Iterator[int]:
    """The port of a server of its own process, until the end of the block."""
    command = [sys.executable, "-m", "tests.benchmarks.http_calls", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        yield int(server.stdout.readline())
        server.stdin.close()


def http_calls(runs: int, at_once: int) -> tuple[float, float]:
    """Calls a second of ours and of the bare client, with so many calls at once."""
    with tempfile.TemporaryDirectory() as folder, job_server() as port:
        limit = asyncio.run(bare(port, max(1_000, runs), at_once))
        rate = asyncio.run(ours(Path(folder), port, runs, at_once))
    return rate, limit


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        for at_once in (16, 128):
            rate, limit = http_calls(int(sys.argv[1]) if len(sys.argv) > 1 else 300, at_once)
            print(f"{at_once:4} at once: {rate:8,.0f} calls/s, bare {limit:8,.0f}, {rate / limit:.3f} of it")
