"""What every operator act declares: arguments, what it acts on, its rule, flags and words.

An act is a frozen record: its fields are the arguments, its class attributes the declaration. Console, command line,
bulk acts, later acts and dry runs are derived from both, so that nobody else states them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias

import msgspec

from runtime.engine.draft import Draft
from runtime.engine.repair.allowed import Verdict, Verdicts
from runtime.model.branch import Branch

Json: TypeAlias = Any
"""A JSON value that an operator gives; the rule of the act checks it against the schema of the flow."""


class Scope(StrEnum):
    """What an act is given to."""

    RUN = "run"
    BRANCH = "branch"
    """A run, and a branch of it; acts that can do without one then mean every branch that needs them."""
    STORE = "store"


class Kind(StrEnum):
    """How the text of an argument is read."""

    TEXT = "text"
    JSON = "json"
    """JSON, or `@file` that holds it."""
    MOMENT = "moment"
    """An ISO 8601 moment, or a span from now."""
    SPAN = "span"
    """A duration, like 30d."""
    ACT = "act"
    """The number of an act."""
    FLAG = "flag"
    OBJECT = "object"
    """A JSON object, or `@file` that holds it; nothing is an empty one."""
    LABELS = "labels"
    """`name=value`, as often as wanted."""
    COUNT = "count"
    """How many runs."""
    RUNS = "runs"
    """A file with the id, state and labels of a run in each line."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """How the command line asks for an argument; written beside the type of a field."""

    help: str = ""
    option: str = ""
    """Its name, where that is not the name of the field."""
    kind: Kind = Kind.TEXT
    label: str = ""
    """How a form names it, where that is not the name of the field."""
    hint: str = ""
    """What a form says where nothing is filled in."""
    choices: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    """What a form says of each choice."""
    example: str = ""
    """A value in the line that stands for the act, or `{run}` or `{subject}` for what is under the cursor."""
    shown: str = ""
    """How the usage names its value."""
    positional: bool = False
    required: bool = False
    default: str | None = None
    """The text that stands for what is left out."""
    one_run_only: str = ""
    """Why it cannot be given for many runs; empty where it can."""


class OnScreen(msgspec.Struct, frozen=True, kw_only=True):
    """How a console offers an act."""

    help: str
    """A sentence of the key help."""
    id: str = ""
    """Its name in the settings file, where that is not the verb."""
    key: str = ""
    """The default key, as Textual names it; settings may remap it."""
    label: str = ""
    """The footer's word."""
    screens: frozenset[str] = msgspec.field(default_factory=frozenset)
    """Screens it belongs to; empty: all."""
    does: str = ""
    """What it does to what is under the cursor, where the verb does not say it."""
    many: str = ""
    """What it does to all marked runs, with `{many}`."""
    alone: bool = False
    """Whether it is given to the run under the cursor alone, whatever is marked."""
    whole_run: bool = False
    """Whether it is given to the run, though it could be given to the branch under the cursor."""
    nothing: str = ""
    """What is said where nothing that it could be given to is under the cursor."""
    title: str = ""
    """The title of its dialog with `{run}` or `{subject}`, where the verb does not make it."""
    button: str = ""
    """What the button that does it says."""
    keep: str = "Keep as it is"
    """What the button that leaves everything says."""


class OperatorAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act with its arguments. The docstring of a kind of act is the help of its command line."""

    verb: ClassVar[str]
    """The name under which it is recorded, and its command."""
    acts_on: ClassVar[Scope]
    bulk: ClassVar[bool] = False
    """Whether it may be stored and carried out later, on one run or on many."""
    undoable: ClassVar[bool] = False
    """Whether a console gives it for later, so that it can be taken back for some seconds."""
    at_once: ClassVar[bool] = False
    """Whether it is done when it is recorded, with nothing left for a scheduler to carry out."""
    reaches_out: ClassVar[bool] = False
    """Whether work is started or polled because of it, by whoever wakes the run, with the variables of that process."""
    begins_store: ClassVar[bool] = False
    """Whether it makes a store where there is none."""
    needs_reason: ClassVar[str] = ""
    """Why a reason must be given; empty where none need be."""
    on_screen: ClassVar[OnScreen | None] = None
    """How a console offers it; None where it does not."""

    def recorded(self) -> Mapping[str, Json]:
        """The arguments as they are stored with the act; where it acts is stored as its target."""
        return {name: _stored(value) for name, value in msgspec.structs.asdict(self).items() if name != "branch"}

    def to_stored(self) -> Mapping[str, Json]:
        """The arguments as they are stored with an act for later, and `act_of` reads them; None is left out."""
        found = msgspec.structs.asdict(self)
        return {name: _stored(value) for name, value in found.items() if value is not None}


class RunAct(OperatorAct, frozen=True, kw_only=True):
    """An act on one run: a pure rule changes a draft of it, or refuses with a sentence."""

    acts_on: ClassVar[Scope] = Scope.RUN
    makes_run: ClassVar[bool] = False
    """Whether it makes a new run, rather than change the one it is given."""
    composite: ClassVar[bool] = False
    """Whether it saves more than the run itself, so that an operation of its own carries it out."""

    @property
    def branch_named(self) -> str | None:
        """The branch it is given to, as the operator names it; None for the run as a whole."""
        return None

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Change the draft; gives sentences about the effect.

        Raises:
            ForkjoinError: The rule refuses, or an argument does not fit.
        """
        raise NotImplementedError

    def before(self, draft: Draft) -> Mapping[str, Json] | None:
        """What the record keeps of the run as it was; None for what an operator sees of it."""
        return None

    @classmethod
    def sample(cls, draft: Draft, branch: Branch | None) -> Self:
        """The act with arguments that stand for any that fit: by them `allowed` judges."""
        return cls()

    @classmethod
    def allowed(cls, verdicts: Verdicts, branch: Branch | None = None) -> Verdict:
        """Whether the rule accepts the act on this run, or branch, as it stands; input is taken as if it fitted."""
        key = (cls.verb, branch.id if branch is not None else "")
        return verdicts.judge(key, lambda draft: cls.sample(draft, branch).apply(draft, branch))


class BranchAct(RunAct, frozen=True, kw_only=True):
    """An act on one branch of a run, or on all that need it where none is named."""

    acts_on: ClassVar[Scope] = Scope.BRANCH
    branch: str | None = None

    @property
    def branch_named(self) -> str | None:
        """The branch it is given to, as the operator names it."""
        return self.branch


class StoreAct(OperatorAct, frozen=True, kw_only=True):
    """An act on more than a run; the operation of the same name carries it out."""

    acts_on: ClassVar[Scope] = Scope.STORE


def _stored(value: Json) -> Json:
    return value.isoformat() if isinstance(value, datetime) else value


__all__ = [
    "BranchAct",
    "Input",
    "Json",
    "Kind",
    "OnScreen",
    "OperatorAct",
    "RunAct",
    "Scope",
    "StoreAct",
    "Verdict",
    "Verdicts",
]
