"""One HTTP request and its answer, with limits on time and size; every failure is `Unreachable`."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from runtime.errors import Unreachable
from runtime.external.json_answer import NotJson, read_json

BODY_LIMIT = 1_000_000
"""A body may have so many bytes."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Refused, no such host, no TLS, no connection free: the request certainly reached no server."""
RETRY_AFTER_LIMIT = 3600.0
"""A Retry-After counts for at most so many seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read whole."""

    host: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    cut: bool = False
    """The body was longer than the limit and the caller wanted its beginning."""
    unread: str = ""
    """Why the body could not be read, where the caller wanted the rest of the answer all the same."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self, limit: int) -> str:
        """The beginning of the body as text."""
        return self.body[: limit * 4].decode("utf-8", "replace")[:limit]

    def json(self) -> Any:
        """The body as JSON, parts nested too deeply as `DEEP`; None when it is empty or says it is something else.

        Raises:
            NotJson: when it says it is JSON and is not.
        """
        if not self.body.strip():
            return None
        try:
            return read_json(self.body, mark_deep=True)
        except NotJson:
            kind = self.headers.get("content-type", "application/json")
            if "json" in kind.lower():
                raise
            return None


def _said(error: Exception) -> str:
    """The message of a library error, without its full stop."""
    return str(error).rstrip(".") or type(error).__name__


class Exchange:
    """Sends requests: TLS verified, no redirects, no cookies, bodies up to 1 MB."""

    def __init__(self, *, connect_seconds: float = 5.0, total_seconds: float = 30.0) -> None:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(total_seconds, connect=connect_seconds),
            limits=limits,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": "forkjoin", "Accept-Encoding": "gzip"},
        )
        self._total_seconds = total_seconds

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        cut: bool = False,
        unread: bool = False,
    ) -> Answer:
        """The answer to one request.

        Args:
            method: HTTP method.
            url: Where to.
            headers: Names and values; sent as UTF-8.
            content: The body, or None.
            cut: Keep the beginning of a body that is too long instead of raising.
            unread: Give an answer whose body is in no encoding we read without its body instead of raising.

        Raises:
            Unreachable: when no whole answer came in time.
            ValueError: when the URL is none; the message is a sentence.
        """
        try:
            host = httpx.URL(url).host
        except httpx.InvalidURL as error:
            raise ValueError(f"`url` did not come out as a URL ({error}).") from None
        encoded = [(name.encode("ascii"), value.encode("utf-8", "replace")) for name, value in headers.items()]
        try:
            async with (
                asyncio.timeout(self._total_seconds),
                self._client.stream(method, url, headers=encoded, content=content) as response,
            ):
                pairs = {name.lower(): value for name, value in response.headers.items()}
                try:
                    body, whole = await _read(response, host)
                except Unreachable as problem:
                    if not unread:
                        raise
                    return Answer(host, response.status_code, pairs, b"", unread=problem.message)
                if not whole and not cut:
                    raise Unreachable(f"{host} answered with a body over 1 MB, which is not read.")
                return Answer(host, response.status_code, pairs, body, cut=not whole)
        except NOT_SENT as error:
            raise Unreachable(f"{host} could not be reached: {_said(error)}.", sent=False) from None
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{host} did not answer within {self._total_seconds:g} seconds.") from None
        except (httpx.HTTPError, OSError) as error:
            raise Unreachable(f"{host} could not be reached: {_said(error)}.") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait as the answer asks, from a number or an HTTP date (RFC 9110, 10.2.3), at most an hour."""
    value = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,18}", value):
        return min(float(value), RETRY_AFTER_LIMIT)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT)


async def _read(response: httpx.Response, host: str) -> tuple[bytes, bool]:
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "deflate"):
        raise Unreachable(f"{host} answered in the encoding {coding!r}, which was not asked for.")
    inflate = zlib.decompressobj(wbits=47) if coding in ("gzip", "deflate") else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += inflate.decompress(chunk, BODY_LIMIT + 1 - len(body)) if inflate else chunk
        except zlib.error:
            raise Unreachable(f"{host} answered with a compressed body that is broken.") from None
        if len(body) > BODY_LIMIT:
            return bytes(body[:BODY_LIMIT]), False
    return bytes(body), True
