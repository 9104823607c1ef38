"""The command line that does what an act did, in words that a shell and the command line take as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.acts.base import Json, Scope
from runtime.acts.command_line import Words, inserted, recorded_words
from runtime.acts.inputs import inputs_of
from runtime.acts.registry import act_class
from runtime.model.act import Act
from runtime.safe_text import json_text


def equal_command(act: Act) -> Words | None:
    """The equal command; None where no single line says the same."""
    plan = dict(act.arguments or {})
    reason = ("--reason", act.reason) if act.reason else ()
    words: Words | None
    if act.verb == "bulk":
        words = _bulk(plan)
    elif act.verb in ("start", "restart"):
        words = _start(act, plan)
    elif act.verb == "prune":
        spans = ("--older-than", f"{plan['older_than']:.0f} seconds") if "older_than" in plan else None
        words = None if spans is None else ("prune", *spans, *(("--failed",) if plan.get("failed") else ()))
    elif act.verb == "adopt" and act.target.startswith("system="):
        words = ("store", "adopt", act.target.removeprefix("system="), "--yes")
    else:
        kind = act_class(act.verb)
        on_branch = kind is not None and kind.acts_on is Scope.BRANCH
        run, _, branch = act.target.partition("/") if on_branch else (act.target, "", "")
        words = _given(act.verb, run, str(plan.pop("branch", None) or branch), plan)
    return None if words is None else ("forkjoin", *inserted(words, reason))


def _given(verb: str, target: str, branch: str, plan: Mapping[str, Json]) -> Words:
    """The line of an act on a target, none for one over many runs, with the arguments it was recorded with."""
    kind = act_class(verb)
    declared = inputs_of(kind) if kind is not None else {}
    arguments = {field: value for field, value in plan.items() if field != "part_of"}
    places = [target] if target else []
    places += [str(arguments.pop(f)) for f, one in declared.items() if one.positional and f in arguments]
    if branch and "branch" in declared:
        arguments = {"branch": branch, **arguments}
    elif branch:
        places.append(branch)
    return recorded_words(verb, kind, tuple(places), arguments)


def _bulk(plan: Mapping[str, Any]) -> Words:
    verb, arguments = str(plan.get("verb", "")), dict(plan.get("arguments", {}))
    branch = str(arguments.pop("branch", None) or "")
    words = _given(verb, "", branch, arguments)
    rate = plan.get("rate")
    many = ("--where", str(plan.get("where", "")), *(("--canary",) if plan.get("canary") else ()))
    return inserted(words, (*many, *(("--rate", f"{rate:g}") if rate else ())))


def _start(act: Act, plan: Mapping[str, Any]) -> Words | None:
    if act.verb == "restart" and plan.get("restarted_from"):
        return ("restart", str(plan["restarted_from"]), "--id", act.target)
    flow = str(plan.get("flow", ""))
    simulate = ("--simulate",) if plan.get("simulate") else ()
    if plan.get("runs", 1) == 1:
        state = ("--state", json_text(plan["state"], indent=None)) if plan.get("state") else ()
        labels = tuple(word for k, v in dict(plan.get("labels") or {}).items() for word in ("--label", f"{k}={v}"))
        return ("start", flow, "--id", act.target, *state, *labels, *simulate)
    return None
