"""Which steps a tasks.py binds, read by running it as the scheduler does, in a process of its own.

For what its syntax tree does not decide: decorators made in functions and loops, names computed or imported.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from runtime.catalog.syntax import BoundTasks

SECONDS = 5.0
"""How long a tasks.py may take to be imported."""
_PASSED = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
"""Variables the code sees, besides LC_*: others may be secret."""
_CHILD = (
    "import json, sys; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path']; "
    "from runtime.catalog.probing import answer; answer(asked['file'], asked['answer'])"
)


def bound_by_running(path: Path, seconds: float = SECONDS) -> BoundTasks:
    """The bindings of a tasks.py; its output is discarded. `doubt` says why it could not be run to its end."""
    with tempfile.TemporaryFile() as answers:
        handle = answers.fileno()
        asked = json.dumps({"path": sys.path, "file": str(path), "answer": handle})
        try:
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, asked],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={key: value for key, value in os.environ.items() if key in _PASSED or key.startswith("LC_")},
                pass_fds=(handle,),
                start_new_session=True,
            )
        except OSError as error:
            return BoundTasks(undecided=True, doubt=f"{path} could not be run: {error}.")
        late = ""
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            late = f"{path} was not imported within {seconds:g} s."
        finally:
            # The processes it started are killed with it.
            with suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        answers.seek(0)
        said = _read(answers.read())
    kinds, problems = said.get("kinds"), said.get("problems")
    if isinstance(kinds, dict) and not late:
        return BoundTasks({str(step): str(kind) for step, kind in kinds.items()})
    if isinstance(problems, list) and not late:
        return BoundTasks(problems=tuple(str(problem) for problem in problems))
    doubt = late or said.get("doubt") or f"{path} ended its process when it was imported."
    return BoundTasks(undecided=True, doubt=str(doubt))


def answer(path: str, handle: int) -> None:
    """In the child process: import the file and write what it binds to an open file."""
    from runtime.catalog.code_files import look
    from runtime.catalog.loaded_code import LoadedCode, MissingCode
    from runtime.catalog.raised import taken_down

    found: dict[str, object]
    try:
        found = {"kinds": LoadedCode("probe", Path(path), look(Path(path))).kinds()}
    except MissingCode as problem:
        found = {"problems": [problem.message]}
    except BaseException as error:  # whatever top-level code of an author may raise
        found = {"doubt": f"{path} cannot be imported without the scheduler's environment: {taken_down(error)}."}
    with suppress(OSError), open(handle, "wb", closefd=False) as file:
        file.write(json.dumps(found).encode())
    os._exit(0)


def _read(text: bytes) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
