"""The external system `http`: requests and the reading of answers come from the binding; it keeps no state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from runtime.clock import Clock
from runtime.errors import ExpressionError, Unreachable
from runtime.external.base import Abilities, Call
from runtime.external.http.url import UnsafeUrl, checked_url, quote_value, url_target, with_query
from runtime.external.secrets import learn, secrets_of
from runtime.model.binding_keys import Key
from runtime.model.task import Completed, Failed, Lost, Running, Started

if TYPE_CHECKING:
    from ssl import SSLContext

    from runtime.external.http.answer import Answer
    from runtime.external.http.binding import HttpBinding, RequestBinding
    from runtime.external.http.exchange import Exchange


class UnusableRequest(ValueError):
    """A request that cannot be made; the message is a sentence."""


class HttpSystem:
    """Speaks HTTP as a binding says; the idempotency key goes with every start.

    aiohttp and pydantic are loaded at the first use, so that commands that only read stay quick.
    """

    name = "http"

    def __init__(self, clock: Clock, *, connect_seconds: float = 5.0, total_seconds: float = 30.0) -> None:
        self._clock = clock
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._exchanges: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Exchange]] = WeakKeyDictionary()
        self._keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[Exchange]] = WeakKeyDictionary()

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        from runtime.external.http.binding import binding_problems

        return binding_problems(binding)

    def binding_keys(self) -> Mapping[str, Key]:
        from runtime.external.http.binding import binding_keys

        return binding_keys()

    def doubts(self, binding: Mapping[str, Any]) -> list[str]:
        from runtime.external.http.binding import binding_doubts

        return binding_doubts(binding)

    def target(self, binding: Mapping[str, Any]) -> str:
        """Host, and port if written, of the start URL; `env.NAME` when it comes from a variable that is not set."""
        start = binding.get("start")
        url = start.get("url") if isinstance(start, Mapping) else None
        return url_target(url) if isinstance(url, str) else ""

    async def start(self, call: Call) -> Started | Completed | Failed:
        """Send the start request with its `Idempotency-Key`."""
        from runtime.external.http.reading import read_start

        try:
            binding = _binding(call)
            headers = {"Idempotency-Key": call.request.idempotency_key}
            answer = await self._send(call, binding.start, extra=headers, start=True)
        except ExpressionError as error:
            return Failed(error.message, type="ExpressionError", retryable=False)
        except UnusableRequest as error:
            return Failed(f"The start request cannot be made: {error}", type="InvalidBinding", retryable=False)
        return read_start(answer, binding.start, call, self._clock.now())

    def abilities(self, binding: Mapping[str, Any]) -> Abilities:
        """Abilities as the binding declares them; most HTTP systems ignore a key that is sent to them."""
        start = binding.get("start")
        honoured = isinstance(start, Mapping) and start.get("idempotent") is True
        return Abilities(honoured, binding.get("find") is not None, binding.get("cancel") is not None)

    async def find(self, call: Call) -> Started | None:
        """Ask for the work of the key; raises `Unreachable` if the answer does not say whether there is some."""
        from runtime.external.http.reading import read_find

        binding = _binding_or_unreachable(call)
        if binding.find is None:
            raise Unreachable("The binding of this task has no `find` request.")
        return read_find(await self._ask(call, binding.find), binding.find, call, self._clock.now())

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        """Ask for the status and read it."""
        from runtime.external.http.reading import read_poll

        binding = _binding_or_unreachable(call)
        answer = await self._ask(call, binding.poll)
        return read_poll(answer, binding.poll, call, self._clock.now())

    async def cancel(self, call: Call) -> None:
        """Send the cancel request, if the binding has one; 404 and 410 count as stopped."""
        from runtime.external.http.reading import unreachable

        binding = _binding_or_unreachable(call)
        if binding.cancel is None:
            raise Unreachable("The binding of this task has no `cancel` request: nobody can stop its work.")
        answer = await self._ask(call, binding.cancel)
        if not answer.ok and answer.status not in (404, 410):
            raise unreachable(answer, call, self._clock.now())

    async def logs(self, call: Call) -> str:
        """The first 1 MB of the answer to the log request."""
        from runtime.external.http.reading import unreachable

        binding = _binding_or_unreachable(call)
        if binding.logs is None:
            return "The binding of this task has no `logs` request.\n"
        # Logs are read rarely, often on an event loop of their own: no connection is kept for them.
        answer = await self._ask(call, binding.logs, extra={"Connection": "close"}, cut=True)
        if answer.status in (404, 410):
            return f"{answer.host} has no logs of {call.request.external_id}.\n"
        if not answer.ok:
            raise unreachable(answer, call, self._clock.now())
        text = secrets_of(call).text(answer.body.decode("utf-8", "replace"), cut_after=answer.cut)
        return text + "\n(cut after 1 MB)\n" if answer.cut else text

    async def close(self) -> None:
        """Close all connections."""
        keeper = self._keepers.pop(asyncio.get_running_loop(), None)
        if keeper is not None:
            await keeper.aclose()

    async def _ask(
        self, call: Call, binding: RequestBinding, *, extra: Mapping[str, str] | None = None, cut: bool = False
    ) -> Answer:
        for request in (call.binding["start"], call.binding["poll"]):
            learn(call, (request["url"], *request.get("headers", {}).values()))
        try:
            return await self._send(call, binding, extra=extra, cut=cut)
        except (ExpressionError, UnusableRequest) as error:
            raise Unreachable(f"The request could not be made: {error}") from error

    async def _send(
        self,
        call: Call,
        binding: RequestBinding,
        *,
        extra: Mapping[str, str] | None = None,
        start: bool = False,
        cut: bool = False,
    ) -> Answer:
        """Send a request; what a start came to must be known, whatever its answer looks like, and it goes out once."""
        try:
            url = checked_url(call.scope.render(binding.url, env=True, quote=quote_value))
            url = with_query(url, call.scope.render(binding.query, env=True))
        except UnsafeUrl as error:
            raise UnusableRequest(str(error)) from None
        headers = {name: _header(name, value) for name, value in call.scope.render(binding.headers, env=True).items()}
        content = None
        if binding.has_body:
            body = call.scope.render(binding.body)
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            if not any(name.lower() == "content-type" for name in headers):
                headers["Content-Type"] = "application/json"
        exchange = await self._open()
        try:
            answer = await exchange.send(
                binding.method, url, {**headers, **(extra or {})}, content, once=start, cut=cut or start, unread=start
            )
        except ValueError as error:
            raise UnusableRequest(str(error)) from None
        said = answer.text(2_000) or answer.unread
        call.heard.append(f"HTTP {answer.status}" + (f": {' '.join(said.split())}" if said else ""))
        return answer

    async def _open(self) -> Exchange:
        loop = asyncio.get_running_loop()
        opening = self._exchanges.get(loop)
        if opening is None:
            opening = self._exchanges[loop] = loop.create_task(self._make())
        return opening.result() if opening.done() else await asyncio.shield(opening)

    async def _make(self) -> Exchange:
        keeper = self._keepers[asyncio.get_running_loop()] = self._kept()
        return await anext(keeper)

    async def _kept(self) -> AsyncGenerator[Exchange]:
        """An exchange that is closed with its event loop: ending a loop ends the generators that began there."""
        from runtime.external.http.exchange import Exchange
        from runtime.external.http.proxies import Proxies

        tls = await asyncio.to_thread(_read_authorities)
        exchange = Exchange(tls, Proxies(), connect_seconds=self._connect_seconds, total_seconds=self._total_seconds)
        try:
            yield exchange
        finally:
            self._exchanges.pop(asyncio.get_running_loop(), None)
            await exchange.close()


def _read_authorities() -> SSLContext:
    """Whom this machine trusts; reading that takes tens of milliseconds."""
    from runtime.external.http.exchange import tls_context

    return tls_context()


def _binding(call: Call) -> HttpBinding:
    from pydantic import ValidationError

    from runtime.external.http.binding import binding_problems, kept_binding

    try:
        return kept_binding(call.binding)
    except ValidationError:
        raise UnusableRequest(" ".join(binding_problems(call.binding))) from None


def _binding_or_unreachable(call: Call) -> HttpBinding:
    try:
        return _binding(call)
    except UnusableRequest as error:
        raise Unreachable(f"The binding cannot be used any more: {error}") from error


def _header(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value is None or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise UnusableRequest(f"The header {name} came out empty or with a control character in it.")
    return text.strip()
