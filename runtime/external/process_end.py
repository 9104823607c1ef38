"""What the end of a process means for its task."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from runtime.external import process_supervisor as files
from runtime.external.json_answer import RESULT_LIMIT, NotJson, read_json
from runtime.external.process_folder import JobFolder
from runtime.model.task import Completed, Failed

_TAIL_LIMIT = 4000


def reading_of(folder: JobFolder, end: dict[str, Any] | None, hide: Callable[[str], str]) -> Completed | Failed:
    """Read an end record; without one the processes are gone and nobody wrote down why."""
    spec = folder.spec()
    program = os.path.basename(spec["command"][0])
    if (end or {}).get("cancelled") or (end is None and folder.cancel_age() is not None):
        return Failed(f"{program} was cancelled.", type="Cancelled", retryable=False)
    details: dict[str, Any]
    if end is None:
        message = (
            f"{program} is gone and left no exit code: it or its supervisor was killed, or the machine restarted. "
            "Its work may be half done; retry it when that is safe."
        )
        details = {"stderr": folder.tail(files.ERRORS, _TAIL_LIMIT, hide)}
        # Nobody knows how far it came: only an operator can say that it may run again.
        return Failed(message, type="ProcessDied", details=details, retryable=False)
    if end["problem"]:
        return Failed(f"{program} could not be started: {end['problem']}.", type="NotStarted", retryable=False)
    if end["code"] == 0:
        return _completed(folder, program, spec.get("result"), hide)
    tail = folder.tail(files.ERRORS, _TAIL_LIMIT, hide)
    if end["code"] < 0:
        number = -end["code"]
        known = number in signal.Signals.__members__.values()
        what = f"was ended by signal {number}" + (f" ({signal.Signals(number).name})" if known else "")
        details = {"signal": number, "stderr": tail}
    else:
        what = f"ended with exit code {end['code']}"
        details = {"exit_code": end["code"], "stderr": tail}
    said = tail.strip()[-500:]
    message = f"{program} {what}: {said}" if said else f"{program} {what} and wrote nothing to stderr."
    return Failed(message, type="Signal" if end["code"] < 0 else "ExitCode", details=details)


def _completed(folder: JobFolder, program: str, kind: str | None, hide: Callable[[str], str]) -> Completed | Failed:
    if kind is None:
        return Completed()
    raw = folder.output(RESULT_LIMIT)
    if raw is None:
        message = f"{program} ended well, but its stdout is longer than the 256 kB a result may have."
        return Failed(message, type="ResultTooLarge", retryable=False)
    if kind == "text":
        return Completed(raw.decode("utf-8", "replace").removesuffix("\n"))
    try:
        return Completed(read_json(raw))
    except NotJson as problem:
        message = f"{program} ended well, but its stdout cannot be its result because {problem}."
        return Failed(message, type="InvalidResult", details={"stdout": folder.tail(files.OUTPUT, 500, hide)})
