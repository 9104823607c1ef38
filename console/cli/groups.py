"""Groups of commands that say which one was likely meant by a name that is none of theirs."""

from __future__ import annotations

from typing import Any

import click

from runtime.nearest import did_you_mean

ELSEWHERE = {
    "abort": "cancel",
    "delete": "prune",
    "describe": "show",
    "get": "show",
    "info": "show",
    "kill": "cancel",
    "log": "logs",
    "ls": "list",
    "ps": "list",
    "repeat": "retry",
    "rerun": "retry",
    "rm": "prune",
    "run": "start",
    "runs": "list",
    "signal": "send",
    "status": "show",
    "stop": "cancel",
    "submit": "start",
    "tail": "logs",
    "terminate": "cancel",
    "unpause": "resume",
    "workflows": "flows",
}
"""What other tools call our commands."""


class NamedGroup(click.Group):
    """A group that knows its own commands by names that are nearly right."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; UsageError with the nearest one if it names none."""
        name = str(args[0])
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            usual = ELSEWHERE.get(name.casefold())
            near = f" Did you mean {usual}?" if usual in known else did_you_mean(name, known)
            raise click.UsageError(f"No such command '{name}'.{near}", ctx)
        return super().resolve_command(ctx, args)

    def group(self, *args: Any, **kwargs: Any) -> Any:
        """A group within this one is of the same kind."""
        kwargs.setdefault("cls", NamedGroup)
        return super().group(*args, **kwargs)
