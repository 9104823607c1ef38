"""One HTTP request and its answer, with limits on time and size; every failure is `Unreachable`."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import ssl
import zlib
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from runtime.errors import Unreachable
from runtime.external.http.answer import Answer
from runtime.external.http.name_lookup import NameLookup
from runtime.external.http.proxies import Proxies

BODY_LIMIT = 1_000_000
"""A body may have so many bytes."""
HEADER_LIMIT = 65_536
"""A line of an answer's head may have so many bytes."""
KEPT_SECONDS = 30.0
"""An idle connection is kept so long: over most intervals of polls, and less than firewalls forget one after."""
NAMES_KEPT_SECONDS = 30
FEWEST_CONNECTIONS = 64
FILES_FOR_OTHERS = 256
"""Open files that connections must leave to the store, to jobs and to logs."""
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError)
"""Refused, no such host, no TLS, no tunnel: the request certainly reached no server."""
_PLAIN_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


class _Broken(aiohttp.ClientError):
    """The connection broke before an answer to a request that may be sent once only."""


class Exchange:
    """Sends requests: TLS verified, no redirects, no cookies, bodies up to 1 MB; needs a running event loop."""

    def __init__(
        self, tls: ssl.SSLContext, proxies: Proxies, *, connect_seconds: float = 5.0, total_seconds: float = 30.0
    ) -> None:
        """`connect_seconds` bound the lookup of a name, then the connection with TLS; `total_seconds` the whole."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls,
                resolver=NameLookup(connect_seconds),
                ttl_dns_cache=NAMES_KEPT_SECONDS,
                limit=_connections(),
                keepalive_timeout=KEPT_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "forkjoin", "Accept-Encoding": "gzip"},
            skip_auto_headers=("Content-Type",),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds),
            max_line_size=HEADER_LIMIT,
            max_field_size=HEADER_LIMIT,
        )
        self._proxies = proxies
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        once: bool = False,
        cut: bool = False,
        unread: bool = False,
    ) -> Answer:
        """The answer to one request.

        Args:
            method: HTTP method.
            url: Where to.
            headers: Names and values; sent as UTF-8.
            content: The body, or None.
            once: Never send the request again by itself; else a GET, PUT or DELETE is sent once more when a kept
                connection turns out to be closed (RFC 9110, 9.2.2).
            cut: Keep the beginning of a body that is too long instead of raising.
            unread: Give an answer whose body is in no encoding we read without its body instead of raising.

        Raises:
            Unreachable: when no whole answer came in time.
            ValueError: when the URL is none; the message is a sentence.
        """
        place = _place(url)
        host = place.host or ""
        if place.user is not None and any(name.lower() == "authorization" for name in headers):
            place = place.with_user(None)  # What the author wrote into the header is meant.
        options: dict[str, Any] = (
            {"proxy": proxy} if (proxy := self._proxies.of(place.scheme, host, place.port)) else {}
        )
        if once:
            options["middlewares"] = (_once,)
        try:
            async with (
                asyncio.timeout(self._total_seconds),
                self._session.request(
                    method, place, headers=headers, data=content, allow_redirects=False, **options
                ) as response,
            ):
                pairs = _headers(response)
                try:
                    body, whole = await _read(response, host)
                except Unreachable as problem:
                    if not unread:
                        raise
                    return Answer(host, response.status, pairs, b"", unread=problem.message)
                if not whole:
                    response.close()
                    if not cut:
                        raise Unreachable(f"{host} answered with a body over 1 MB, which is not read.")
                return Answer(host, response.status, pairs, body, cut=not whole)
        except NOT_SENT as error:
            raise Unreachable(f"{host} could not be reached: {self._said(error)}.", sent=False) from None
        except TimeoutError:
            raise Unreachable(f"{host} did not answer within {self._total_seconds:g} seconds.") from None
        except aiohttp.InvalidURL:
            raise ValueError("`url` did not come out as a URL.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{host} could not be reached: {self._said(error)}.") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    def _said(self, error: Exception) -> str:
        """What the library or the operating system says of a failure, without a full stop."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return f"there was no connection within {self._connect_seconds:g} seconds"
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            why = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
            return f"its certificate is not trusted ({why.rstrip('.')})"
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return f"the proxy answered HTTP {error.status}"
        cause: BaseException = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        number = getattr(cause, "errno", None)
        if isinstance(cause, OSError) and isinstance(number, int) and number > 0:
            said = os.strerror(number)
        else:
            said = " ".join(str(getattr(cause, "strerror", None) or cause).split())
        if isinstance(error, aiohttp.ClientProxyConnectionError):
            said = f"no connection to the proxy ({said})"
        return said.rstrip(".") or type(error).__name__


def tls_context() -> ssl.SSLContext:
    """What servers must show: a certificate that an authority known to this machine vouches for, and its name."""
    return ssl.create_default_context()


def _connections() -> int:
    """How many connections may be open at once, as the limit of open files allows."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(FEWEST_CONNECTIONS, files - FILES_FOR_OTHERS) if files != resource.RLIM_INFINITY else 10_000


def _place(url: str) -> URL:
    try:
        # A URL of plain characters is sent as it was made; of others the characters are percent-encoded.
        place = URL(url, encoded=_PLAIN_URL.fullmatch(url) is not None)
        place.port  # noqa: B018 - read here, where what it raises can be told
        (place.host or "").encode("idna")
    except (ValueError, UnicodeError) as error:
        raise ValueError(f"`url` did not come out as a URL ({str(error).rstrip('.')}).") from None
    return place


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from sending a request again over a new connection: the old one may have carried it."""
    try:
        return await handler(request)
    except NOT_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise _Broken(str(problem)) from problem


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Headers by their names in lower case; several of one name are joined as RFC 9110, 5.2 says."""
    found: dict[str, str] = {}
    for raw_name, raw_value in response.raw_headers:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


async def _read(response: aiohttp.ClientResponse, host: str) -> tuple[bytes, bool]:
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "deflate"):
        raise Unreachable(f"{host} answered in the encoding {coding!r}, which was not asked for.")
    inflate = zlib.decompressobj(wbits=47) if coding in ("gzip", "deflate") else None
    body = bytearray()
    while chunk := await response.content.readany():
        try:
            body += inflate.decompress(chunk, BODY_LIMIT + 1 - len(body)) if inflate else chunk
        except zlib.error:
            raise Unreachable(f"{host} answered with a compressed body that is broken.") from None
        if len(body) > BODY_LIMIT:
            return bytes(body[:BODY_LIMIT]), False
    return bytes(body), True
