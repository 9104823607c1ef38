"""The filter language of `--where`, like status:failed flow:media* error~timeout wake<5m !is:late."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from runtime.errors import InvalidInput
from runtime.flow.durations import seconds
from runtime.model.run import Run
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.store.base import RunFilter, RunStore

Test = Callable[[Run, datetime], bool]
OVERDUE_SECONDS = 2.0

FLAGS: dict[str, Test] = {
    "stale": lambda run, _: run.is_stale,
    "lost": lambda run, _: run.is_lost,
    "expired": lambda run, _: run.is_expired,
    "held": lambda run, _: run.held or run.status is RunStatus.PAUSED,
    "simulated": lambda run, _: run.simulated,
    "open": lambda run, _: run.status not in ENDED_RUN,
    "ended": lambda run, _: run.status in ENDED_RUN,
    "acknowledged": lambda run, _: run.acknowledged is not None,
    "late": lambda run, now: (
        run.next_wake_at is not None and (now - run.next_wake_at).total_seconds() > OVERDUE_SECONDS
    ),
    "attention": lambda run, _: run.attention < 8,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """All parts must match."""

    parts: tuple[Test, ...]
    narrowed: RunFilter

    def matches(self, run: Run, now: datetime) -> bool:
        """Whether a run matches at this moment."""
        return all(part(run, now) for part in self.parts)


def parse(text: str) -> Filter:
    """Read a filter; InvalidInput says what is wrong with it."""
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise InvalidInput(f"Filter: {text} cannot be read: {problem}.") from problem
    statuses = [w.removeprefix("status:") for w in words if w.startswith("status:") and w[7:] in set(RunStatus)]
    narrowed = RunFilter(statuses=frozenset(statuses[:1])) if len(statuses) == 1 else RunFilter()
    return Filter(tuple(_part(w) for w in words), narrowed)


def _part(word: str) -> Test:
    if word.startswith("!") and len(word) > 1:
        inner = _part(word[1:])
        return lambda run, now: not inner(run, now)
    key, colon, value = word.partition(":")
    if colon and key in ("status", "flow", "branch", "label", "is", "id"):
        return _keyed(key, value, word)
    for key in ("error", "why"):
        if word.startswith(key + "~"):
            part = word[len(key) + 1 :].lower()
            return lambda run, _: part in f"{run.why} {run.failure.message if run.failure else ''}".lower()
    for key in ("wake", "age"):
        for sign in ("<", ">"):
            if word.startswith(key + sign):
                return _timed(key, sign, word[len(key) + 1 :], word)
    wanted = word.lower()
    return lambda run, _: (
        wanted in " ".join((run.id, run.workflow, run.flow_id, str(run.status), run.why, *run.labels.values())).lower()
    )


def _keyed(key: str, value: str, word: str) -> Test:
    if not value:
        raise InvalidInput(f"Filter: {word} needs a value after the colon.")
    if key == "status":
        if value not in set(RunStatus):
            raise InvalidInput(f"Filter: there is no status {value}; it is one of {', '.join(RunStatus)}.")
        return lambda run, _: run.status == value
    if key == "flow":
        return lambda run, _: fnmatchcase(run.workflow, value) or fnmatchcase(run.flow_id, value)
    if key == "id":
        return lambda run, _: fnmatchcase(run.id, value)
    if key == "branch":
        return lambda run, _: value in run.why or value in run.wake_reason
    if key == "label":
        name, equals, wanted = value.partition("=")
        return lambda run, _: name in run.labels and (not equals or fnmatchcase(str(run.labels[name]), wanted))
    if value not in FLAGS:
        raise InvalidInput(f"Filter: there is no is:{value}; it is one of {', '.join(sorted(FLAGS))}.")
    return FLAGS[value]


def _timed(key: str, sign: str, span: str, word: str) -> Test:
    if span.replace(".", "", 1).isdigit():
        raise InvalidInput(f"Filter: {word} needs a unit, like {key}{sign}{span}m.")
    limit = seconds(span)

    def test(run: Run, now: datetime) -> bool:
        if key == "wake":
            if run.next_wake_at is None:
                return False
            value = (run.next_wake_at - now).total_seconds()
        else:
            value = (now - run.created_at).total_seconds()
        return value < limit if sign == "<" else value > limit

    return test


def matching(
    store: RunStore,
    chosen: Filter,
    now: datetime,
    *,
    order: str = "created_at",
    descending: bool = True,
    after: str | None = None,
) -> Iterator[Run]:
    """Every run that matches, page by page."""
    while True:
        page = store.query(chosen.narrowed, order=order, descending=descending, limit=500, after=after)
        yield from (run for run in page if chosen.matches(run, now))
        if len(page) < 500:
            return
        after = page[-1].id
