"""The arguments of acts as they are declared: which are given by people, and how the command line names them."""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

import msgspec

from runtime.acts.base import Input, OperatorAct


@cache
def inputs_of(act: type[OperatorAct]) -> dict[str, Input]:
    """The arguments of an act that people give, by field, in the order they are declared."""
    hints = get_type_hints(act, include_extras=True)
    found = {}
    for name in act.__struct_fields__:
        declared = [note for note in getattr(hints[name], "__metadata__", ()) if isinstance(note, Input)]
        if declared:
            found[name] = declared[0]
    return found


@cache
def _fields(act: type[OperatorAct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {found.name: found for found in msgspec.structs.fields(act)}


def required(act: type[OperatorAct], field: str) -> bool:
    """Whether a field has no default."""
    return _fields(act)[field].required


def default_of(act: type[OperatorAct], field: str) -> Any:
    """The default of a field; `msgspec.NODEFAULT` without one."""
    return _fields(act)[field].default


def option_name(field: str, one: Input) -> str:
    """The option, like `--external-id`."""
    return f"--{one.option or field.replace('_', '-')}"
