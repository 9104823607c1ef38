"""The arguments of acts on the command line: options made of their declarations, and values read of their texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from console.cli.bounds import ACT_NUMBER, COUNT
from console.cli.json_input import json_argument, object_argument, read_json
from console.cli.session import session
from runtime.acts.base import Input, Kind, OperatorAct
from runtime.acts.inputs import default_of, inputs_of, option_name, required
from runtime.acts.start import NewRun
from runtime.errors import InvalidInput
from runtime.safe_text import clean

F = TypeVar("F", bound=Callable[..., Any])
TYPES: Mapping[Kind, click.ParamType[int]] = {Kind.ACT: ACT_NUMBER, Kind.COUNT: COUNT}


def option_of(act: type[OperatorAct], field: str, one: Input) -> Callable[[F], F]:
    """The option, or argument, of the command line for a field of an act."""
    if one.positional:
        return click.argument(field, type=TYPES.get(one.kind), required=required(act, field))
    flag = option_name(field, one)
    if one.kind is Kind.FLAG:
        return click.option(flag, field, is_flag=True, help=one.help or None)
    if one.choices:
        default = default_of(act, field)
        choice = click.Choice(list(one.choices))
        return click.option(flag, field, default=default, type=choice, show_default=True, help=one.help or None)
    if one.default is not None:
        return click.option(flag, field, default=one.default, help=one.help or None)
    # Without a default, not even None: an option that has one is never missing.
    return click.option(
        flag,
        field,
        required=one.required,
        type=TYPES.get(one.kind),
        multiple=one.kind is Kind.LABELS,
        metavar=one.shown or None,
        help=one.help or None,
    )


def read(act: type[OperatorAct], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the arguments that were given as text; InvalidInput for one that cannot be read."""
    declared = inputs_of(act)
    return {
        field: _value(value, declared[field].kind, option_name(field, declared[field])) if field in declared else value
        for field, value in given.items()
        if value is not None
    }


def _value(given: Any, kind: Kind, option: str) -> Any:
    if kind is Kind.JSON:
        return json_argument(given, option)
    if kind is Kind.OBJECT:
        return object_argument(given, option)
    if kind is Kind.MOMENT:
        return moment_of(given, session().runtime.clock.now())
    if kind is Kind.SPAN:
        from runtime.durations import seconds

        return timedelta(seconds=seconds(given))
    if kind is Kind.LABELS:
        return labels_of(given)
    if kind is Kind.RUNS:
        return tuple(each_of(given))
    return given


def moment_of(text: str, now: datetime) -> datetime:
    """The moment that `--at` names; InvalidInput for a text that is none."""
    from runtime.durations import seconds

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now + timedelta(seconds=seconds(text))
        except InvalidInput:
            raise InvalidInput(f"--at {text} is neither an ISO 8601 moment nor a span like 5m.") from None
        except OverflowError:
            raise InvalidInput(f"--at {text} leads beyond the year 9999.") from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"--at {text} lies beyond the years 1 to 9999.") from None


def labels_of(given: tuple[str, ...]) -> dict[str, str]:
    """Labels from `k=v`; InvalidInput for anything else."""
    labels = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--label {text} must be k=v.")
        labels[name] = value
    return labels


def each_of(path: str) -> list[NewRun]:
    """One run for each line of a file: a JSON object with id, state, labels."""
    runs = []
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"--each {path} cannot be read: {problem}.") from problem
    for number, line in enumerate(lines, 1):
        entry = read_json(line, f"{clean(path)}, line {number}")
        if not isinstance(entry, Mapping) or set(entry) - {"id", "state", "labels"}:
            raise InvalidInput(f"{clean(path)}, line {number} must be an object with id, state and labels.")
        run_id, state, labels = entry.get("id"), entry.get("state"), entry.get("labels")
        fits = {
            "id": run_id is None or isinstance(run_id, str),
            "state": state is None or isinstance(state, Mapping),
            "labels": labels is None
            or (isinstance(labels, Mapping) and all(isinstance(v, str) for v in labels.values())),
        }
        for key in (key for key, well in fits.items() if not well):
            wanted = {"id": "text", "state": "an object", "labels": "an object of texts"}[key]
            raise InvalidInput(f"{clean(path)}, line {number}: {key} must be {wanted}.")
        runs.append(NewRun(run_id, state or {}, labels or {}))
    return runs
