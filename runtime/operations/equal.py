"""The command line that does what an act did, in words that a shell and the command line take as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.model.act import Act
from runtime.safe_text import json_text

Words = tuple[str, ...]
_ON_BRANCH = frozenset({"retry", "skip", "poll", "ack", "adopt", "find", "send"})
"""Acts whose branch is part of their target."""
_JSON = frozenset({"result", "payload", "state"})
"""Options whose values are JSON, text too."""


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
        run, _, branch = act.target.partition("/") if act.verb in _ON_BRANCH else (act.target, "", "")
        words = _with_options(act.verb, run, str(plan.pop("branch", None) or branch), plan)
    return None if words is None else ("forkjoin", *inserted(words, reason))


def inserted(words: Words, options: Words) -> Words:
    """A command with more options, before what follows a double dash."""
    end = words.index("--") if "--" in words else len(words)
    return (*words[:end], *options, *words[end:])


def _with_options(verb: str, target: str, branch: str, plan: Mapping[str, Any]) -> Words:
    named = {k: v for k, v in plan.items() if k not in ("part_of", "event")}
    options = tuple(word for name, value in named.items() for word in _option(name, value))
    if verb == "send":
        event = str(plan.get("event", ""))
        chosen = ("--branch", branch) if branch else ()
        if event.startswith("-"):  # It would be taken for an option.
            return (verb, *chosen, *options, "--", target, event)
        return (verb, target, event, *chosen, *options)
    return (*verb.split(), *((target,) if target else ()), *((branch,) if branch else ()), *options)


def _option(name: str, value: Any) -> Words:
    option = f"--{name.replace('_', '-')}"
    if value is None or value is False or value == "":
        return ()
    if value is True and name not in _JSON:
        return (option,)
    return (option, value if isinstance(value, str) and name not in _JSON else json_text(value, indent=None))


def _bulk(plan: Mapping[str, Any]) -> Words:
    verb, arguments = str(plan.get("verb", "")), dict(plan.get("arguments", {}))
    branch = str(arguments.pop("branch", None) or "")
    words = _with_options(verb, "", branch, arguments)
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
