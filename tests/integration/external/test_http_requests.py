"""What leaves this machine over HTTP: addresses, headers and bodies, and what hostile values cannot change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import SystemClock
from runtime.errors import Unreachable
from runtime.external.http.system import HttpSystem
from runtime.external.http.url import url_problem, url_target
from runtime.masking import MASK
from runtime.model.task import Completed, Failed, Lost, Started
from tests.contract.external.calls import call_of, end_of
from tests.contract.external.worlds import http_binding
from tests.job_server import JobServer

TOKEN = "s3cret-token-value"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    with JobServer(tmp_path_factory.mktemp("jobs") / "jobs.jsonl") as server:
        yield server


@pytest.fixture
async def system() -> AsyncIterator[HttpSystem]:
    system = HttpSystem(SystemClock(), connect_seconds=2, total_seconds=5)
    yield system
    await system.close()


@pytest.mark.anyio
async def test_host_and_token_come_from_the_environment_and_state_goes_into_the_body(
    server: JobServer, system: HttpSystem
) -> None:
    binding = http_binding("${env.JOBS_URL}", {"duration": 0, "result": {"user": "${state.user}", "n": "${state.n}"}})
    binding["start"]["headers"] = {
        "Authorization": "Bearer ${env.TOKEN}",
        "X-User": "${state.user}",
        "X-N": "${state.n}",
    }
    state, env = {"user": "Zoë", "n": 2**62}, {"JOBS_URL": server.url, "TOKEN": TOKEN}
    assert system.problems(binding) == []
    answer = await system.start(call_of(binding, key="k1", state=state, env=env))
    assert isinstance(answer, Started)
    headers = server.stats()["headers"]["k1"]
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == "k1"
    assert headers["content-type"] == "application/json"
    assert headers["x-n"] == str(2**62)
    call = call_of(binding, key="k1", external_id=answer.external_id, env=env)
    assert await end_of(system, call) == Completed({"user": "Zoë", "n": 2**62})


@pytest.mark.anyio
async def test_a_missing_variable_is_a_failure_that_names_it(system: HttpSystem) -> None:
    binding = http_binding("${env.JOBS_URL}", {})
    answer = await system.start(call_of(binding, env={}))
    assert isinstance(answer, Failed)
    assert "JOBS_URL" in answer.message
    with pytest.raises(Unreachable, match="JOBS_URL"):
        await system.poll(call_of(binding, external_id="1", env={}))


@pytest.mark.anyio
async def test_a_token_the_server_repeats_is_masked(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    binding["start"]["headers"] = {"Authorization": "Bearer ${env.TOKEN}"}
    server.faults(start=[{"status": 401, "body": f"bad token {TOKEN}"}])
    answer = await system.start(call_of(binding, env={"TOKEN": TOKEN}))
    assert isinstance(answer, Failed)
    assert TOKEN not in f"{answer.message} {answer.details}"
    assert MASK in answer.message
    server.faults(
        poll=[{"body": {"status": "failed", "error": f"used {TOKEN}"}}, {"status": 500, "body": "x" * 490 + TOKEN}],
        logs=[{"body": TOKEN}],
    )
    call = call_of(binding, external_id="1", env={"TOKEN": TOKEN})
    failed = await system.poll(call)
    assert isinstance(failed, Failed)
    assert failed.message == f"used {MASK}"
    with pytest.raises(Unreachable) as caught:
        await system.poll(call_of(binding, external_id="1", env={"TOKEN": TOKEN}))
    assert "s3cret" not in caught.value.message
    assert await system.logs(call_of(binding, external_id="1", env={"TOKEN": TOKEN})) == MASK


@pytest.mark.anyio
async def test_a_secret_with_spaces_or_at_an_edge_is_masked(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    binding["start"]["headers"] = {"X-Token": "${env.TOKEN}"}
    env = {"TOKEN": "two  spaces\tand a tab"}
    for body in ("bad two  spaces\tand a tab", "x" * 9_990 + env["TOKEN"], env["TOKEN"] * 600):
        server.faults(start=[{"status": 401, "body": body}])
        answer = await system.start(call_of(binding, env=env))
        assert isinstance(answer, Failed)
        assert "spaces" not in answer.message and "two" not in answer.message
    server.faults(logs=[{"body": "y" * 999_990 + env["TOKEN"]}])
    assert "two" not in await system.logs(call_of(binding, external_id="1", env=env))


@pytest.mark.anyio
@pytest.mark.parametrize("hostile", ["a/control", "x?y=1#z", "@evil.example", "%2Fcontrol%3f", "\r\nX: 1", "\ud800"])
async def test_a_value_stays_within_its_place_in_the_path(server: JobServer, system: HttpSystem, hostile: str) -> None:
    assert await system.poll(call_of(http_binding(server.url, {}), external_id=hostile)) == Lost()


@pytest.mark.anyio
@pytest.mark.parametrize("hostile", [".", "..", "a/../../control", "%2e%2e%2fcontrol"])
async def test_a_value_cannot_climb_to_another_path(server: JobServer, system: HttpSystem, hostile: str) -> None:
    with pytest.raises(Unreachable, match="another address"):
        await system.cancel(call_of(http_binding(server.url, {}), external_id=hostile))


@pytest.mark.anyio
async def test_a_header_cannot_be_split(server: JobServer, system: HttpSystem) -> None:
    binding = http_binding(server.url, {})
    binding["start"]["headers"] = {"X-User": "${state.user}"}
    answer = await system.start(call_of(binding, state={"user": "a\r\nX-Admin: 1"}))
    assert isinstance(answer, Failed)
    assert not answer.retryable


@pytest.mark.anyio
async def test_an_environment_without_a_url_is_told(system: HttpSystem) -> None:
    for url in (
        "localhost:80",
        "ftp://host",
        "http://host\\@other",
        "http://",
        "http://host:port",
        "http://h" + "o" * 70_000,
        "file:///etc/passwd",
    ):
        answer = await system.start(call_of(http_binding("${env.URL}", {}), env={"URL": url}))
        assert isinstance(answer, Failed), url


@pytest.mark.parametrize(
    "url",
    [
        "https://jobs.example/jobs/${externalId}",
        "https://${env.HOST}:${env.PORT}/jobs?user=${state.user}",
        "https://user:${env.PASSWORD}@jobs.example/${item}",
        "${env.JOBS_URL}/jobs/${externalId}",
        "${env.JOBS_URL}?id=${externalId}",
        "${env.JOBS_URL}",
        "${env.SCHEME}://jobs.example/${item}",
    ],
)
def test_addresses_whose_host_is_fixed_are_fine(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://${state.host}/jobs",
        "https://jobs.example${state.suffix}/jobs",
        "https://jobs.example:${state.port}/jobs",
        "${state.scheme}://jobs.example/",
        "${env.JOBS_URL}${state.path}",
        "${env.HOST + state.x}/jobs",
        "https://${env.HOST}${item}?x",
        "https://jobs.example\\@${item}/",
        "jobs.example/jobs",
        "ftp://jobs.example/jobs",
        "https:///jobs",
        "https://jobs.example/${item",
    ],
)
def test_addresses_whose_host_data_could_decide_are_refused(url: str) -> None:
    assert url_problem(url) is not None


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://search.internal:8443/jobs", "search.internal:8443"),
        ("https://Search.INTERNAL/jobs", "search.internal"),
        ("http://[::1]:9000/jobs", "[::1]:9000"),
        ("http://[FE80::1]/jobs", "[fe80::1]"),
        ("https://search.internal:99999/jobs", ""),
        ("https://user:pw@search.internal/jobs/${item}", "search.internal"),
        ("${env.JOBS_URL}/jobs", "jobs.test:80"),
        ("https://${env.HOST}/jobs", "host.test"),
        ("${env.UNSET}/jobs", "env.UNSET"),
        ("https://${env.UNSET}/jobs", "env.UNSET"),
        ("https://search.internal/${env.UNSET}", "search.internal"),
        ("nonsense", ""),
    ],
)
def test_the_target_is_host_and_port_as_far_as_it_is_known(url: str, target: str) -> None:
    assert url_target(url, {"JOBS_URL": "http://jobs.test:80", "HOST": "host.test"}) == target


def test_every_problem_of_a_binding_is_told_at_once(tmp_path: Path) -> None:
    binding: dict[str, Any] = {
        "start": {"url": "https://${state.host}/", "headers": {"Host": "x"}, "json": {"t": "${env.TOKEN}"}},
        "poll": {"url": "https://a.test/", "status": "response.json.s", "completed": []},
        "cancel": {"url": 3, "method": "BREW"},
    }
    problems = HttpSystem(SystemClock()).problems(binding)
    for place in (
        "start.url",
        "start.headers",
        "start.json",
        "start.externalId",
        "poll.completed",
        "cancel.url",
        "cancel.method",
    ):
        assert any(place in problem for problem in problems), (place, problems)
    assert all(problem.endswith(".") for problem in problems)
