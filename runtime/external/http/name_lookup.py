"""Looks host names up on threads of its own: a name server that does not answer must hold up nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS_AT_ONCE = 200
"""Looking a name up takes up to half a minute where nobody answers; names that wait for others are told as that."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class NameLookup(AbstractResolver):
    """Asks the operating system, one daemon thread a lookup, so that the end of the process waits for none.

    The executor of the event loop is not used: the store is read and written there.
    """

    def __init__(self, seconds: float) -> None:
        """A lookup may take so many seconds."""
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(LOOKUPS_AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host, as the operating system orders them.

        Raises:
            OSError: There is no such host, or nobody said so in time.
        """
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._ask(host, port, family)
        except TimeoutError:
            raise OSError(f"its name was not found within {self._seconds:g} seconds") from None
        return [
            ResolveResult(hostname=host, host=_numeric(address), port=port, family=kind, proto=proto, flags=_NUMERIC)
            for kind, _, proto, _, address in found
            if kind in (socket.AF_INET, socket.AF_INET6)
        ]

    async def close(self) -> None:
        """Nothing: a thread ends with its lookup."""

    async def _ask(self, host: str, port: int, family: int) -> list[Any]:
        if not self._places.acquire(blocking=False):
            raise OSError(f"{LOOKUPS_AT_ONCE} lookups of other names are not answered")
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[list[Any]] = loop.create_future()

        def settle(found: list[Any] | OSError) -> None:
            if asked.done():
                return
            if isinstance(found, OSError):
                asked.set_exception(found)
            else:
                asked.set_result(found)

        def look() -> None:
            answer: list[Any] | OSError
            try:
                answer = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            except OSError as problem:
                answer = problem
            except UnicodeError:
                answer = OSError("its name is none that can be looked up")
            finally:
                self._places.release()
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, answer)

        threading.Thread(target=look, name=f"lookup of {host}", daemon=True).start()
        return await asked


def _numeric(address: Any) -> str:
    """The address as text; a link-local one keeps its interface (RFC 4007)."""
    if len(address) == 4 and address[3]:
        return str(socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0])
    return str(address[0])
