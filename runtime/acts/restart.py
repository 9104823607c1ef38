"""Restart: a new run with the input of an old one, linked to it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from runtime.acts.base import Input, OnScreen, RunAct, Verdict, Verdicts
from runtime.engine.draft import Draft
from runtime.model.branch import Branch


class Restart(RunAct, frozen=True, kw_only=True):
    """A new run with the same input, linked to the old one."""

    verb: ClassVar[str] = "restart"
    composite: ClassVar[bool] = True
    makes_run: ClassVar[bool] = True
    bulk: ClassVar[bool] = True
    on_screen: ClassVar[OnScreen | None] = OnScreen(
        help="Starts a new run with the input of this one. Asks first.",
        key="ctrl+r",
        screens=frozenset({"runs"}),
        does="restart as a new run",
        button="Start 1 new run",
    )

    new_id: Annotated[
        str | None,
        Input(
            option="id",
            help="Id of the new run.",
            one_run_only="--id names one run; with --where ids are made up.",
        ),
    ] = None

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Leave the old run as it is: any run can be restarted."""
        return []

    @classmethod
    def allowed(cls, verdicts: Verdicts, branch: Branch | None = None) -> Verdict:
        """Whether the workflow of the run can be started again."""
        return verdicts.restart()
