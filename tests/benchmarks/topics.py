"""What `make bench` measures, a function a topic; each gives its rows as soon as it has them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime.assembly.runtime import open_runtime
from runtime.settings import Settings
from tests.benchmarks import console, process_starts
from tests.benchmarks.beside_writer import beside_writer
from tests.benchmarks.engine import engine, raw
from tests.benchmarks.filters import filters
from tests.benchmarks.growth import BRANCHES, branch_cost, idle_look
from tests.benchmarks.hand_written import hand_written
from tests.benchmarks.http_calls import bare, job_server, ours
from tests.benchmarks.overload import overload
from tests.benchmarks.peer_dbos import dbos
from tests.benchmarks.python_tasks import python_tasks
from tests.benchmarks.sleepers import lateness, memory_of
from tests.benchmarks.storage import storage
from tests.benchmarks.table import Row
from tests.benchmarks.targets import targets

ROUNDS = 3


def durable_wakes(quick: bool) -> Iterator[Row]:
    """Start two, sleep, poll, sleep, poll, join: work that answers at once, and a tasks.py."""
    peer = dbos(50 if quick else 300)
    others = {} if peer is None else {"DBOS on SQLite": peer}
    sizes = (1_000,) if quick else (1_000, 10_000)
    measured: list[tuple[str, int, Callable[[int], tuple[float, int]]]] = [
        *((f"engine, {runs:,} runs", runs, engine) for runs in sizes),
        ("Python tasks, 1,000 runs", 1_000, python_tasks),
    ]
    for what, runs, measure in measured:
        rates, limits = [], []
        for _ in range(ROUNDS):
            rate, size = measure(runs)
            rates.append(rate)
            limits.append(raw(runs, size))
        yield Row(what, "wakes/s", tuple(rates), tuple(limits), "SQLite in groups", others)


def http(quick: bool) -> Iterator[Row]:
    """Calls to a real job server in a process of its own."""
    runs = 200 if quick else 1_000
    for at_once in (16, 128):
        rates, limits, by_hand = [], [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as name, job_server() as port:
                limits.append(asyncio.run(bare(port, runs * 2, at_once)))
                rates.append(asyncio.run(ours(Path(name), port, runs, at_once)))
                by_hand.append(asyncio.run(hand_written(Path(name), port, runs, at_once)))
        others = {"written by hand": sorted(by_hand)[1]}
        yield Row(f"HTTP jobs, {at_once} at once", "calls/s", tuple(rates), tuple(limits), "bare client", others)


def processes(quick: bool) -> Iterator[Row]:
    """Commands started, supervised and ended."""
    mine, limits = zip(*(process_starts.measure(200 if quick else 1_000) for _ in range(ROUNDS)), strict=True)
    yield Row(f"process jobs, {process_starts.AT_ONCE} at once", "jobs/s", mine, limits, "bare start of the same")


def store(quick: bool) -> Iterator[Row]:
    """Single calls of the embedded store; less is better."""
    count = 10_000 if quick else 100_000
    for what, mine, bare_s in storage(count):
        yield Row(f"store of {count:,}: {what}", "ms", (mine * 1e3,), (bare_s * 1e3,), "SQLite")


def cold_start(quick: bool) -> Iterator[Row]:
    """Whole processes of reading commands, beside Python that does nothing; less is better."""
    rounds = 5 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        runtime = open_runtime(Settings.load({"store": folder}, env={}))
        runtime.commands.start("profile_update", {}, "r")
        runtime.close()
        program = [sys.executable, "-m", "console", "--store", folder]
        for words in (("list",), ("why", "r"), ("show", "r")):
            mine, nothing = [], []
            for _ in range(rounds):
                mine.append(_process([*program, *words]))
                nothing.append(_process([sys.executable, "-c", "pass"]))
            yield Row(f"forkjoin {words[0]}, cold", "ms", tuple(mine), tuple(nothing), "bare Python")


def _process(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1e3


def writers(quick: bool) -> Iterator[Row]:
    """Lists and acts beside a program that writes as fast as it can."""
    for what, value in beside_writer(10_000 if quick else 100_000, 5 if quick else 20).items():
        unit = "ms" if what.endswith(" ms") else "MiB" if what.endswith(" MiB") else ""
        yield Row(f"beside a flat-out writer: {what}", unit, (value,))


def sleeping(quick: bool) -> Iterator[Row]:
    """How cost grows with runs that sleep, and how late their polls are."""
    for count in (1_000, 10_000) if quick else (1_000, 10_000, 100_000):
        yield Row(f"{count:,} asleep: a look for due runs", "ms", (idle_look(count),))
        yield Row(f"{count:,} asleep: memory of the loop", "MiB", (memory_of(count),))
    runs, seconds, takes = (300, 12.0, 3.0) if quick else (1_000, 60.0, 30.0)
    for what, slow in (("", None), (f" beside a system of {takes:g} s", takes)):
        p50, p99, _ = lateness(runs, seconds, slow)
        yield Row(f"{runs:,} runs polled{what}: late, p50", "ms", (p50 * 1e3,))
        yield Row(f"{runs:,} runs polled{what}: late, p99", "ms", (p99 * 1e3,))


def branches(quick: bool) -> Iterator[Row]:
    """How cost grows with the branches of a run."""
    for count in (1, 10, BRANCHES):
        rounds = tuple(branch_cost(count) for _ in range(1 if quick else ROUNDS))
        yield Row(f"a branch, in runs of {count:,}: processor", "ms", rounds)


def too_much(quick: bool) -> Iterator[Row]:
    """A scheduler with several times more to do than it can."""
    runs, seconds = (4_000, 12.0) if quick else (16_000, 60.0)
    for what, value in overload(runs, seconds).items():
        if isinstance(value, float | int):
            unit = "s" if what.endswith(" s") else "MiB" if what.endswith("MiB") else ""
            yield Row(f"overload of {runs:,} runs: {what.removesuffix(' s').removesuffix(' MiB')}", unit, (value,))


def many_targets(quick: bool) -> Iterator[Row]:
    """10,000 branches on 500 targets, 50 of which refuse or never answer."""
    branches, seconds = (2_000, 45.0) if quick else (10_000, 120.0)
    p50, p99, _, _ = targets(branches, seconds)
    yield Row(f"{branches:,} branches on 500 targets, 50 dead: late, p50", "ms", (p50 * 1e3,))
    yield Row(f"{branches:,} branches on 500 targets, 50 dead: late, p99", "ms", (p99 * 1e3,))


def lists(quick: bool) -> Iterator[Row]:
    """The first page of a filter, where one run of 20,000 matches, and where all do."""
    count = 20_000 if quick else 200_000
    for text, _, took_ms in filters(count):
        yield Row(f"{count:,} runs, list --where {text}", "ms", (took_ms,))


def screens(quick: bool) -> Iterator[Row]:
    """The console in a terminal."""
    for count in (1_000, 100_000) if quick else (1_000, 100_000, 1_000_000):
        for what, value in console.measure(count).items():
            if what != "runs":
                yield Row(f"console, {count:,} runs: {what}", "", (value,))


TOPICS: tuple[Callable[[bool], Iterator[Row]], ...] = (
    durable_wakes,
    http,
    processes,
    store,
    cold_start,
    writers,
    sleeping,
    branches,
    too_much,
    many_targets,
    lists,
    screens,
)
