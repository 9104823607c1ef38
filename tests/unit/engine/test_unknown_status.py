"""A status nobody listed: told from the first answer on, and with the failure when time runs out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runtime.engine.apply import Unreached
from runtime.engine.explain.reasons import why
from runtime.external.http.binding import PollBinding, binding_doubts, binding_problems
from runtime.external.http.status import doubt
from runtime.model.stored import Save
from runtime.model.task import Completed, Failed, Lost, Running, Started
from runtime.operations.queries.attention import troubles
from runtime.store.embedded.store import EmbeddedStore, memory_store
from tests.unit.engine.play import Play, flow_of

QUIET = """
queued QUEUED In-Progress in_progress inProgress pending Running processing waiting scheduled started accepted
submitted created active retrying RUNNABLE STARTING provisioning cancelling blocked
"""


def lists(**more: Any) -> PollBinding:
    return PollBinding(url="http://jobs/1", status="response.json.s", **{"completed": ["completed"], **more})


@pytest.mark.parametrize(
    "word",
    QUIET.split(),
)
def test_words_for_work_that_goes_on_are_quiet(word: str) -> None:
    assert doubt(word, lists()) is None


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("done", 'unknown status "done", neither in completed ["completed"] nor in failed []; it usually says that'),
        ("Completed", 'by "completed"?'),
        ("complete", 'by "completed"?'),
        ("SUCCEEDED", "it usually says that the work is completed"),
        ("finished", "the work is completed"),
        ("error", "it usually says that the work failed"),
        ("canceled", "the work failed"),
        ("timed_out", "the work failed"),
        ("", 'unknown status ""'),
        ("x" * 5_000, "unknown status"),
        ("\x1b[31mrunning", "unknown status"),
        (0, "unknown status 0,"),
        (2.5, "unknown status 2.5,"),
        (True, "unknown status true,"),
        (False, "unknown status false,"),
        (None, "unknown status null,"),
        ({"state": "running"}, "unknown status {"),
    ],
)
def test_anything_else_is_unknown_and_says_what_may_be_meant(status: Any, said: str) -> None:
    told = doubt(status, lists())
    assert told is not None
    assert said in told
    assert len(told) < 300
    assert told.isprintable()


def test_a_binding_may_list_more_words_for_work_that_goes_on() -> None:
    assert doubt("baking", lists(running=["baking", 3])) is None
    assert doubt(3, lists(running=["baking", 3])) is None
    assert doubt(True, lists(running=[1])) is not None


def test_a_binding_without_failed_is_usable_and_doubtful() -> None:
    poll = {"url": "http://jobs/1", "status": "response.json.s", "completed": ["done"]}
    binding = {"start": {"url": "http://jobs", "externalId": "response.json.id"}, "poll": poll}
    assert binding_problems(binding) == []
    assert "`poll.failed` is missing" in binding_doubts(binding)[0]
    assert binding_doubts({**binding, "poll": {**poll, "failed": ["error"]}}) == []
    assert binding_doubts({}) == []


DOUBT = 'unknown status "done", neither in completed ["completed"] nor in failed []'


def polled(timeout: str | None = None) -> Play:
    task = {"metadata": {"timeout": {"startToClose": timeout}}} if timeout else {}
    play = Play(flow_of({"begin": {}, "job": task, "end": {}}, [("begin", "job"), ("job", "end")]))
    play.answer("job", Started("j-1"))
    return play


def poll(play: Play, answer: Any) -> None:
    play.move(120)
    play.answer("job", answer, verb="poll")


def sentences(play: Play) -> str:
    found = why(play.program, play.stored, (), None, play.now)
    return "\n".join(found.sentences)


@pytest.fixture
def kept() -> Iterator[EmbeddedStore]:
    store = memory_store()
    yield store
    store.close()


def attention(store: EmbeddedStore, play: Play) -> list[tuple[str, str]]:
    store.runs.save([Save(play.stored.run, None, list(play.stored.branches.values()))])
    return [(t.kind, t.example) for t in troubles(store.runs)]


def test_the_first_unknown_status_is_told_everywhere(kept: EmbeddedStore) -> None:
    play = polled()
    poll(play, Running(note='{"s":"done"}', doubt=DOUBT))
    assert DOUBT in sentences(play)
    assert 'unknown status "done"' in play.run.why
    assert play.run.attention < 9
    assert attention(kept, play) == [("unknown status", DOUBT)]
    assert (play.polls[-1].reading, '{"s":"done"}' in play.polls[-1].answer) == ("unknown", True)
    assert [e.kind for e in play.history].count("unknown_status") == 1
    poll(play, Running(note='{"s":"done"}', doubt=DOUBT))
    assert [e.kind for e in play.history].count("unknown_status") == 1, "told once, not at every poll"
    play.answer("job", Completed(1), verb="poll") if play.open else poll(play, Completed(1))
    assert play.run.status == "completed"


def test_a_known_status_takes_the_doubt_away(kept: EmbeddedStore) -> None:
    play = polled()
    poll(play, Running(doubt=DOUBT))
    poll(play, Running(note="running"))
    assert "unknown status" not in sentences(play) + play.run.why
    assert play.run.attention == 9
    assert attention(kept, play) == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([Running(note='{"s":"done"}', doubt=DOUBT)], 'unknown status "done"'),
        ([Running(0.4, "copying")], "40 %, copying"),
        ([Running(note="copying"), Unreached("connection refused")], "connection refused"),
        ([Running(note="copying"), Unreached("connection refused")], "copying"),
        ([Lost()], "did not know j-1"),
    ],
)
def test_when_time_runs_out_the_failure_holds_the_last_answer(answers: list[Any], said: str) -> None:
    play = polled("10 minutes")
    for answer in answers:
        poll(play, answer)
    play.move(1_000)
    failure = play.branches["main"].steps[-1].attempts[0].failure
    assert failure is not None
    assert failure.type == "Timeout"
    assert said in failure.details["last_answer"]
    assert said in failure.message


def test_a_failure_is_no_doubt() -> None:
    play = polled()
    poll(play, Failed("no"))
    assert "unknown" not in sentences(play)
