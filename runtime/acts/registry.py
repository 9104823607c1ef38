"""Every act there is: a new one is a file and a line here. The files are imported only when an act is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from runtime.errors import InvalidInput

if TYPE_CHECKING:
    from runtime.acts.base import OperatorAct, RunAct

ACTS: Mapping[str, str] = {
    "retry": "retry:Retry",
    "skip": "skip:Skip",
    "poll": "poll:Poll",
    "send": "send:Send",
    "adopt": "adopt:Adopt",
    "pause": "pause:Pause",
    "resume": "resume:Resume",
    "cancel": "cancel:Cancel",
    "wake": "wake:Wake",
    "ack": "ack:Acknowledge",
    "edit": "edit:Edit",
    "restart": "restart:Restart",
    "hold": "hold:HoldScope",
    "release": "release:Release",
    "start": "start:Start",
    "undo": "undo:Undo",
    "schedule enable": "schedule:EnableSchedule",
    "schedule disable": "schedule:DisableSchedule",
    "bulk stop": "stop_bulk:StopBulk",
    "prune": "prune:Prune",
    "store adopt": "adopt_home:AdoptHome",
}
"""Where the act of each verb is, in the order a console offers them."""


@cache
def act_class(verb: str) -> type[OperatorAct] | None:
    """The act with this verb; None if there is none."""
    if verb not in ACTS:
        return None
    module, _, name = ACTS[verb].partition(":")
    found: type[OperatorAct] = getattr(import_module(f"runtime.acts.{module}"), name)
    return found


@cache
def run_acts() -> Mapping[str, type[RunAct]]:
    """The acts on runs and branches, by verb."""
    from runtime.acts.base import RunAct

    found = {verb: act_class(verb) for verb in ACTS}
    return {verb: act for verb, act in found.items() if act is not None and issubclass(act, RunAct)}


def bulk_verbs() -> list[str]:
    """Verbs of the acts that may be carried out later and on many runs, sorted."""
    return sorted(verb for verb, act in run_acts().items() if act.bulk)


def act_of(verb: str, arguments: Mapping[str, Any]) -> RunAct:
    """The act that is stored as this verb with these arguments.

    Raises:
        InvalidInput: No such act may be carried out later, or the arguments are not its own.
    """
    kind = run_acts().get(verb)
    if kind is None or not kind.bulk:
        raise InvalidInput(f"{verb} cannot be carried out later.")
    try:
        return msgspec.convert(dict(arguments), kind)
    except msgspec.ValidationError as problem:
        raise InvalidInput(f"The arguments of {verb} do not fit: {problem}.") from problem
