"""Isolates an external system that an installed package provides: what it raises or blocks stops nothing else."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from runtime.errors import Unreachable
from runtime.external.apart import SECONDS, Misbehaved, told, within
from runtime.external.base import Call
from runtime.model.task import Completed, Failed, Lost, Running, Started


class PluginSystem:
    """Passes plain questions on to a plugin within a time limit, and calls on an event loop of its own.

    So neither `sys.exit` nor a call that blocks its thread reaches the scheduler. `os._exit` and a crash in a C
    library still end the whole process.
    """

    def __init__(self, name: str, system: Any, where: str) -> None:
        self.name = name
        self._system = system
        self._where = where
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The class of the plugin, so that `isinstance` sees the plugin."""
        return type(self._system)

    def __getattr__(self, name: str) -> Any:
        """Further attributes of the plugin; its methods are isolated like those every system has."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._system, name)
        if inspect.iscoroutinefunction(found):

            async def call(*given: Any) -> Any:
                return await self._call(name, *given)

            return call
        return (lambda *given: within(lambda: found(*given))) if callable(found) else found

    def problems(self, binding: Mapping[str, Any]) -> list[str]:
        """The plugin's problems with a binding, or that it could not check it."""
        try:
            found = within(lambda: [str(sentence) for sentence in self._system.problems(binding)])
        except Misbehaved as problem:
            return [f"The {self._where} could not check the binding: it {problem}."]
        return found

    def target(self, binding: Mapping[str, Any]) -> str:
        """The target the plugin names; '' if it returns no text."""
        try:
            found = within(lambda: self._system.target(binding))
        except Misbehaved:
            return ""
        return found[:200] if isinstance(found, str) else ""

    async def start(self, call: Call) -> Started | Completed | Failed:
        return await self._call("start", call)  # type: ignore[no-any-return]

    async def poll(self, call: Call) -> Running | Completed | Failed | Lost:
        return await self._call("poll", call)  # type: ignore[no-any-return]

    async def cancel(self, call: Call) -> None:
        await self._call("cancel", call)

    async def logs(self, call: Call) -> str:
        return await self._call("logs", call)  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Close the plugin within a time limit; one that was never called has nothing open."""
        loop = self._loop
        if loop is None:
            return
        with suppress(Exception):
            await asyncio.wait_for(self._call("close"), SECONDS)
        self._loop = None
        loop.call_soon_threadsafe(loop.stop)

    async def _call(self, verb: str, *given: Any) -> Any:
        loop = self._loop_of_its_own()

        async def run() -> Any:
            try:
                found = getattr(self._system, verb)(*given)
                return await found if inspect.isawaitable(found) else found
            except (Exception, asyncio.CancelledError):
                raise
            except BaseException as error:  # sys.exit in a plugin must not end more than the call
                raise Unreachable(f"The {self._where} raised {told(error)} in its {verb}.") from None

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), loop))

    def _loop_of_its_own(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_serve, args=(self._loop,), name=f"calls of {self.name}", daemon=True).start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
