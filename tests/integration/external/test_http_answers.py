"""What answers of a real HTTP server mean, the broken ones above all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import Unreachable
from runtime.external.http.system import HttpSystem
from runtime.model.task import Completed, Failed, Lost, Running, Started
from tests.contract.external.calls import call_of, end_of, started
from tests.contract.external.worlds import http_binding
from tests.job_server import JobServer

pytestmark = pytest.mark.anyio
SOON = ManualClock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    with JobServer(tmp_path_factory.mktemp("jobs") / "jobs.jsonl") as server:
        yield server


@pytest.fixture
async def system() -> AsyncIterator[HttpSystem]:
    system = HttpSystem(SOON, connect_seconds=2, total_seconds=3)
    yield system
    await system.close()


def key_of(request: pytest.FixtureRequest) -> str:
    return f"key-{abs(hash(request.node.name))}"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 500, "body": "out of memory"}, "HTTP 500: out of memory"),
        ({"status": 503}, "HTTP 503"),
        ({"status": 429}, "HTTP 429"),
        ({"status": 408}, "HTTP 408"),
        ({"status": 403, "body": {"error": "no"}}, "HTTP 403"),
        ({"status": 302, "headers": {"location": "http://127.0.0.1:1/"}}, "redirects are not followed"),
        ({"drop": True}, "could not be reached"),
        ({"delay": 30}, "did not answer within"),
        ({"size": 1_000_001}, "over 1 MB"),
        ({"body": "<html>", "type": "text/html"}, "does not fit"),
        ({"body": "<html>"}, "does not fit"),
        ({"body": '{"status": NaN}'}, "does not fit"),
        ({"body": "[" * 100_000}, "does not fit"),
        ({"body": []}, "does not fit"),
        ({"body": {"state": "completed"}}, "does not fit"),
        ({"body": {"status": {"of": "things"}}}, "does not fit"),
        ({"status": 204}, "does not fit"),
        ({"body": "zzz", "headers": {"content-encoding": "gzip"}}, "compressed body that is broken"),
        ({"body": "zzz", "headers": {"content-encoding": "br"}}, "which was not asked for"),
    ],
)
async def test_a_poll_that_says_nothing_about_the_work_leaves_it_running(
    server: JobServer, request: pytest.FixtureRequest, fault: dict[str, Any], said: str
) -> None:
    quick = HttpSystem(SOON, connect_seconds=1, total_seconds=0.5)
    call = await started(quick, http_binding(server.url, {"faults": {"poll": [fault]}}), key=key_of(request))
    with pytest.raises(Unreachable, match=said):
        await quick.poll(call)
    assert await end_of(quick, call) == Completed(None)
    await quick.close()


@pytest.mark.parametrize("status", [404, 410])
async def test_an_answer_that_the_job_is_unknown_is_lost(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, status: int
) -> None:
    binding = http_binding(server.url, {"faults": {"poll": [{"status": status}]}})
    assert await system.poll(await started(system, binding, key=key_of(request))) == Lost()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("86400", 3600.0),
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120.0),
        ("Fri, 02 Jan 2026 00:00:00 GMT", 3600.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
async def test_retry_after_is_passed_on_up_to_an_hour(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, value: str, expected: float | None
) -> None:
    fault = {"status": 503, "headers": {"retry-after": value}}
    call = await started(system, http_binding(server.url, {"faults": {"poll": [fault]}}), key=key_of(request))
    with pytest.raises(Unreachable) as caught:
        await system.poll(call)
    assert caught.value.retry_after == expected


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 429}, {"status": 500}, {"status": 502, "after": True}, {"drop": True, "after": True}],
)
async def test_a_start_that_was_not_answered_is_found_again_by_its_key(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, fault: dict[str, Any]
) -> None:
    key, before = key_of(request), server.stats()["jobs"]
    binding = http_binding(server.url, {"faults": {"start": [fault]}})
    with pytest.raises(Unreachable):
        await system.start(call_of(binding, key=key))
    answer = await system.start(call_of(binding, key=key))
    stats = server.stats()
    assert answer == Started(stats["ids"][key])
    assert stats["starts"][key] == 2
    assert stats["jobs"] == before + 1
    assert stats["headers"][key]["idempotency-key"] == key


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 503}, False),
        ({"status": 429}, False),
        ({"status": 425}, False),
        ({"status": 408}, True),
        ({"status": 500}, True),
        ({"status": 502}, True),
        ({"status": 504}, True),
        ({"drop": True}, True),
        ({"delay": 5}, True),
    ],
)
async def test_a_start_that_failed_says_whether_it_may_have_been_made(
    server: JobServer, request: pytest.FixtureRequest, fault: dict[str, Any], expected: bool
) -> None:
    quick = HttpSystem(SOON, connect_seconds=1, total_seconds=0.5)
    binding = http_binding(server.url, {"faults": {"start": [fault]}})
    with pytest.raises(Unreachable) as caught:
        await quick.start(call_of(binding, key=key_of(request)))
    assert caught.value.sent is expected
    await quick.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid", "https://127.0.0.1:{port}"])
async def test_a_start_that_reached_nobody_says_so(server: JobServer, system: HttpSystem, url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        await system.start(call_of(http_binding(url.format(port=server.port), {})))
    assert not caught.value.sent


@pytest.mark.parametrize(
    "fault",
    [
        {"body": {"jobid": 7, "note": "made"}},
        {"body": {"id": None, "note": "made"}},
        {"body": {"id": True, "note": "made"}},
        {"body": {"id": {"of": "made"}}},
        {"body": {"id": ["made"]}},
        {"body": {"id": "", "note": "made"}},
        {"body": {"id": "  ", "note": "made"}},
        {"body": {"id": 1.5, "note": "made"}},
        {"body": {"id": "made" * 500}},
        {"body": []},
        {"body": "made: <html>", "type": "text/html"},
        {"body": '{"made": NaN}'},
        {"body": '{"made": '},
        {"body": "[" * 100_000},
        {"status": 204},
        {"status": 200, "body": ""},
        {"size": 1_000_001},
        {"body": "zzz", "headers": {"content-encoding": "br"}},
        {"body": "zzz", "headers": {"content-encoding": "gzip"}},
    ],
)
async def test_a_start_that_was_answered_without_an_id_is_a_failure_that_shows_the_answer(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, fault: dict[str, Any]
) -> None:
    binding = http_binding(server.url, {"faults": {"start": [{**fault, "after": True}]}})
    answer = await system.start(call_of(binding, key=key_of(request)))
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("NoExternalId", False)
    assert "forkjoin adopt run-1 main --external-id ID" in answer.message
    assert answer.details["status"] == fault.get("status", 200)
    assert len(answer.details["body"]) <= 500
    if "made" in str(fault):
        assert "made" in answer.message
        assert "made" in answer.details["body"]


@pytest.mark.parametrize("expression", ["response.json.", "nope.id", "response.json.a.b.c", "(() => { throw 1 })()"])
async def test_an_expression_that_throws_gives_no_id_either(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, expression: str
) -> None:
    binding = http_binding(server.url, {})
    binding["start"]["externalId"] = expression
    answer = await system.start(call_of(binding, key=key_of(request)))
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("NoExternalId", False)
    assert expression in answer.message or "externalId" in answer.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_start_that_is_sent_elsewhere_is_a_failure_too(
    server: JobServer, system: HttpSystem, request: pytest.FixtureRequest, status: int
) -> None:
    binding = http_binding(server.url, {"faults": {"start": [{"status": status, "after": True}]}})
    answer = await system.start(call_of(binding, key=key_of(request)))
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == (f"HTTP {status}", False)
    assert "redirects are not followed" in answer.message


async def test_a_start_the_server_refuses_is_a_failure_in_its_words(server: JobServer, system: HttpSystem) -> None:
    fault = {"status": 422, "body": {"error": "user is\n\x1b[31mgone"}}
    answer = await system.start(call_of(http_binding(server.url, {"faults": {"start": [fault]}}), key="refused"))
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("HTTP 422", False)
    assert "user is" in answer.message
    assert answer.details["status"] == 422


async def test_a_number_is_an_id_and_a_running_job_tells_its_progress(server: JobServer, system: HttpSystem) -> None:
    server.faults(start=[{"body": {"id": 9007199254740993}}])
    answer = await system.start(call_of(http_binding(server.url, {}), key="number"))
    assert answer == Started("9007199254740993")
    for told, expected in ((0.25, 0.25), (7, 1.0), (-1, 0.0), ("half", None)):
        server.faults(poll=[{"body": {"status": "queued", "progress": told}}])
        call = call_of(http_binding(server.url, {}), external_id="1")
        assert await system.poll(call) == Running(expected, "queued")


async def test_status_values_may_have_any_json_type_but_true_is_not_one(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    binding["poll"] |= {"completed": [1], "failed": [None, False]}
    call = call_of(binding, external_id="1")
    for status, expected in ((1, Completed), (True, Running), (False, Failed), (0, Running), (None, Failed)):
        server.faults(poll=[{"body": {"status": status, "error": "e"}}])
        assert isinstance(await system.poll(call), expected), status


async def test_a_failed_job_without_words_is_told_by_its_status(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    binding["poll"]["error"] = "response.json.problem.text"
    server.faults(poll=[{"body": {"status": "failed"}}])
    answer = await system.poll(call_of(binding, external_id="1"))
    assert isinstance(answer, Failed)
    assert "failed" in answer.message


async def test_a_result_over_the_bound_is_a_failure(server: JobServer, system: HttpSystem) -> None:
    server.faults(poll=[{"body": {"status": "completed", "result": "x" * 300_000}}])
    answer = await system.poll(call_of(http_binding(server.url, {}), external_id="1"))
    assert isinstance(answer, Failed)
    assert (answer.type, answer.retryable) == ("ResultTooLarge", False)


async def test_a_cancel_is_owed_until_the_server_answers_it(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {"duration": 3600, "faults": {"cancel": [{"status": 503}, {"drop": True}]}})
    call = await started(system, binding, key="to-cancel")
    for _ in range(2):
        with pytest.raises(Unreachable):
            await system.cancel(call)
        assert isinstance(await system.poll(call), Running)
    await system.cancel(call)
    assert isinstance(await system.poll(call), Failed)
    server.faults(cancel=[{"status": 410}])
    await system.cancel(call)


async def test_logs_are_cut_and_a_binding_without_them_says_so(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    call = await started(system, binding, key="logs")
    assert await system.logs(call) == f"log of {call.request.external_id}\n"
    server.faults(logs=[{"size": 1_500_000}])
    assert (await system.logs(call)).endswith("(cut after 1 MB)\n")
    without = {name: part for name, part in binding.items() if name != "logs"}
    assert "no `logs`" in await system.logs(call_of(without, external_id="1"))


async def test_jobs_are_found_again_after_the_server_was_killed(tmp_path: Path, system: HttpSystem) -> None:
    with JobServer(tmp_path / "jobs.jsonl") as server:
        binding = http_binding(server.url, {"duration": 0.2, "result": [1]})
        call = await started(system, binding, key="k")
        server.kill()
        with pytest.raises(Unreachable, match="could not be reached"):
            await system.poll(call)
        server.start()
        assert await system.start(call_of(binding, key="k")) == Started(call.request.external_id or "")
        assert await end_of(system, call) == Completed([1])
        assert server.stats()["starts"] == {"k": 2}
