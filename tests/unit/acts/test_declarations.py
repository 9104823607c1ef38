"""Every act declares itself once, and what is derived from it fits: its command, its record, its operation."""

from __future__ import annotations

import inspect

import click
import msgspec
import pytest

from console.cli.act_commands import command_of
from console.cli.main import NAMES, cli
from runtime.acts.base import BranchAct, Kind, OperatorAct, RunAct, Scope, StoreAct
from runtime.acts.command_line import template, words_of
from runtime.acts.inputs import inputs_of, required
from runtime.acts.pause import Pause
from runtime.acts.registry import ACTS, act_class, act_of, bulk_verbs, run_acts
from runtime.acts.send import Send
from runtime.clock import ManualClock
from runtime.errors import InvalidInput
from runtime.operations import store_acts


def declared(verb: str) -> type[OperatorAct]:
    found = act_class(verb)
    assert found is not None
    return found


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_says_what_it_is(verb: str) -> None:
    act = declared(verb)
    assert act.verb == verb
    assert (act.__doc__ or "").endswith(".")
    assert issubclass(act, RunAct) is (act.acts_on is not Scope.STORE)
    assert not act.bulk or issubclass(act, RunAct), "only what is given to runs can be given to many"
    if act.on_screen is not None:
        assert act.on_screen.help.endswith(".")


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_cannot_be_changed(verb: str) -> None:
    assert declared(verb).__struct_config__.frozen


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_has_a_command_of_its_own_in_the_help(verb: str) -> None:
    command: click.Command | None = cli
    for name in verb.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    assert command.help == inspect.getdoc(declared(verb))
    assert template(declared(verb)).split()[1] in NAMES


@pytest.mark.parametrize("verb", [v for v in ACTS if issubclass(declared(v), StoreAct)])
def test_an_act_on_the_store_has_an_operation(verb: str) -> None:
    act = declared(verb)
    assert issubclass(act, StoreAct) and store_acts.implemented(act)


@pytest.mark.parametrize("verb", [v for v, act in run_acts().items() if not act.composite])
def test_an_act_on_a_run_has_a_rule(verb: str) -> None:
    assert declared(verb).__dict__.get("apply") is not None


def test_acts_that_may_be_given_to_many_runs() -> None:
    of_the_contract = ["retry", "poll", "pause", "resume", "cancel", "wake", "ack", "skip", "send", "edit", "restart"]
    assert set(of_the_contract) <= set(bulk_verbs())
    assert not {"adopt", "hold", "start"} & set(bulk_verbs())


FITTING: dict[Kind, object] = {Kind.MOMENT: ManualClock().now(), Kind.JSON: {"a": [1, None]}, Kind.FLAG: True}


@pytest.mark.parametrize("verb", bulk_verbs())
def test_an_act_for_later_is_read_as_it_was_stored(verb: str) -> None:
    kind = run_acts()[verb]
    given = {field: FITTING.get(one.kind, "text") for field, one in inputs_of(kind).items()}
    act = kind(**{**given, **({"branch": "main"} if issubclass(kind, BranchAct) else {})})
    stored = msgspec.json.decode(msgspec.json.encode(act.to_stored()))
    assert act_of(verb, stored) == act


def test_arguments_of_another_act_are_refused() -> None:
    with pytest.raises(InvalidInput, match="adopt cannot be carried out later"):
        act_of("adopt", {"branch": "main", "external_id": "j"})
    with pytest.raises(InvalidInput, match="The arguments of wake do not fit"):
        act_of("wake", {"at": "soon"})


def test_the_line_of_an_act_leaves_out_what_goes_without_saying() -> None:
    assert words_of(Pause(), "r") == ("forkjoin", "pause", "r")
    assert words_of(Pause(clocks="run"), "r") == ("forkjoin", "pause", "r", "--clocks", "run")
    assert words_of(Send(event="--go", payload=True, branch="b"), "r") == (
        *("forkjoin", "send", "--payload", "true", "--branch", "b"),
        *("--", "r", "--go"),
    )


@pytest.mark.parametrize("verb", run_acts())
def test_only_acts_that_need_no_other_place_are_given_to_many_runs_on_a_line(verb: str) -> None:
    act = run_acts()[verb]
    offered = "where" in [parameter.name for parameter in command_of(verb).params]
    places = [field for field, one in inputs_of(act).items() if one.positional and required(act, field)]
    on_one_branch = issubclass(act, BranchAct) and required(act, "branch")
    assert offered is (act.bulk and not places and not on_one_branch)
