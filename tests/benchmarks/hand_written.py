"""What one writes by hand instead: an asyncio program that polls jobs and keeps each step in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import aiohttp

from tests.benchmarks.http_calls import BODY


async def hand_written(folder: Path, port: int, runs: int, at_once: int) -> float:
    """Calls a second: a coroutine a run, two jobs each, every answer committed by itself; nothing survives but rows."""
    con = sqlite3.connect(folder / "by_hand.db", isolation_level=None)
    con.execute("PRAGMA journal_mode=WAL")
    con.execute("PRAGMA synchronous=FULL")
    con.execute("CREATE TABLE jobs(run INTEGER, branch TEXT, job TEXT, status TEXT, PRIMARY KEY(run, branch))")
    con.execute("CREATE TABLE runs(id INTEGER PRIMARY KEY, status TEXT)")
    places = asyncio.Semaphore(at_once)
    base = f"http://127.0.0.1:{port}/jobs"
    headers = {"Content-Type": "application/json"}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def branch(run: int, name: str) -> None:
            con.execute("INSERT INTO jobs VALUES(?,?,NULL,'starting')", (run, name))
            async with places, client.post(base, data=BODY, headers=headers) as answer:
                job = (await answer.json())["id"]
            con.execute("UPDATE jobs SET job=?, status='running' WHERE run=? AND branch=?", (job, run, name))
            status = "running"
            while status != "completed":
                await asyncio.sleep(0)
                async with places, client.get(f"{base}/{job}") as answer:
                    status = (await answer.json())["status"]
                con.execute("UPDATE jobs SET status=? WHERE run=? AND branch=?", (status, run, name))

        async def play(run: int) -> None:
            con.execute("INSERT INTO runs VALUES(?,'running')", (run,))
            await asyncio.gather(branch(run, "a"), branch(run, "b"))
            con.execute("UPDATE runs SET status='completed' WHERE id=?", (run,))

        began = time.perf_counter()
        await asyncio.gather(*(play(run) for run in range(runs)))
        took = time.perf_counter() - began
    con.close()
    return runs * 6 / took
