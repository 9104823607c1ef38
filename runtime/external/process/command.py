"""The command of a process task: checked as written, then resolved for one start."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.external.base import Call
from runtime.external.process.supervisor import USUAL_LIMIT
from runtime.model.binding_keys import Key
from runtime.model.task import Failed

_ENV = re.compile(r"\$\{[^}]*\benv\b")
_NAME = re.compile(r"[^=\0]+")
_INHERITED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ALWAYS = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "TZ")
"""Variables of the scheduler's environment that every command gets, besides `LC_*`."""


SMALLEST_LIMIT = 1_000
_LARGEST_LIMIT = 10**12
_SIZE = re.compile(r"(\d{1,13}(?:\.\d{1,6})?)\s*(b|bytes?|[kmgt]i?b)?", re.IGNORECASE)
_UNITS = {"k": 1, "m": 2, "g": 3, "t": 4}
KEYS = {"command": Key(), "cwd": Key(), "env": Key(env=True), "inherit": Key(), "outputLimit": Key(), "result": Key()}
"""The keys of a binding."""


class InvalidCommand(ValueError):
    """A command that cannot be run; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its templates resolved."""

    arguments: tuple[str, ...]
    """The program and its arguments, passed on without a shell."""
    cwd: str | None
    environment: Mapping[str, str]
    """All variables the command sees: those of ALWAYS, those it inherits, its own, and the key."""

    def unusable(self) -> Failed | None:
        """The failure that says why it cannot be started on this machine; None if it can."""
        program = self.arguments[0]
        if self.cwd is not None and not os.path.isdir(self.cwd):
            return Failed(f"The folder {self.cwd!r} to run {program!r} in does not exist.", type="FolderNotFound")
        if os.sep in program:
            path = Path(self.cwd or ".", program)
            found = path.is_file() and os.access(path, os.X_OK)
        else:
            found = shutil.which(program, path=self.environment.get("PATH", os.defpath)) is not None
        if found:
            return None
        message = f"The program {program!r} was not found, or is not executable, on the machine of the scheduler."
        return Failed(message, type="ProgramNotFound", retryable=False)


def command_problems(binding: Mapping[str, Any]) -> list[str]:
    """Sentences about a process binding that cannot be used."""
    problems = []
    command = binding.get("command")
    if not isinstance(command, list) or not command or not all(isinstance(item, str) for item in command):
        problems.append("`command` must be a list of texts: the program, then one item for each argument.")
    elif not command[0].strip():
        problems.append("The first item of `command` must name a program.")
    elif any(_ENV.search(item) for item in command):
        problems.append("`command` must not use `env`, which would show its values to everyone; use the key `env`.")
    cwd = binding.get("cwd")
    if cwd is not None and not (isinstance(cwd, str) and cwd):
        problems.append("`cwd` must be the path of a folder.")
    elif cwd is not None and _ENV.search(cwd):
        problems.append("`cwd` must not use `env`; `env` works only in url, headers and the key `env`.")
    environment = binding.get("env")
    if environment is not None and not isinstance(environment, dict):
        problems.append("`env` must be an object of variable names and values.")
    for name, value in environment.items() if isinstance(environment, dict) else ():
        if not _NAME.fullmatch(name) or isinstance(value, (dict, list)) or value is None:
            problems.append(f"`env` has {name!r}, which must be a variable name with a text or number as its value.")
    inherit = binding.get("inherit")
    if inherit is not None and not (isinstance(inherit, list) and all(_inheritable(name) for name in inherit)):
        problems.append('`inherit` must be a list of names of environment variables, like ["SSH_AUTH_SOCK"].')
    if binding.get("outputLimit") is not None and output_limit(binding) is None:
        problems.append("`outputLimit` must be a size from 1 kB to 1 TB: '10 MB', or a number of bytes.")
    if binding.get("result") not in (None, "json", "text"):
        problems.append("`result` must be `json` or `text`, or be left out.")
    return problems


def output_limit(binding: Mapping[str, Any]) -> int | None:
    """How many bytes of each output are kept; None if `outputLimit` is not a usable size."""
    written = binding.get("outputLimit")
    if written is None:
        return USUAL_LIMIT
    if isinstance(written, str) and (size := _SIZE.fullmatch(written.strip())) is not None:
        unit = (size[2] or "b").lower()
        written = float(size[1]) * (1024 if "i" in unit else 1000) ** _UNITS.get(unit[0], 0)
    if isinstance(written, bool) or not isinstance(written, int | float):
        return None
    return int(written) if SMALLEST_LIMIT <= written <= _LARGEST_LIMIT else None


def secret_templates(binding: Mapping[str, Any]) -> list[Any]:
    """The texts of a binding whose templates may read the environment."""
    inherited = binding.get("inherit")
    names = inherited if isinstance(inherited, list) else []
    own = binding.get("env")
    return [*(own.values() if isinstance(own, Mapping) else ()), *(f"${{env.{name}}}" for name in names)]


def resolve(call: Call) -> Command:
    """The command of a call.

    Raises:
        ExpressionError: when a template cannot be resolved.
        InvalidCommand: when a resolved text cannot be an argument or a variable.
    """
    problems = command_problems(call.binding)
    if problems:
        raise InvalidCommand(" ".join(problems))
    arguments = [_text(item, "an item of `command`") for item in call.scope.render(call.binding["command"])]
    if not arguments[0].strip():
        raise InvalidCommand("The first item of `command` came out empty; it must name a program.")
    cwd = call.scope.render(call.binding.get("cwd"))
    call.scope.render(call.binding.get("cwd"), quote=_staying)
    inherited = {name: f"${{env.{name}}}" for name in call.binding.get("inherit") or ()}
    environment = call.scope.render({**inherited, **(call.binding.get("env") or {})}, env=True)
    return Command(
        arguments=tuple(arguments),
        cwd=None if cwd is None else _text(cwd, "`cwd`"),
        environment={
            **{name: value for name, value in os.environ.items() if name in ALWAYS or name.startswith("LC_")},
            **{name: _text(value, f"`env` {name}") for name, value in environment.items()},
            "FORKJOIN_KEY": call.request.idempotency_key,
        },
    )


def _staying(text: str) -> str:
    """A value for a part of `cwd`; raises InvalidCommand if it would lead out of the folder the flow names."""
    if any(part in (".", "..") for part in text.split("/")):
        raise InvalidCommand("A value in `cwd` is `.` or `..`, or holds one, which would lead to another folder.")
    return text


def _inheritable(name: Any) -> bool:
    return isinstance(name, str) and _INHERITED.fullmatch(name) is not None


def _text(value: Any, what: str) -> str:
    if value is None:
        raise InvalidCommand(f"{what} came out as nothing (null); give it a value.")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if "\0" in text:
        raise InvalidCommand(f"{what} holds a NUL character, which no process can be given.")
    return text.encode("utf-8", "replace").decode()
