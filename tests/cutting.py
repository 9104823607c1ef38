"""A network between client and server that cuts a connection at the worst moment."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.postgres import Server


class Cutting:
    """Stands between console and server, and cuts a connection once the server has carried out its next COMMIT."""

    def __init__(self, server: Server) -> None:
        self._target = str(server.folder / ".s.PGSQL.5432")
        self.armed = False
        self.commits = True
        """Whether the COMMIT reaches the server before the cut."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable&gssencmode=disable"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    client.close()
                    server.close()
                    continue
                self._pairs += [client, server]
                cut = threading.Event()
                threading.Thread(target=self._carry, args=(client, server, cut, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, cut, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, cut: threading.Event, asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if asking and self.armed and b"COMMIT" in data:
                    self.armed = False
                    cut.set()
                    if self.commits:
                        sink.sendall(data)
                        continue
                    break
                if cut.is_set():
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Cutting:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._pairs):
            one.close()
