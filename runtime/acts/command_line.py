"""The command line of an act, made of its declaration, in words that are accepted as they stand."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.acts.base import BranchAct, Json, Kind, OperatorAct, RunAct
from runtime.acts.inputs import default_of, inputs_of, option_name, required
from runtime.safe_text import json_text

Words = tuple[str, ...]


def template(act: type[OperatorAct]) -> str:
    """The line with `{run}`, `{branch}` and `{subject}` where they are to be filled in.

    A word in capitals stands for an argument that only people know.
    """
    words = ["forkjoin", act.verb]
    if issubclass(act, RunAct):
        words.append("{run}")
    if issubclass(act, BranchAct) and required(act, "branch"):
        words.append("{branch}")
    for field, one in inputs_of(act).items():
        example = one.example or (field.upper() if one.kind is not Kind.JSON else "JSON")
        if one.positional:
            words.append(example)
        elif one.required or one.example:
            words += [option_name(field, one), example]
    return " ".join([*words, *(["--reason", "TEXT"] if act.needs_reason else [])])


def words_of(act: RunAct, run_id: str) -> Words:
    """The line that gives just this act to a run; what is at its default is left out unless it must be given."""
    kind = type(act)
    options: list[str] = []
    places = [run_id]
    if isinstance(act, BranchAct) and act.branch is not None:
        places.append(act.branch)
    for field, one in inputs_of(kind).items():
        value = getattr(act, field)
        if one.positional:
            places.append(str(value))
        elif one.required or value != default_of(kind, field):
            options += option_words(field, one.kind is Kind.JSON, value, option_name(field, one), always=one.required)
    return ("forkjoin", act.verb, *placed(tuple(places), tuple(options)))


def option_words(field: str, is_json: bool, value: Json, option: str, *, always: bool = False) -> Words:
    """An option with its value; nothing for what stands for none, unless it is `always` given."""
    if not always and (value is None or value is False or value == ""):
        return ()
    if value is True and not is_json:
        return (option,)
    return (option, value if isinstance(value, str) and not is_json else json_text(value, indent=None))


def recorded_words(verb: str, kind: type[OperatorAct] | None, places: Words, arguments: Mapping[str, Json]) -> Words:
    """The line of an act from the arguments it was recorded with, defaults and all."""
    declared = inputs_of(kind) if kind is not None else {}
    options: list[str] = []
    for field, value in arguments.items():
        one = declared.get(field)
        name = option_name(field, one) if one is not None else f"--{field.replace('_', '-')}"
        options += option_words(field, one is not None and one.kind is Kind.JSON, value, name)
    return (*verb.split(), *placed(places, tuple(options)))


def placed(places: Words, options: Words) -> Words:
    """Arguments and options in the order in which they are read as what they are."""
    if any(place.startswith("-") for place in places):  # It would be taken for an option.
        return (*options, "--", *places)
    return (*places, *options)


def inserted(words: Words, options: Words) -> Words:
    """A command with more options, before what follows a double dash."""
    end = words.index("--") if "--" in words else len(words)
    return (*words[:end], *options, *words[end:])
