"""What Prometheus may ask of a scheduler or worker; the only file that knows prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from runtime.engine.apply import Observed
from runtime.engine.plan import Action
from runtime.model.status import RunStatus
from runtime.safe_text import clean
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.store_gauges import StoreGauges

MOST_TARGETS = 100
MOST_SYSTEMS = 20
LABEL_LENGTH = 120
OTHER = "other"
LATENESS_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800)
CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class BoundedLabels:
    """Bounds the values of a label: the first ones are shown apart, all others as one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._shown: set[tuple[str, ...]] = set()

    def admits(self, *value: str) -> bool:
        """Whether this value is shown apart; it becomes one of those while there is room."""
        if value not in self._shown and len(self._shown) < self._limit:
            self._shown.add(value)
        return value in self._shown


class Metrics(Collector):
    """Counts what happens, and gives gauges as they were read last: a scrape reads no store and waits for nothing."""

    def __init__(self, liveness: Liveness, gauges: Callable[[], StoreGauges | None], store: str) -> None:
        """Make all metrics in a registry of their own; `store` is the kind of the store."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._liveness = liveness
        self._gauges = gauges
        self._targets = BoundedLabels(MOST_TARGETS)
        self._systems = BoundedLabels(MOST_SYSTEMS)
        self.registry = made = CollectorRegistry()
        Info("forkjoin_build", "The version that runs and the kind of its store.", registry=made).info(
            {"version": _version(), "store": store}
        )
        self._calls = Counter(
            "forkjoin_calls",
            "Calls made to external systems and to task code, by what came of them.",
            ("system", "target", "verb", "outcome"),
            registry=made,
        )
        self._durations = Histogram(
            "forkjoin_call_duration_seconds",
            "How long calls to external systems and to task code took.",
            ("system", "verb"),
            buckets=CALL_BUCKETS,
            registry=made,
        )
        self._lateness = Histogram(
            "forkjoin_wake_lateness_seconds",
            "How long after they were due runs were woken.",
            buckets=LATENESS_BUCKETS,
            registry=made,
        )
        ProcessCollector(namespace="forkjoin", registry=made)
        made.register(self)

    def called(self, action: Action, observed: Observed) -> None:
        """Count a call, and how long it took."""
        system = clean(action.system, LABEL_LENGTH)
        target = clean(action.target, LABEL_LENGTH)
        if not self._systems.admits(system):
            system = target = OTHER
        elif not self._targets.admits(system, target):
            target = OTHER
        outcome = type(observed.answer).__name__.lower()
        self._calls.labels(system, target, action.verb, outcome).inc()
        self._durations.labels(system, action.verb).observe(observed.took_ms / 1e3)

    def late(self, seconds: float) -> None:
        """A run was woken so many seconds after it was due."""
        self._lateness.observe(seconds)

    def page(self, accept: str) -> tuple[bytes, str]:
        """All metrics in the format an Accept header asks for, and the content type of that."""
        try:
            encode, content_type = choose_encoder(accept)
        except (TypeError, ValueError):  # The library fails on versions that are no numbers.
            encode, content_type = choose_encoder("")
        return encode(self.registry), content_type

    def collect(self) -> Iterator[Metric]:
        """The gauges of this process, and those of the store if it leads; called by the library for each scrape."""
        liveness = self._liveness
        pulse = liveness.pulse
        yield GaugeMetricFamily(
            "forkjoin_ready", "1 if it drives the store or works on it.", float(liveness.readiness().good)
        )
        yield GaugeMetricFamily("forkjoin_store_up", "1 if the store answers.", float(liveness.store_up))
        yield GaugeMetricFamily(
            "forkjoin_leader", "1 if it does what exactly one does: schedules, acts, retention.", float(liveness.leads)
        )
        yield GaugeMetricFamily(
            "forkjoin_workers", "Schedulers or workers the last heartbeat saw on this store.", liveness.workers
        )
        if liveness.beat_at is not None:
            yield GaugeMetricFamily(
                "forkjoin_last_heartbeat_timestamp_seconds", "When it last wrote a heartbeat.", liveness.beat_at
            )
        yield CounterMetricFamily("forkjoin_wakes", "Runs woken and moved.", value=pulse.wakes)
        yield CounterMetricFamily("forkjoin_saves", "Runs saved.", value=pulse.saves)
        yield CounterMetricFamily(
            "forkjoin_save_conflicts", "Saves refused because somebody saved the run first.", value=pulse.conflicts
        )
        yield GaugeMetricFamily(
            "forkjoin_calls_in_flight", "Calls under way or whose outcome is not yet saved.", pulse.in_flight
        )
        yield GaugeMetricFamily("forkjoin_leased_runs", "Runs this worker holds now.", pulse.leased)
        yield GaugeMetricFamily(
            "forkjoin_stuck_threads", "Threads in task code that never came back.", pulse.stuck_threads
        )
        gauges = self._gauges()
        if gauges is not None and liveness.leads:
            yield from _store_metrics(gauges)


def _store_metrics(gauges: StoreGauges) -> Iterator[Metric]:
    """Numbers of the whole store; only the process that leads shows them, so that a sum over processes stays right."""
    runs = GaugeMetricFamily("forkjoin_runs", "Runs in the store, by status.", labels=("status",))
    for status in RunStatus:
        runs.add_metric((str(status),), gauges.runs.get(str(status), 0))
    yield runs
    yield GaugeMetricFamily(
        "forkjoin_runs_needing_attention",
        "Runs an operator should look at: forkjoin list --where is:attention.",
        gauges.attention,
    )
    yield GaugeMetricFamily("forkjoin_runs_due", "Runs that are due and that nobody moves yet.", gauges.due)
    yield GaugeMetricFamily(
        "forkjoin_oldest_due_seconds", "How long the run that waits longest has been due.", gauges.oldest_due_seconds
    )
    yield GaugeMetricFamily("forkjoin_holds", "Holds that stop work now.", gauges.holds)
    if gauges.queue_depth is not None:
        yield GaugeMetricFamily("forkjoin_queue_depth", "Wakes offered and not yet taken.", gauges.queue_depth)
    yield GaugeMetricFamily(
        "forkjoin_store_read_timestamp_seconds", "When these numbers of the store were read.", gauges.read_at
    )


def _version() -> str:
    try:
        return version("forkjoin-console")
    except PackageNotFoundError:
        return "unknown"
