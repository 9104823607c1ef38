"""What the end of a process means for its task."""

from __future__ import annotations

import os
import signal
from typing import Any

from runtime.external.json_answer import RESULT_LIMIT, NotJson, read_json
from runtime.external.process import supervisor as files
from runtime.external.process.job_folder import JobFolder
from runtime.masking import Masker
from runtime.model.task import Completed, Failed

_TAIL_LIMIT = 4000


def reading_of(folder: JobFolder, end: dict[str, Any] | None, secrets: Masker) -> Completed | Failed:
    """Read an end record; without one the processes are gone and no reason was recorded."""
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
        details = {"stderr": folder.output(files.ERRORS).tail(_TAIL_LIMIT, secrets)}
        # It is not known how far the command came: only an operator can decide that it may run again.
        return Failed(message, type="ProcessDied", details=details, retryable=False)
    if end["problem"]:
        return Failed(f"{program} could not be started: {end['problem']}.", type="NotStarted", retryable=False)
    if end["code"] == 0:
        return _completed(folder, program, spec.get("result"), end, secrets)
    tail = folder.output(files.ERRORS).tail(_TAIL_LIMIT, secrets)
    if end["code"] < 0:
        number = -end["code"]
        known = number in signal.Signals.__members__.values()
        what = f"was ended by signal {number}" + (f" ({signal.Signals(number).name})" if known else "")
        details = {"signal": number, "stderr": tail}
    else:
        what = f"ended with exit code {end['code']}"
        details = {"exit_code": end["code"], "stderr": tail}
    cut = _not_kept(folder, end)
    if cut:
        details["not_kept"] = cut
    said = tail.strip()[-500:]
    message = f"{program} {what}: {said}" if said else f"{program} {what} and wrote nothing to stderr."
    if cut:
        message += f" ({'; '.join(cut)})"
    return Failed(message, type="Signal" if end["code"] < 0 else "ExitCode", details=details)


def _completed(
    folder: JobFolder, program: str, kind: str | None, end: dict[str, Any], secrets: Masker
) -> Completed | Failed:
    if kind is None:
        return Completed()
    output = folder.output(files.OUTPUT)
    if lost := [text for text in _not_kept(folder, end) if files.OUTPUT in text]:
        message = f"{program} ended well, but its stdout cannot be its result: {lost[0]}."
        return Failed(message, type="ResultTooLarge" if output.left_out else "InvalidResult", retryable=False)
    raw = output.whole(RESULT_LIMIT)
    if raw is None:
        message = f"{program} ended well, but its stdout is longer than the 256 kB a result may have."
        return Failed(message, type="ResultTooLarge", retryable=False)
    if kind == "text":
        return Completed(raw.decode("utf-8", "replace").removesuffix("\n"))
    try:
        return Completed(read_json(raw))
    except NotJson as problem:
        message = f"{program} ended well, but its stdout cannot be its result because {problem}."
        return Failed(message, type="InvalidResult", details={"stdout": output.tail(500, secrets)})


def _not_kept(folder: JobFolder, end: dict[str, Any]) -> list[str]:
    """A sentence for each output that is incomplete: cut in the middle, or lost because the disk was full."""
    told = []
    for name in (files.OUTPUT, files.ERRORS):
        output, lost = folder.output(name), (end.get("lost") or {}).get(name, 0)
        if output.left_out:
            told.append(f"{output.left_out:,} bytes in the middle of its {name} are left out, it is over outputLimit")
        if lost > 0:
            told.append(f"{lost:,} bytes of its {name} are lost, the disk could not take them")
        elif lost < 0:
            told.append(f"the end of its {name} may be missing")
    return told
