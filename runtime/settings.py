"""Every setting, declared once: read by the command line, the scheduler, the documentation test and the README."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from runtime.errors import InvalidInput
from runtime.nearest import did_you_mean
from runtime.user_directories import config_directory, state_directory

SETTINGS_FILE = "settings.toml"
LONGEST_TEXT = 4_000
LARGEST: dict[str, float] = {
    "sweep_seconds": 86_400,
    "batch_size": 100_000,
    "polls_per_target": 10_000,
    "call_timeout_seconds": 86_400,
    "threads_per_workflow": 1_000,
    "retention_days": 365_000,
}
"""The largest value of each number, where it has no other end."""


class Settings(msgspec.Struct, frozen=True):
    """What can be set: by an option, else by the environment (`FORKJOIN_` and the name), else by the settings file."""

    store: str = ""
    """Directory of the store, made if missing; or a postgresql:// URL."""
    directory: str = ""
    """Where jobs, locks and logs of this machine lie if the store is in PostgreSQL; by default the user's state."""
    workflows: tuple[str, ...] = ()
    """Folders of workflow folders, besides the built-in ones; separated like PATH in the environment."""
    read_only: bool = False
    """Nothing can be changed."""
    log_level: str = "info"
    """debug, info, warning or error."""
    log_format: str = "text"
    """text or json."""
    sweep_seconds: float = 5.0
    """How often the scheduler looks for due runs even if nothing told it to."""
    batch_size: int = 500
    """Most runs moved and saved in one group."""
    polls_per_target: int = 16
    """Most calls under way to one target of an external system."""
    call_timeout_seconds: float = 30.0
    """Longest time one call to an external system, or to task code, may take."""
    threads_per_workflow: int = 8
    """Threads for the task code of one workflow."""
    retention_days: float = 0.0
    """Completed and cancelled runs are removed after so many days; 0 keeps them."""
    metrics_port: int = 0
    """Port of this machine (127.0.0.1) for /healthz, /readyz and /metrics of a scheduler or worker; 0 for none."""

    @classmethod
    def load(
        cls,
        overrides: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        file: Path | None = None,
    ) -> Settings:
        """Read all settings; InvalidInput names the source and the setting that cannot be used."""
        env = os.environ if env is None else env
        found: dict[str, Any] = {}
        for name, value in _from_file(file).items():
            source = f"the settings file {file or settings_file()}"
            found[name] = _typed(name, _of_its_kind(name, value, source), source)
        for name in cls.__struct_fields__:
            variable = f"FORKJOIN_{name.upper()}"
            if env.get(variable):
                found[name] = _typed(name, env[variable], variable)
        for name, value in (overrides or {}).items():
            if value is not None and value != ():
                found[name] = _typed(name, value, f"--{name.replace('_', '-')}")
        made = cls(**{"store": "", **found})
        return made if made.store else cls(**{**found, "store": str(state_directory())})


def settings_file() -> Path:
    """Where the settings file of this user lies."""
    return config_directory() / SETTINGS_FILE


_DEFAULTS: Mapping[str, Any] = dict(zip(Settings.__struct_fields__, Settings.__struct_defaults__, strict=True))


def _from_file(file: Path | None) -> Mapping[str, Any]:
    path = file or settings_file()
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise InvalidInput(f"The settings file {path} cannot be read: {problem}.") from problem
    import tomllib

    try:
        with stream:
            read = tomllib.load(stream)
    except (OSError, ValueError, RecursionError) as problem:  # No TOML, or no UTF-8.
        raise InvalidInput(f"The settings file {path} cannot be read: {problem}.") from problem
    known = set(_DEFAULTS)
    for table in ("keys", "views"):  # The console reads these settings itself.
        read.pop(table, None)
    unknown = sorted(set(read) - known)
    if unknown:
        near = did_you_mean(unknown[0], known)
        raise InvalidInput(f"The settings file {path} has unknown settings: {', '.join(unknown)}.{near}")
    return read


def _of_its_kind(name: str, value: Any, source: str) -> Any:
    """A value of the settings file, which has kinds, unlike the environment; InvalidInput if it is of another one."""
    default = _DEFAULTS[name]
    if isinstance(default, bool):
        fits, wanted = isinstance(value, bool), "true or false, without quotation marks"
    elif isinstance(default, int):
        fits, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number, like 16"
    elif isinstance(default, float):
        fits, wanted = isinstance(value, int | float) and not isinstance(value, bool), "a number, like 2.5"
    elif isinstance(default, tuple):
        listed = isinstance(value, list) and all(isinstance(part, str) for part in value)
        fits, wanted = listed or isinstance(value, str), 'a list of texts, like ["/srv/flows"]'
    else:
        fits, wanted = isinstance(value, str), "text in quotation marks"
    if not fits:
        raise InvalidInput(f"{source}: {name} must be {wanted}, not {str(value)[:80]!r} ({type(value).__name__}).")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:60]}... ({len(text):,} characters)"


def _typed(name: str, value: Any, source: str) -> Any:
    if any(
        "\ud800" <= c <= "\udfff" for text in (value if isinstance(value, list | tuple) else [value]) for c in str(text)
    ):
        raise InvalidInput(f"{source}: {name} is no text in UTF-8.")
    default = _DEFAULTS[name]
    try:
        if isinstance(default, bool):
            if isinstance(value, bool):
                return value
            if str(value).lower() in ("1", "true", "yes", "on"):
                return True
            if str(value).lower() in ("0", "false", "no", "off"):
                return False
            raise ValueError(value)
        if isinstance(default, tuple):
            return tuple(value.split(os.pathsep)) if isinstance(value, str) else tuple(str(v) for v in value)
        made = type(default)(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(f"{source}: {name} cannot be {_shown(value)}.") from None
    if isinstance(made, str) and ("\0" in made or len(made) > LONGEST_TEXT):
        raise InvalidInput(f"{source}: {name} is longer than {LONGEST_TEXT:,} characters, or holds a NUL.")
    if name in LARGEST and not made <= LARGEST[name]:
        raise InvalidInput(f"{source}: {name} cannot be {_shown(value)}; it is at most {LARGEST[name]:,}.")
    if name == "metrics_port" and made > 65_535:
        raise InvalidInput(f"{source}: {name} cannot be {_shown(value)}; ports end at 65535.")
    if isinstance(made, int | float) and made < (0 if name in ("retention_days", "metrics_port") else 0.001):
        raise InvalidInput(f"{source}: {name} cannot be {_shown(value)}; it is a number above 0.")
    choices = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("text", "json")}.get(name)
    if choices and made not in choices:
        raise InvalidInput(f"{source}: {name} is one of {', '.join(choices)}, not {_shown(value)}.")
    return made
