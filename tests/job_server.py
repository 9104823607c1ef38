"""A real HTTP job server for tests: it keeps its jobs in a file, so it can be killed and started again.

`POST /jobs` starts a job and honours `Idempotency-Key`; `GET /jobs?key=...` finds it by that key; `GET`, `DELETE` and
`GET .../logs` below `/jobs/{id}` ask for it. The posted JSON says how the job behaves: `duration` (seconds), `outcome`
(completed or failed), `result`, `error` and `faults`, by kind of request (start, find, poll, cancel, logs) a list of
faults used up one request each: `status`, `headers`, `body`, `size` (bytes of a huge body), `delay` (seconds before
the answer), `drop` (the connection breaks in the answer) and `after` (the request is carried out first).
`GET /control` tells what was asked so far;
`PUT /control {"faults": {...}}` adds faults for requests on any job.

Run by hand: `python -m tests.job_server --port 8000 --file jobs.jsonl`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_ROOT = Path(__file__).resolve().parent.parent


class _Jobs:
    """The jobs and counts, written to the file line by line before anything is answered."""

    def __init__(self, file: Path) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.ids: dict[str, str] = {}
        self.starts: Counter[str] = Counter()
        self.polls: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.faults: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.used: Counter[tuple[str, str]] = Counter()
        for line in file.read_bytes().splitlines() if file.exists() else ():
            self._apply(json.loads(line))
        self._file = file.open("ab", buffering=0)

    def record(self, entry: dict[str, Any]) -> None:
        """Apply an entry and write it down."""
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._apply(entry)

    def fault(self, kind: str, name: str, script: dict[str, Any]) -> dict[str, Any] | None:
        """The fault of this request, if one is left; faults for all jobs come first."""
        if self.faults[kind]:
            return self.faults[kind].pop(0)
        planned = script.get("faults", {}).get(kind, [])
        used = self.used[kind, name]
        if used >= len(planned):
            return None
        self.record({"do": "fault", "kind": kind, "name": name})
        fault: dict[str, Any] = planned[used]
        return fault

    def _apply(self, entry: dict[str, Any]) -> None:
        if entry["do"] == "job":
            self.jobs[entry["id"]] = entry
            self.ids[entry["key"]] = entry["id"]
        elif entry["do"] == "start":
            self.starts[entry["key"]] += 1
        elif entry["do"] == "poll":
            self.polls[entry["id"]] += 1
        elif entry["do"] == "fault":
            self.used[entry["kind"], entry["name"]] += 1
        elif entry["do"] == "cancel":
            self.jobs[entry["id"]]["cancelled_at"] = entry["at"]


class _Broken(Response):
    """Promises more than it sends, so that the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half an answer."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"id": '})


def _answer(fault: dict[str, Any]) -> Response:
    if fault.get("drop"):
        return _Broken()
    body = "x" * fault["size"] if "size" in fault else fault.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(text, fault.get("status", 200), fault.get("headers"), fault.get("type", "application/json"))


def _view(job: dict[str, Any]) -> dict[str, Any]:
    script = job["script"]
    duration = float(script.get("duration", 0))
    age = time.time() - job["at"]
    view = {"id": job["id"], "status": "running", "progress": min(1.0, age / duration) if duration else 1.0}
    if "cancelled_at" in job:
        return view | {"status": "cancelled"}
    if age >= duration:
        outcome = script.get("outcome", "completed")
        view |= {"status": outcome}
        view |= {"error": script.get("error")} if outcome == "failed" else {"result": script.get("result")}
    return view


class _Busy:
    """Counts requests on jobs that are answered at the same time; each takes at least so many seconds."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app, self._seconds = app, seconds
        self.now = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, wait, answer."""
        if scope["type"] != "http" or scope["path"] == "/control":
            await self._app(scope, receive, send)
            return
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self._seconds)
            await self._app(scope, receive, send)
        finally:
            self.now -= 1


