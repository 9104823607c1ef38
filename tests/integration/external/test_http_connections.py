"""The connections under HTTP calls: kept, broken, through proxies, with TLS, and names nobody answers for."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import SystemClock
from runtime.errors import Unreachable
from runtime.external.http.proxies import Proxies
from runtime.external.http.system import HttpSystem
from runtime.model.task import Lost, Running, Started
from tests.contract.external.calls import call_of

pytestmark = pytest.mark.anyio

SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTFuj9uJNWZIRRNaJ
58cwO+ogDOYPzHrgY/63cnbphnyhRANCAASjdEIToYUnF80Dx9Lo1zBxFxBC3hQr
y2JZoa9Yi1/zr9NF9OKEKuJdO7WzrCfI8RQHr6XZPenZFt6Ap4FNBVQ9
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUIYvuvmDr7HREKfSxMZgQZQzVgp8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjExNDYyOVoYDzIxMjYxMTAy
MTE0NjI5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASjdEIToYUnF80Dx9Lo1zBxFxBC3hQry2JZoa9Yi1/zr9NF9OKEKuJd
O7WzrCfI8RQHr6XZPenZFt6Ap4FNBVQ9o28wbTAdBgNVHQ4EFgQUJegUXjuZ1A7h
3i8xfExxbReqyBkwHwYDVR0jBBgwFoAUJegUXjuZ1A7h3i8xfExxbReqyBkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgPkTGUwf3CZOlw6O27QhZGgryrWwBhX2uTNGQAye0gxYCIFNG
Up9O76wFvQdfLr2D52tac6R4PYy3P83hUHf6Ib6R
-----END CERTIFICATE-----
"""
"""A key and a certificate for localhost that no authority vouches for."""
BODY = b'{"id": "7", "status": "running"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
Behave = Callable[[int, bytes], bytes | None]


