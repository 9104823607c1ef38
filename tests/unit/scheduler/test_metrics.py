"""What Prometheus is shown: it parses, it counts, and no name from outside harms or floods it."""

from __future__ import annotations

from datetime import UTC, datetime

from runtime.engine.apply import Observed, Stopped, Unreached
from runtime.engine.plan import Action
from runtime.model.task import Completed, Failed, Lost, Outcome, Running, Started
from runtime.scheduler.monitoring.liveness import Liveness, Pulse
from runtime.scheduler.monitoring.metrics import MOST_SYSTEMS, MOST_TARGETS, Metrics
from runtime.scheduler.monitoring.store_gauges import StoreGauges, read_gauges
from runtime.store.embedded.store import memory_store
from tests.scraping import Samples, parsed

GAUGES = StoreGauges({"failed": 3, "sleeping": 4}, 3, 2, 7.5, 1, 6, 1_000.0)


def metrics(gauges: StoreGauges | None = GAUGES) -> tuple[Liveness, Metrics]:
    liveness = Liveness()
    return liveness, Metrics(liveness, lambda: gauges, "postgresql")


def samples(one: Metrics) -> Samples:
    """Values by name and labels, as Prometheus reads them."""
    found = parsed(one.page("")[0].decode())
    assert all(name.startswith("forkjoin_") for name in found)
    return found


def called(one: Metrics, answer: Outcome | Unreached | Stopped, system: str = "http", target: str = "a") -> None:
    action = Action("poll", "main", "step", 1, 1, system, target)
    one.called(action, Observed(action, answer, datetime.now(UTC), 300.0))


def test_calls_are_counted_by_what_came_of_them_and_how_long_they_took() -> None:
    _, one = metrics()
    answers = (Started("7"), Running(), Completed(), Failed("no"), Lost(), Unreached("away"), Stopped())
    for answer in answers:
        called(one, answer)
    found = samples(one)
    outcomes = {dict(labels)["outcome"]: value for labels, value in found["forkjoin_calls_total"].items()}
    assert outcomes == dict.fromkeys(("started", "running", "completed", "failed", "lost", "unreached", "stopped"), 1.0)
    buckets = {dict(labels)["le"]: value for labels, value in found["forkjoin_call_duration_seconds_bucket"].items()}
    assert (buckets["0.25"], buckets["0.5"]) == (0, 7)
    assert found["forkjoin_call_duration_seconds_sum"][("system", "http"), ("verb", "poll")] == 2.1


def test_lateness_is_a_histogram() -> None:
    _, one = metrics()
    for seconds in (0.001, 0.2, 90.0):
        one.late(seconds)
    buckets = {dict(labels)["le"]: v for labels, v in samples(one)["forkjoin_wake_lateness_seconds_bucket"].items()}
    assert (buckets["0.01"], buckets["0.25"], buckets["60.0"], buckets["+Inf"]) == (1, 2, 2, 3)


def test_more_targets_than_can_be_told_apart_are_one() -> None:
    _, one = metrics()
    for number in range(MOST_TARGETS + 50):
        called(one, Running(), target=f"host-{number}")
    for number in range(MOST_SYSTEMS + 50):
        called(one, Running(), system=f"system-{number}", target="")
    called(one, Running(), target="host-0")
    found = samples(one)["forkjoin_calls_total"]
    targets = {(dict(labels)["system"], dict(labels)["target"]): value for labels, value in found.items()}
    assert sum(system == "http" for system, _ in targets) == MOST_TARGETS + 1
    assert targets["http", "host-0"] == 2
    assert targets["http", "other"] == 50
    assert len({system for system, _ in targets}) == MOST_SYSTEMS + 1
    assert targets["other", "other"] == 51, "one place is that of http"


def test_a_hostile_name_stays_one_harmless_label() -> None:
    _, one = metrics()
    hostile = 'x"} 1\nforkjoin_ready 666\n\x1b[2J\u202e\\\ud800' + "y" * 5_000
    called(one, Running(), target=hostile)
    found = samples(one)
    assert found["forkjoin_ready"] == {(): 0.0}
    ((labels, _),) = found["forkjoin_calls_total"].items()
    shown = dict(labels)["target"]
    assert len(shown) < 200
    assert shown.isprintable()


def test_numbers_of_the_store_are_shown_by_who_leads_only() -> None:
    liveness, one = metrics()
    liveness.works()
    liveness.beat(leads=False, workers=3)
    liveness.turned(Pulse(wakes=5, saves=4, conflicts=1, in_flight=2, leased=3, stuck_threads=1))
    found = samples(one)
    assert "forkjoin_runs" not in found
    assert (found["forkjoin_workers"][()], found["forkjoin_leader"][()], found["forkjoin_ready"][()]) == (3, 0, 1)
    assert (found["forkjoin_wakes_total"][()], found["forkjoin_save_conflicts_total"][()]) == (5, 1)
    assert (found["forkjoin_leased_runs"][()], found["forkjoin_calls_in_flight"][()]) == (3, 2)
    liveness.beat(leads=True, workers=3)
    found = samples(one)
    assert found["forkjoin_runs"][("status", "failed"),] == 3
    assert found["forkjoin_runs"][("status", "paused"),] == 0, "a status without runs does not vanish"
    assert (found["forkjoin_queue_depth"][()], found["forkjoin_oldest_due_seconds"][()]) == (6, 7.5)
    liveness.waits("The database is away.", store_up=False)
    found = samples(one)
    assert "forkjoin_runs" not in found, "old numbers would pass for present ones"
    assert (found["forkjoin_store_up"][()], found["forkjoin_ready"][()]) == (0, 0)


def test_a_reader_that_asks_for_openmetrics_gets_it_and_nonsense_gets_text() -> None:
    _, one = metrics()
    body, content_type = one.page("application/openmetrics-text;version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert one.page("application/openmetrics-text;version=abc")[1].startswith("text/plain")


def test_an_empty_store_has_nothing_due() -> None:
    gauges = read_gauges(memory_store(), datetime.now(UTC), lambda: 0)
    assert (dict(gauges.runs), gauges.due, gauges.oldest_due_seconds, gauges.queue_depth) == ({}, 0, 0.0, None)
