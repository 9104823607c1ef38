"""Pages for programs on this machine, and for nobody else."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from runtime.errors import ForkjoinError
from runtime.scheduler.monitoring.http_pages import MOST_REQUESTS, Answer, serve


def broken(_: str) -> Answer:
    raise KeyError("ours")


@pytest.fixture
def port() -> Iterator[int]:
    with serve(0, {"/page": lambda accept: Answer(b"hello\n", 200), "/broken": broken}) as found:
        yield found


def ask(port: int, path: str = "/page", method: str = "GET", **headers: str) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9700", "[::1]:9700", "[::1]", "LocalHost:1"])
def test_programs_here_are_answered(port: int, host: str) -> None:
    assert ask(port, Host=host) == (200, b"hello\n")
    assert ask(port, "/page?x=1") == (200, b"hello\n")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost:x", "::1", ""]
)
def test_a_page_in_a_browser_that_calls_us_by_a_name_of_its_own_is_refused(port: int, host: str) -> None:
    assert ask(port, Host=host)[0] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_only_looking_is_possible(port: int, method: str) -> None:
    assert ask(port, method=method)[0] == 405


def test_head_has_no_body_and_unknown_pages_name_those_there_are(port: int) -> None:
    assert ask(port, method="HEAD") == (200, b"")
    assert ask(port, "/nothing") == (404, b"There are /page, /broken.\n")


def test_a_page_that_fails_says_so_and_the_others_live(port: int) -> None:
    assert ask(port, "/broken")[0] == 500
    assert ask(port)[0] == 200


def test_a_client_that_says_nothing_keeps_nobody_waiting(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)):
        assert ask(port)[0] == 200


def test_clients_without_end_make_no_threads_without_end(port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST_REQUESTS)]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as late:
            assert late.recv(1) == b"", "refused at once"
    finally:
        for one in silent:
            one.close()


def test_it_listens_on_the_loopback_address_only(port: int) -> None:
    held = socket.socket()
    with held:
        held.bind(("127.0.0.2", port))  # Taken if we listened on every address.


def test_a_port_in_use_is_one_sentence(port: int) -> None:
    sentence = rf"^127\.0\.0\.1:{port} cannot be used .*Choose another"
    with pytest.raises(ForkjoinError, match=sentence) as caught, serve(port, {}):
        pass
    assert caught.value.exit_code == 5