class Wire:
    """A server that keeps what came over each of its connections."""

    def __init__(self, behave: Behave = lambda number, request: OK) -> None:
        """`behave` gives the answer to the n-th request, counted from 1, of a connection; None breaks it."""
        self.behave = behave
        self.connections: list[list[bytes]] = []
        self.port = 0

    @property
    def requests(self) -> list[bytes]:
        """Every request, in the order of the connections."""
        return [request for connection in self.connections for request in connection]

    async def serve(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> asyncio.Server:
        """Begin on a free port."""
        server = await asyncio.start_server(self._talk, host, 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        self.connections.append(mine)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                mine.append(head + await reader.readexactly(int(length or 0)))
                answer = self.behave(len(mine), mine[-1])
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        writer.close()


@pytest.fixture
async def system() -> AsyncIterator[HttpSystem]:
    system = HttpSystem(SystemClock(), connect_seconds=2, total_seconds=5)
    yield system
    await system.close()


def binding_for(base: str, **start: Any) -> dict[str, Any]:
    return {
        "system": "http",
        "start": {"url": f"{base}/jobs", "externalId": "response.json.id", **start},
        "poll": {"url": base + "/jobs/${externalId}", "status": "response.json.status", "completed": ["completed"]},
    }


async def test_calls_one_after_the_other_go_over_one_connection(system: HttpSystem) -> None:
    wire = Wire()
    async with await wire.serve():
        binding = binding_for(f"http://127.0.0.1:{wire.port}")
        assert await system.start(call_of(binding)) == Started("7")
        for _ in range(5):
            assert isinstance(await system.poll(call_of(binding, external_id="7")), Running)
        assert [len(connection) for connection in wire.connections] == [6]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
async def test_a_start_over_a_kept_connection_that_breaks_is_sent_once(system: HttpSystem, method: str) -> None:
    wire = Wire(lambda number, request: OK if number == 1 else None)
    async with await wire.serve():
        binding = binding_for(f"http://127.0.0.1:{wire.port}", method=method)
        assert await system.start(call_of(binding, key="first")) == Started("7")
        with pytest.raises(Unreachable) as caught:
            await system.start(call_of(binding, key="second"))
        assert caught.value.sent, "the server may have carried it out"
        assert sum(b"second" in request for request in wire.requests) == 1


async def test_a_poll_over_a_kept_connection_that_breaks_is_sent_once_more(system: HttpSystem) -> None:
    wire = Wire(lambda number, request: OK if number == 1 else None)
    async with await wire.serve():
        binding = binding_for(f"http://127.0.0.1:{wire.port}")
        await system.start(call_of(binding))
        assert isinstance(await system.poll(call_of(binding, external_id="7")), Running)
        assert [len(connection) for connection in wire.connections] == [2, 1]


async def test_neither_redirects_nor_cookies_are_followed(system: HttpSystem) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"
    wire = Wire(lambda number, request: OK if number == 1 else moved)
    async with await wire.serve():
        binding = binding_for(f"http://127.0.0.1:{wire.port}")
        await system.start(call_of(binding))
        for _ in range(2):
            with pytest.raises(Unreachable, match="redirects are not followed"):
                await system.poll(call_of(binding, external_id="7"))
        assert len(wire.requests) == 3
        assert not any(b"cookie" in request.lower() for request in wire.requests)


async def test_a_server_nobody_vouches_for_is_told_nothing(system: HttpSystem, tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_text(SELF_SIGNED)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "both.pem")
    wire = Wire()
    async with await wire.serve(tls):
        with pytest.raises(Unreachable, match="certificate") as caught:
            await system.start(call_of(binding_for(f"https://localhost:{wire.port}")))
        assert not caught.value.sent
        assert wire.requests == []


async def test_a_server_the_machine_trusts_is_asked_over_tls(
    system: HttpSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "both.pem").write_text(SELF_SIGNED)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "both.pem")
    wire = Wire()
    async with await wire.serve(tls):
        assert await system.start(call_of(binding_for(f"https://localhost:{wire.port}"))) == Started("7")


async def test_nobody_listens(system: HttpSystem) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        binding = binding_for(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1 could not be reached: Connection refused\.") as caught:
            await system.start(call_of(binding))
        assert not caught.value.sent


async def test_the_sixth_version_of_ip(system: HttpSystem) -> None:
    wire = Wire()
    try:
        server = await wire.serve(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with server:
        assert await system.start(call_of(binding_for(f"http://[::1]:{wire.port}"))) == Started("7")
        assert f"Host: [::1]:{wire.port}\r\n".encode() in wire.requests[0]


async def test_a_login_in_the_url_is_sent_unless_the_header_says_another(system: HttpSystem) -> None:
    wire = Wire()
    async with await wire.serve():
        base = f"http://mia:p%40ss@127.0.0.1:{wire.port}"
        await system.start(call_of(binding_for(base)))
        await system.start(call_of(binding_for(base, headers={"authorization": "Bearer abcd"})))
        assert b"Authorization: Basic bWlhOnBAc3M=\r\n" in wire.requests[0]
        assert b"authorization: Bearer abcd\r\n" in wire.requests[1]
        assert b"Basic" not in wire.requests[1]


async def test_a_netrc_file_is_none_of_our_business(
    system: HttpSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mia password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    wire = Wire()
    async with await wire.serve():
        await system.start(call_of(binding_for(f"http://127.0.0.1:{wire.port}")))
        assert b"uthorization" not in wire.requests[0]


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/a%2Fb%41?q=%C3%A9", b"/a%2Fb%41?q=%C3%A9"), ("/zoë?x=ü", b"/zo%C3%AB?x=%C3%BC"), ("/a?b#c", b"/a?b")],
)
async def test_a_url_is_sent_as_it_was_written(system: HttpSystem, path: str, sent: bytes) -> None:
    wire = Wire()
    async with await wire.serve():
        await system.start(call_of(binding_for("http://x") | {"start": {
            "url": f"http://127.0.0.1:{wire.port}{path}", "externalId": "response.json.id"
        }}))  # fmt: skip
        assert wire.requests[0].split(b" ")[1] == sent


async def test_headers_come_joined_and_in_any_letters(system: HttpSystem) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Tag: a\r\nx-tag: b\r\nX-Who: Zo\xeb\r\nX-Utf: Zo\xc3\xab\r\nX-Long: "
    head += b"l" * 20_000 + b"\r\nContent-Length: 2\r\n\r\n{}"
    wire = Wire(lambda number, request: head)
    async with await wire.serve():
        ways = 'response.headers["x-tag"] + "|" + response.headers["x-who"] + "|" + response.headers["x-utf"]'
        binding = binding_for(f"http://127.0.0.1:{wire.port}", externalId=ways)
        assert await system.start(call_of(binding)) == Started("a, b|Zoë|Zoë")


async def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(lambda number, request: OK if b"CONNECT" not in request else b"HTTP/1.1 403 No\r\n\r\n")
    async with await wire.serve():
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{wire.port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{wire.port}")
        monkeypatch.setenv("no_proxy", "inside.example")
        system = HttpSystem(SystemClock(), connect_seconds=2, total_seconds=5)
        assert await system.start(call_of(binding_for("http://jobs.invalid"))) == Started("7")
        assert wire.requests[0].startswith(b"POST http://jobs.invalid/jobs HTTP/1.1\r\n")
        with pytest.raises(Unreachable, match="the proxy answered HTTP 403") as caught:
            await system.start(call_of(binding_for("https://jobs.invalid")))
        assert not caught.value.sent
        await system.close()


@pytest.mark.parametrize(
    ("proxies", "scheme", "host", "port", "proxy"),
    [
        ({}, "http", "jobs.example", None, None),
        ({"http": "p:3128"}, "http", "jobs.example", None, "http://p:3128"),
        ({"http": "p:3128"}, "https", "jobs.example", None, None),
        ({"all": "https://p"}, "https", "jobs.example", 8443, "https://p"),
        ({"all": "https://p", "no": "example"}, "https", "jobs.example", 8443, None),
        ({"http": "http://p", "no": "*"}, "http", "jobs.example", None, None),
        ({"http": "http://p", "no": "127.0.0.1,localhost"}, "http", "localhost", 80, None),
        ({"http": "http://p", "no": "jobs.example:81"}, "http", "jobs.example", 80, "http://p"),
        ({"http": "http://p", "no": "jobs.example:80"}, "http", "jobs.example", 80, None),
        ({"http": ""}, "http", "jobs.example", None, None),
    ],
)
async def test_which_proxy(
    proxies: dict[str, str], scheme: str, host: str, port: int | None, proxy: str | None
) -> None:
    assert Proxies(proxies).of(scheme, host, port) == proxy


async def test_a_proxy_of_another_kind_is_refused_in_a_sentence() -> None:
    with pytest.raises(Unreachable, match=r"kind socks5.*NO_PROXY") as caught:
        Proxies({"all": "socks5://p:1080"}).of("https", "jobs.example", None)
    assert not caught.value.sent


async def test_a_name_nobody_answers_for_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    ask, over = socket.getaddrinfo, threading.Event()

    def slow(host: str, *rest: Any, **how: Any) -> Any:
        if host == "silent.example":
            over.wait(10)
            raise socket.gaierror(-2, "Name or service not known")
        return ask(host, *rest, **how)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    wire = Wire(lambda number, request: b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n")
    async with await wire.serve():
        system = HttpSystem(SystemClock(), connect_seconds=0.3, total_seconds=5)
        dead = [
            asyncio.create_task(system.poll(call_of(binding_for("http://silent.example"), external_id=str(number))))
            for number in range(100)
        ]
        binding = binding_for(f"http://localhost:{wire.port}")
        assert await system.poll(call_of(binding, external_id="1")) == Lost()
        for result in await asyncio.gather(*dead, return_exceptions=True):
            assert isinstance(result, Unreachable)
            assert "its name was not found within 0.3 seconds" in result.message
            assert not result.sent
        over.set()
        await system.close()


def test_connections_end_with_the_event_loop_they_were_opened_on() -> None:
    system = HttpSystem(SystemClock())
    wire = Wire()

    async def ask() -> None:
        server = await wire.serve()
        await system.start(call_of(binding_for(f"http://127.0.0.1:{wire.port}")))
        server.close()

    for _ in range(2):
        asyncio.run(ask())
    assert len(wire.requests) == 2
    assert not system._exchanges
