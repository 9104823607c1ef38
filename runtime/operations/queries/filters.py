"""The filter language of `--where`, like status:failed flow:media* error~timeout wake<5m !is:late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from runtime.errors import InvalidInput
from runtime.model.run import Run
from runtime.model.status import ENDED_RUN, RunStatus
from runtime.model.stored import RunFilter, Stored
from runtime.model.target import full_name, in_scope
from runtime.nearest import did_you_mean
from runtime.operations.queries.filter_hints import hints_of

if TYPE_CHECKING:
    from runtime.store.ports.runs import Runs

Test = Callable[[Run, datetime], bool]
DeepTest = Callable[[Stored], bool]
OVERDUE_SECONDS = 2.0
QUIET = 8
"""From this attention rank on, nothing is asked of an operator."""
PAGE = 500


class Part(msgspec.Struct, frozen=True):
    """One word of a filter: a test of the run, or one that needs its branches."""

    test: Test | None = None
    deep: DeepTest | None = None
    negated: bool = False


FLAGS: dict[str, Test] = {
    "stale": lambda run, _: run.is_stale,
    "lost": lambda run, _: run.is_lost,
    "expired": lambda run, _: run.is_expired,
    "late": lambda run, _: run.is_late,
    "overdue": lambda run, now: (
        run.next_wake_at is not None and (now - run.next_wake_at).total_seconds() > OVERDUE_SECONDS
    ),
    "unconfirmed": lambda run, _: bool(run.branch_counts.get("unconfirmed")),
    "held": lambda run, _: run.held or run.status is RunStatus.PAUSED,
    "simulated": lambda run, _: run.simulated,
    "open": lambda run, _: run.status not in ENDED_RUN,
    "ended": lambda run, _: run.status in ENDED_RUN,
    "acknowledged": lambda run, _: run.acknowledged is not None,
    "attention": lambda run, _: run.attention < QUIET,
}
KEYS = ("status", "flow", "branch", "system", "label", "is", "id")


class Filter(msgspec.Struct, frozen=True):
    """All parts must match."""

    parts: tuple[Part, ...]
    words: tuple[str, ...]
    narrowed: RunFilter

    def narrowed_at(self, now: datetime) -> RunFilter:
        """What a store can leave out by itself."""
        return msgspec.structs.replace(self.narrowed, hints=hints_of(self.words, now))

    @property
    def deep(self) -> bool:
        """Whether branches must be looked at."""
        return any(part.deep is not None for part in self.parts)

    def matches(self, run: Run, now: datetime) -> bool:
        """Whether the run alone matches; parts that need branches are left to `matches_branches`."""
        return all(part.test(run, now) is not part.negated for part in self.parts if part.test is not None)

    def matches_branches(self, stored: Stored) -> bool:
        """Whether the branches match too."""
        return all(part.deep(stored) is not part.negated for part in self.parts if part.deep is not None)

    def select(self, stored_runs: Runs, runs: Sequence[Run], now: datetime) -> list[Run]:
        """Those of the runs that match."""
        found = [run for run in runs if self.matches(run, now)]
        if not self.deep or not found:
            return found
        kept = {
            s.run.id for s in stored_runs.load([run.id for run in found], skip_damaged=True) if self.matches_branches(s)
        }
        return [run for run in found if run.id in kept]


def age_seconds(run: Run, now: datetime) -> float:
    """How long ago a run was created: what `age` means in filters and in every list."""
    return (now - run.created_at).total_seconds()


def parse(text: str) -> Filter:
    """Read a filter; InvalidInput says what is wrong with it."""
    words = _words(text)
    statuses = {w.removeprefix("status:") for w in words if w.startswith("status:") and w[7:] in set(RunStatus)}
    narrowed = RunFilter(
        statuses=frozenset(statuses) if len(statuses) == 1 else frozenset(),
        attention_below=QUIET if "is:attention" in words else None,
    )
    return Filter(tuple(_part(w) for w in words), tuple(words), narrowed)


def _words(text: str) -> list[str]:
    """Words, with double quotes around those that hold blanks; InvalidInput if a quote is not closed."""
    words: list[str] = []
    word, quoted, open_word = "", False, False
    for char in text:
        if char == '"':
            quoted, open_word = not quoted, True
        elif char.isspace() and not quoted:
            if word or open_word:
                words.append(word)
            word, open_word = "", False
        else:
            word, open_word = word + char, True
    if quoted:
        raise InvalidInput(f"Filter: a quotation mark in {text} is not closed.")
    return [*words, word] if word or open_word else words


def _part(word: str) -> Part:
    if word.startswith("!") and len(word) > 1:
        inner = _part(word[1:])
        return Part(inner.test, inner.deep, not inner.negated)
    if word.startswith(("error~", "why~")):
        wanted = word.partition("~")[2].lower()
        return Part(lambda run, _: wanted in f"{run.why} {run.failure.message if run.failure else ''}".lower())
    for key in ("wake", "age"):
        for sign in ("<", ">"):
            if word.startswith(key + sign):
                return Part(_timed(key, sign, word[len(key) + 1 :], word))
    key, colon, value = word.partition(":")
    if colon and key in KEYS:
        return _keyed(key, value, word)
    if colon and key.isalpha():
        near = did_you_mean(key, KEYS)
        raise InvalidInput(f"Filter: there is no key {key}; it is one of {', '.join(KEYS)}, or quote the text.{near}")
    text = word.lower()
    return Part(
        lambda run, _: (
            text
            in " ".join((run.id, run.workflow, run.flow_id, str(run.status), run.why, *run.labels.values())).lower()
        )
    )


def _keyed(key: str, value: str, word: str) -> Part:
    if not value:
        raise InvalidInput(f"Filter: {word} needs a value after the colon.")
    if key == "status":
        if value not in set(RunStatus):
            near = did_you_mean(value, RunStatus)
            raise InvalidInput(f"Filter: there is no status {value}; it is one of {', '.join(RunStatus)}.{near}")
        return Part(lambda run, _: run.status == value)
    if key == "flow":
        return Part(lambda run, _: fnmatchcase(run.workflow, value) or fnmatchcase(run.flow_id, value))
    if key == "id":
        wanted = tuple(value.split(","))
        return Part(lambda run, _: any(fnmatchcase(run.id, one) for one in wanted))
    if key == "branch":
        return Part(deep=lambda stored: _has_branch(stored, value))
    if key == "system":
        return Part(deep=lambda stored: _has_system(stored, value))
    if key == "label":
        name, equals, label = value.partition("=")
        return Part(lambda run, _: name in run.labels and (not equals or fnmatchcase(str(run.labels[name]), label)))
    if value not in FLAGS:
        near = did_you_mean(value, FLAGS)
        raise InvalidInput(f"Filter: there is no is:{value}; it is one of {', '.join(sorted(FLAGS))}.{near}")
    return Part(FLAGS[value])


def _has_branch(stored: Stored, value: str) -> bool:
    """Whether a branch has this name or id, or stands on this step."""
    from runtime.operations.queries.branch_names import branch_name

    wanted = value if "*" in value else f"*{value}*"
    return any(
        fnmatchcase(b.step_id, wanted) or fnmatchcase(branch_name(b.id), wanted) or fnmatchcase(b.id, wanted)
        for b in stored.branches.values()
    )


def _has_system(stored: Stored, value: str) -> bool:
    """Whether work is open on this adapter or adapter:target."""
    from runtime.engine.explain.branch_work import at_work

    for branch in at_work(stored.branches):
        visit = branch.current
        if visit is None or not visit.attempts or branch.status not in ("starting", "unconfirmed", "running", "failed"):
            continue
        attempt = visit.attempts[-1]
        place = (attempt.external_system, attempt.target)
        if in_scope(value, *place) or fnmatchcase(place[0], value) or fnmatchcase(full_name(*place), value):
            return True
    return False


def _timed(key: str, sign: str, span: str, word: str) -> Test:
    if span.replace(".", "", 1).isdigit():
        raise InvalidInput(f"Filter: {word} needs a unit, like {key}{sign}{span}m.")
    from runtime.durations import seconds

    try:
        limit = seconds(span)
    except InvalidInput as problem:
        raise InvalidInput(f"Filter: {word}: {problem.message}") from problem

    def test(run: Run, now: datetime) -> bool:
        if key == "wake":
            if run.next_wake_at is None:
                return False
            value = (run.next_wake_at - now).total_seconds()
        else:
            value = age_seconds(run, now)
        return value < limit if sign == "<" else value > limit

    return test


def matching(
    runs: Runs,
    chosen: Filter,
    now: datetime,
    *,
    order: str = "created_at",
    descending: bool = True,
    after: str | None = None,
    wanted: int | None = None,
) -> Iterator[Run]:
    """Every run that matches, page by page; the first page is small where few are `wanted`."""
    narrowed = chosen.narrowed_at(now)
    size = PAGE if wanted is None else min(PAGE, wanted)
    while True:
        page = runs.query(narrowed, order=order, descending=descending, limit=size, after=after)
        yield from chosen.select(runs, page, now)
        if len(page) < size:
            return
        after = page[-1].id
        # Where few match, many are read at once; where most do, no more than are wanted.
        size = min(PAGE, size * 2)
