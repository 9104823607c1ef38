"""What a dialog asks before an act: the same record for every act, so that all of them look and behave alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.acts.command_line import inserted
from runtime.shell_line import shell_line

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.records import Question, Receipt


@dataclass(frozen=True)
class Option:
    """One of several ways."""

    value: str
    text: str
    problem: str = ""
    """That it is not possible, or not needed, now, and why; empty if it is possible."""


@dataclass(frozen=True)
class Field:
    """Something to fill in."""

    name: str
    label: str
    kind: str = "text"
    """text, json or choice."""
    required: bool = False
    preset: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""
    text_only: bool = False
    """For a JSON field: only a text may be meant, so that it needs no quotes."""


@dataclass(frozen=True)
class Answers:
    """What was chosen and filled in."""

    option: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By field; JSON fields as the values they mean."""
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """An act before it is given."""

    title: str
    do: str
    """The right button: what it does."""
    rehearse: Callable[[Runtime, Answers], Receipt]
    """A dry run; its effects are shown, its refusal says why not."""
    carry_out: Callable[[Runtime, Answers], Receipt]
    command: Callable[[Answers], tuple[str, ...]]
    """The equal command, as words."""
    facts: tuple[tuple[str, str], ...] = ()
    """Labels and sentences: what is acted on."""
    keep: str = "Keep as it is"
    options_label: str = "Intent"
    options: tuple[Option, ...] = ()
    preset: str = ""
    fields: tuple[Field, ...] = ()
    reason_needed: bool = False
    number: int = 0
    """How many runs are concerned; above 20 the number must be typed."""
    ask: tuple[str, str] | None = None
    """Run and branch of which the scheduler is to ask the external system."""
    ask_kind: str = "status"
    """What it is to ask: status, or find."""
    fill: Callable[[Question], Mapping[str, str]] | None = None
    """What the answer brings for fields that are still empty."""
    asked: Callable[[Question], tuple[tuple[Option, ...], str]] | None = None
    """The options that the answer leaves, and the one to begin with."""
    kept: str = ""
    """What is said besides, where it is refused: what was written is not lost."""
    finished: Callable[[Receipt], object] | None = None
    """Called in the app's thread when the act was accepted."""


TYPE_ABOVE = 20


def shell(words: tuple[str, ...]) -> str:
    """A command line that can be pasted into a shell."""
    return shell_line(words)


def with_reason(words: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
    """The command with `--reason`, if one was given."""
    if not answers.reason:
        return words
    return inserted(words, ("--reason", answers.reason))
