"""A store that goes away in the middle of an act: what is said of the act is true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from runtime.acts.cancel import Cancel
from runtime.assembly.runtime import Runtime, open_runtime
from runtime.errors import StoreAway, Unconfirmed
from runtime.settings import Settings


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    made = open_runtime(Settings.load({"store": str(tmp_path)}, env={"HOME": str(tmp_path)}))
    yield made
    made.close()


def away(*_: object, **__: object) -> NoReturn:
    raise StoreAway("The server does not answer. Nothing was saved.", store="db", cause="gone")


def cut(*_: object, **__: object) -> NoReturn:
    raise Unconfirmed("It is not known whether it was saved.", transaction="7")


def test_an_act_that_was_half_saved_says_which_half(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.commands.hold("all")
    monkeypatch.setattr(runtime.store.due_runs, "wake", away)
    with pytest.raises(Unconfirmed) as told:
        runtime.commands.release("all")
    assert told.value.partly == "The hold on all is released"
    assert told.value.message.startswith("The hold on all is released, but the rest of it may not be saved")
    assert not runtime.store.holds.all()


def test_an_act_that_was_cut_off_can_be_looked_for(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Unconfirmed) as told:
        patch.setattr(runtime.store.holds, "put", cut)
        runtime.commands.hold("all", reason="outage")
    assert (told.value.act.verb, told.value.act.target, told.value.transaction) == ("hold", "all", "7")
    assert runtime.queries.recorded(told.value.act, "7") is None
    numbered = runtime.store.acts.put(told.value.act)
    assert runtime.queries.recorded(told.value.act, "7") == numbered


def test_an_act_that_was_saved_is_accepted_though_the_store_is_away_right_after(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.commands.start("release_approval", run_id="a")
    monkeypatch.setattr(runtime.store.acts, "newest", away)
    assert runtime.commands.cancel("a").message == "cancel a: accepted."
    assert runtime.json_views.show("a")["status"] == "cancelled"


def test_an_act_is_not_refused_because_the_store_is_away(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.commands.start("release_approval", run_id="a")
    act = runtime.commands.later(Cancel(), "a", 0).act
    assert act is not None
    with monkeypatch.context() as patch, pytest.raises(StoreAway):
        patch.setattr(runtime.store.runs, "save", away)
        runtime.commands.carry_out(act)
    assert runtime.store.acts.get(act.id) == act, "it stays due"
    runtime.commands.carry_out(act)
    assert runtime.json_views.show("a")["status"] == "cancelled"
