"""A few HTTP pages for programs on this machine: answered by threads, so also while the event loop hangs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from runtime.errors import ForkjoinError
from runtime.logs import get_logger

log = get_logger(__name__)
ADDRESS = "127.0.0.1"
SOCKET_SECONDS = 5.0
MOST_REQUESTS = 16
"""So many are answered at once; more are refused, so that a client cannot make threads without end."""
HOST_NAMES = ("localhost", "127.0.0.1", "[::1]")
TEXT = "text/plain; charset=utf-8"
Request = socket.socket | tuple[bytes, socket.socket]
Address = object


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a page."""

    body: bytes
    status: int = 200
    content_type: str = TEXT


Page = Callable[[str], Answer]
"""Returns the answer for an Accept header; must not wait for anything."""


class Server(ThreadingHTTPServer):
    """Listens on the loopback address only."""

    allow_reuse_port = False
    request_queue_size = MOST_REQUESTS

    def __init__(self, port: int, pages: Mapping[str, Page]) -> None:
        self.pages = pages
        self._places = threading.BoundedSemaphore(MOST_REQUESTS)
        super().__init__((ADDRESS, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for the name of this machine, which may hang."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def process_request(self, request: Request, client_address: Address) -> None:
        """Answer in a thread, unless too many requests are being answered."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Request, client_address: Address) -> None:
        """Answer one request and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Request, client_address: Address) -> None:
        """A client that went away, or speaks something else, harms nobody."""
        log.debug("serving.interrupted")


class _Handler(BaseHTTPRequestHandler):
    timeout = SOCKET_SECONDS
    server: Server

    def version_string(self) -> str:
        return "forkjoin"

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""

    def parse_request(self) -> bool:
        """Read the request; anything but GET and HEAD is refused."""
        if not super().parse_request():
            return False
        if self.command in ("GET", "HEAD"):
            return True
        self._send(Answer(b"Only GET and HEAD are answered.\n", 405))
        return False

    def do_GET(self) -> None:
        self._send(self._answer())

    do_HEAD = do_GET

    def _answer(self) -> Answer:
        if not _names_this_machine(self.headers.get_all("Host") or []):
            # A page in a browser here may point a name of its own at this address (DNS rebinding).
            return Answer(b"Only requests to localhost or 127.0.0.1 are answered.\n", 403)
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            return Answer(f"There are {', '.join(self.server.pages)}.\n".encode(), 404)
        try:
            return page(self.headers.get("Accept") or "")
        except Exception:
            log.exception("serving.failed", page=self.path)
            return Answer(b"This page met a problem of its own; the log says which.\n", 500)

    def _send(self, answer: Answer) -> None:
        try:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            if answer.status == 405:
                self.send_header("Allow", "GET, HEAD")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
        except (ConnectionError, TimeoutError):
            self.close_connection = True


def _names_this_machine(hosts: list[str]) -> bool:
    """Whether a request names this machine; one without a Host header does not come from a browser."""
    if not hosts:
        return True
    name, colon, port = hosts[0].strip().lower().rpartition(":")
    if not colon or not port.isdigit():
        name = hosts[0].strip().lower()
    return len(hosts) == 1 and name in HOST_NAMES


@contextmanager
def serve(port: int, pages: Mapping[str, Page]) -> Iterator[int]:
    """Serve pages by path as long as the context lasts; yields the port, which 0 leaves to the system.

    Raises ForkjoinError if the port cannot be had.
    """
    try:
        server = Server(port, pages)
    except OSError as problem:
        raise ForkjoinError(
            f"{ADDRESS}:{port} cannot be used for /metrics: {problem.strerror or problem}. "
            "Choose another --metrics-port, or 0 for none."
        ) from problem
    answering = threading.Thread(target=server.serve_forever, name="serving", daemon=True)
    answering.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
