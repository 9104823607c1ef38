"""The command of each act: derived from its declaration, or from a class that asks for it in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from console.commands import adopt_act, branch_acts, holds, maintenance, retry_act, run_acts
from console.commands.act_command import ActCommand, RunActCommand, StoreActCommand
from console.commands.base import Command
from runtime.acts.base import OperatorAct, RunAct
from runtime.acts.registry import ACTS, act_class

OWN_FORMS: tuple[type[ActCommand], ...] = (
    retry_act.Retry,
    branch_acts.Skip,
    branch_acts.PollNow,
    branch_acts.Send,
    adopt_act.Adopt,
    run_acts.Pause,
    run_acts.Cancel,
    run_acts.Edit,
    run_acts.Restart,
    holds.HoldScope,
    holds.Start,
    holds.Undo,
    maintenance.Schedule,
    maintenance.Prune,
)
"""Acts whose dialog needs more than their arguments; any other has the dialog that its declaration makes."""
BESIDE: Mapping[str, type[Command]] = {"adopt": adopt_act.Find, "undo": holds.StartScheduler}
"""Commands that are no acts and are shown after one, by its verb."""


def act_commands() -> Iterator[type[Command]]:
    """The commands of all acts that a console offers, in the order of the registry."""
    own = {command.act.verb: command for command in OWN_FORMS}
    for verb in ACTS:
        act = act_class(verb)
        assert act is not None
        if act.on_screen is not None:
            yield own.get(verb) or derived(act)
        if verb in BESIDE:
            yield BESIDE[verb]


def derived(act: type[OperatorAct]) -> type[ActCommand]:
    """A command that is what the declaration of its act says."""
    base = RunActCommand if issubclass(act, RunAct) else StoreActCommand
    return type(act.__name__, (base,), {"act": act, "__module__": __name__})
