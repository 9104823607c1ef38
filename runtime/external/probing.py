"""Tries plugins in processes of their own, before any of their code runs in this one.

Only so is a plugin noticed that ends its process at once (`os._exit`, a crash in a library), changes what it should
not, or never comes back. What a plugin does later, in the calls made of it, cannot be kept away like this.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from runtime.external.apart import SECONDS, Misbehaved, told

_CHILD = (
    "import json, sys; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; "
    "from runtime.external.registry import try_plugin; try_plugin(asked)"
)
_known: dict[tuple[str, str], str | None] = {}
"""Results by name and value of the entry point: each process tries a plugin once."""


def probe(asked: Mapping[tuple[str, str], Mapping[str, Any]], seconds: float = SECONDS) -> dict[tuple[str, str], str]:
    """Try plugins; returns what is wrong, as the end of a sentence, by name and value of the entry point.

    All are tried at once, so that it takes at most `seconds` however many hang.
    """
    trials = {key: _Trial(facts) for key, facts in asked.items() if key not in _known}
    until = time.monotonic() + seconds
    for key, trial in trials.items():
        _known[key] = trial.verdict(until, seconds)
    return {key: problem for key in asked if (problem := _known[key]) is not None}


class _Trial:
    """One process in which one plugin is made."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        reader, writer = os.pipe()
        asked = json.dumps({**facts, "path": sys.path, "answer": writer})
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [sys.executable, "-c", _CHILD, asked],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(writer,),
                start_new_session=True,
            )
        except OSError:
            self._process = None
        finally:
            os.close(writer)
        os.set_blocking(reader, False)  # A process that the plugin started may hold the other end for ever.
        self._reader = reader

    def verdict(self, until: float, seconds: float) -> str | None:
        """The end of the sentence that says what is wrong; None if nothing is, or the plugin could not be tried."""
        try:
            return None if self._process is None else self._read(self._process, until, seconds)
        finally:
            os.close(self._reader)

    def _read(self, process: subprocess.Popen[bytes], until: float, seconds: float) -> str | None:
        try:
            code = process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return f"did not come back within {seconds:g} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        try:
            problem = json.loads(os.read(self._reader, 10_000))["problem"]
        except (OSError, ValueError):
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            return f"ended the process it was loaded in ({how})"
        return None if problem is None else str(problem)


def answer(asked: Mapping[str, Any], make: Callable[[], Any]) -> None:
    """In the process of the trial: make the plugin and print the result."""
    try:
        make()
        problem = None
    except BaseException as error:  # a plugin may raise whatever it likes
        problem = str(error) if isinstance(error, Misbehaved) else f"raised {told(error)}"
    os.write(int(asked["answer"]), json.dumps({"problem": problem}).encode())
    os._exit(0)  # Threads and exit functions of the plugin are not waited for.
