"""The form of an act made of its declaration: choices, fields, their values, and the options of the equal command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.dialogs.act_form import Answers, Field, Option
from runtime.acts.base import Input, Kind, OperatorAct
from runtime.acts.command_line import Words, option_words
from runtime.acts.inputs import default_of, inputs_of, option_name, required
from runtime.durations import seconds
from runtime.errors import InvalidInput


@dataclass(frozen=True)
class DeclaredForm:
    """What a dialog asks for the arguments of a kind of act that have no place in what is under the cursor."""

    act: type[OperatorAct]
    now: Callable[[], datetime]

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The arguments that are asked for, by field: those that what is under the cursor does not fill in."""
        found = inputs_of(self.act)
        return {f: one for f, one in found.items() if "{" not in one.example and not one.one_run_only and f != "branch"}

    @property
    def choice(self) -> str:
        """The field whose values are choices of the dialog: the first with choices; empty without one."""
        return next((f for f, one in self.inputs.items() if one.choices), "")

    @property
    def options_label(self) -> str:
        """The label of the choices."""
        return self.choice.capitalize() or "Intent"

    @property
    def options(self) -> tuple[Option, ...]:
        """The choices."""
        if not self.choice:
            return ()
        one = self.inputs[self.choice]
        return tuple(Option(c, m) for c, m in zip(one.choices, one.meanings or one.choices, strict=True))

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is filled in."""
        return tuple(_field(self.act, f, one) for f, one in self.inputs.items() if f != self.choice)

    def values(self, answers: Answers) -> dict[str, Any]:
        """The arguments that were answered; InvalidInput for a text that cannot be read."""
        typed = {f: answers.values.get(f, _preset(one)) for f, one in self.inputs.items() if f != self.choice}
        found = {f: _read(v, self.inputs[f].kind, self.now) for f, v in typed.items() if v not in ("", None)}
        if self.choice and answers.option:
            found[self.choice] = answers.option
        return found

    def options_of_line(self, answers: Answers) -> Words:
        """The options of the equal command: what was typed, as it was typed."""
        words: list[str] = []
        for field, one in self.inputs.items():
            if one.positional:
                continue
            value = answers.option if field == self.choice else answers.values.get(field, _preset(one))
            if one.required or value not in (default_of(self.act, field), None, ""):
                name = option_name(field, one)
                words += option_words(field, one.kind is Kind.JSON, value, name, always=one.required)
        return tuple(words)

    def places_of_line(self, answers: Answers) -> Words:
        """The arguments of the equal command that are no options."""
        asked = [field for field, one in self.inputs.items() if one.positional]
        return tuple(str(answers.values.get(field) or field.upper()) for field in asked)


def _field(act: type[OperatorAct], field: str, one: Input) -> Field:
    label = one.label or field.replace("_", " ")
    needed = one.required or required(act, field)
    if one.kind is Kind.FLAG:
        return Field(field, label, "choice", preset="false", choices=("false", "true"), hint=one.hint or one.help)
    if one.kind in (Kind.JSON, Kind.OBJECT):
        return Field(field, label, "json", required=needed, hint=one.hint or "JSON")
    return Field(field, label, "text", required=needed, preset=_preset(one), hint=one.hint or one.help)


def _preset(one: Input) -> str:
    """What is filled in to begin with."""
    return one.example if one.kind in (Kind.MOMENT, Kind.SPAN) else ""


def _read(value: Any, kind: Kind, now: Callable[[], datetime]) -> Any:
    if kind not in (Kind.MOMENT, Kind.SPAN):
        return value
    try:
        span = timedelta(seconds=seconds(str(value)))
        return span if kind is Kind.SPAN else now() + span
    except InvalidInput:
        raise InvalidInput(f"{value} is no span; write it like 30s, 5m or 2 hours.") from None