class _Api:
    """The requests the job server answers."""

    def __init__(self, jobs: _Jobs, seconds: float) -> None:
        self._jobs = jobs
        routes = [
            Route("/jobs", self.start, methods=["POST"]),
            Route("/jobs", self.find, methods=["GET"]),
            Route("/jobs/{id}", self.ask, methods=["GET", "DELETE"]),
            Route("/jobs/{id}/logs", self.ask, methods=["GET"]),
            Route("/control", self.control, methods=["GET", "PUT"]),
        ]
        self.app = _Busy(Starlette(routes=routes), seconds)

    async def start(self, request: Request) -> Response:
        """Start the job of a key once."""
        jobs = self._jobs
        script = await request.json()
        key = request.headers.get("idempotency-key") or f"no-key-{len(jobs.jobs) + 1}"
        jobs.headers[key] = dict(request.headers)
        jobs.record({"do": "start", "key": key, "from": request.client.host if request.client else ""})
        fault = jobs.fault("start", key, script)
        if fault:
            await asyncio.sleep(0 if fault.get("after") else fault.get("delay", 0))
            if not fault.get("after"):
                return _answer(fault)
        if key not in jobs.ids:
            job_id = f"job-{len(jobs.jobs) + 1}"
            jobs.record({"do": "job", "id": job_id, "key": key, "script": script, "at": time.time()})
        if fault:
            await asyncio.sleep(fault.get("delay", 0))
            return _answer(fault)
        return JSONResponse({"id": jobs.ids[key]}, 201)

    async def ask(self, request: Request) -> Response:
        """Poll a job, read its log or cancel it."""
        jobs = self._jobs
        job_id = request.path_params["id"]
        job = jobs.jobs.get(job_id)
        kind = "cancel" if request.method == "DELETE" else "logs" if request.url.path.endswith("/logs") else "poll"
        if kind == "poll":
            jobs.record({"do": "poll", "id": job_id})
        fault = jobs.fault(kind, job_id, job["script"] if job else {})
        if fault:
            await asyncio.sleep(fault.get("delay", 0))
            return _answer(fault)
        if job is None:
            return JSONResponse({"error": f"no job {job_id}"}, 404)
        if kind == "cancel":
            if _view(job)["status"] == "running":
                jobs.record({"do": "cancel", "id": job_id, "at": time.time()})
            return Response(status_code=204)
        return PlainTextResponse(f"log of {job_id}\n") if kind == "logs" else JSONResponse(_view(job))

    async def find(self, request: Request) -> Response:
        """List the jobs, or those of a key."""
        jobs = self._jobs
        key = request.query_params.get("key")
        fault = jobs.fault("find", key or "", {})
        if fault:
            await asyncio.sleep(fault.get("delay", 0))
            return _answer(fault)
        return JSONResponse({"jobs": [{"id": jobs.ids[k], "key": k} for k in jobs.ids if key in (None, k)]})

    async def control(self, request: Request) -> Response:
        """Plan faults, and say what was asked so far."""
        jobs = self._jobs
        if request.method == "PUT":
            for kind, faults in (await request.json())["faults"].items():
                jobs.faults[kind] = list(faults)
        return JSONResponse(
            {
                "jobs": len(jobs.jobs),
                "most_at_once": self.app.most,
                "starts": jobs.starts,
                "polls": jobs.polls,
                "ids": jobs.ids,
                "headers": jobs.headers,
                "script": {k: v["script"] for k, v in jobs.jobs.items()},
            }
        )


def application(file: Path, seconds: float = 0.0) -> ASGIApp:
    """The job server over a file; each request on a job takes at least so many seconds."""
    return _Api(_Jobs(file), seconds).app


class JobServer:
    """The job server as a process of its own, on a free loopback port it keeps over restarts."""

    def __init__(
        self, file: Path, *, host: str = "127.0.0.1", before: Sequence[str] = (), seconds: float = 0.0
    ) -> None:
        """`before` is a command that runs the server, like `nsenter`; each request takes `seconds` at least."""
        self.file = file
        self._seconds = seconds
        self.host = host
        self.port = 0
        self._before = before
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> JobServer:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.job_server", "--port", str(self.port), "--file", str(self.file)]
        command += ["--host", self.host, "--seconds", str(self._seconds)]
        self._process = subprocess.Popen([*self._before, *command], cwd=_ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def restart(self) -> JobServer:
        """Kill it and start it again on the same port and file."""
        self.kill()
        return self.start()

    def stats(self) -> dict[str, Any]:
        """What it was asked: jobs and most_at_once, numbers; starts, ids, headers by key; polls, script by id."""
        with urllib.request.urlopen(f"{self.url}/control", timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def written(self, kind: str) -> list[dict[str, Any]]:
        """What it wrote down of one kind (start, job, poll, cancel), oldest first; also for servers out of reach."""
        whole = self.file.read_bytes().rpartition(b"\n")[0] if self.file.exists() else b""
        return [entry for entry in map(json.loads, whole.splitlines()) if entry["do"] == kind]

    def faults(self, **faults: list[dict[str, Any]]) -> None:
        """Plan faults of the next start, poll, cancel or logs requests, whatever the job."""
        body = json.dumps({"faults": faults}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/control", body, method="PUT"), timeout=10).close()

    def __enter__(self) -> JobServer:
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Kill it."""
        self.kill()


def main() -> None:
    """Serve until killed; the first line on stdout is the port."""
    parser = argparse.ArgumentParser(description="A job server for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seconds", type=float, default=0.0)
    arguments = parser.parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((arguments.host, arguments.port))
    listener.listen(512)
    os.write(1, f"{listener.getsockname()[1]}\n".encode())
    config = uvicorn.Config(application(arguments.file, arguments.seconds), log_level="critical", lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
