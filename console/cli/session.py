"""One invocation of the command line: the options given anywhere on the line, and the open runtime."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.format import say
from runtime.errors import Refused
from runtime.operations.current_actor import actor_of
from runtime.safe_text import clean
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.assembly.location import IfMissing
    from runtime.assembly.runtime import Runtime
T = TypeVar("T")


class Session:
    """One invocation: its overrides and the runtime, opened when first needed."""

    def __init__(self) -> None:
        self.overrides: dict[str, Any] = {}
        self.ways: dict[str, bool] = {}
        """How a console is to be opened: the options given for it, wherever they stood."""
        self._runtime: Runtime | None = None

    def give(self, name: str, value: Any) -> None:
        """Take an option; what stands first on the line is final for `as` and `read_only`."""
        if value in (None, (), False):
            return
        if name == "as" and "as" in self.overrides:
            return
        if name == "workflows":
            value = (*self.overrides.get(name, ()), *value)
        self.overrides[name] = value

    @property
    def settings(self) -> Settings:
        """The settings of this invocation."""
        return Settings.load({k: v for k, v in self.overrides.items() if k != "as"})

    @property
    def runtime(self) -> Runtime:
        """The open runtime, over a store that is there; StoreUnavailable if none is."""
        return self.opened("refuse")

    def opened(self, if_missing: IfMissing) -> Runtime:
        """The open runtime; where no store is, one is made, or pretended to be there, empty, for this command."""
        if if_missing == "make" and self.pretends:
            self.close()
            self._runtime = None
        if self._runtime is None:
            from runtime.assembly.runtime import open_runtime

            settings = self.settings
            self._runtime = open_runtime(
                settings,
                read_only=settings.read_only,
                actor=actor_of(self.overrides.get("as"), os.environ),
                if_missing=if_missing,
            )
        return self._runtime

    @property
    def pretends(self) -> bool:
        """Whether the open store is only pretended."""
        return self._runtime is not None and self._runtime.pretends

    def beginning(self, act: Callable[[Runtime], T], *, dry_run: bool = False) -> T:
        """What an act gives that begins a store where there is none; one that is refused, or dry, makes none."""
        done = act(self.opened("pretend"))
        return act(self.opened("make")) if self.pretends and not dry_run else done

    def about_workflows(self) -> Runtime:
        """The open runtime of a command about workflows, of which a store only knows their schedules."""
        runtime = self.opened("pretend")
        if self.pretends:
            progress(f"There is no store in {runtime.directory} yet, so every schedule is off.")
        return runtime

    def refuse_read_only(self, verb: str) -> None:
        """Refuse what a read-only session must not do."""
        if self.settings.read_only:
            raise Refused(f"This session is read-only; {verb} is not possible in it.")

    def close(self) -> None:
        """Close what was opened."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None


def session() -> Session:
    """The session of the running command."""
    found: Session = click.get_current_context().find_root().obj
    return found


def progress(text: str) -> None:
    """A message for people, on stderr."""
    say(clean(text, 2_000), sys.stderr)
