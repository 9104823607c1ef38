"""Bulk acts whose scheduler dies at a bad moment: every run is acted on once, and what was stopped stays stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.acts.registry import act_of
from runtime.assembly.runtime import Runtime
from runtime.errors import StoreUnavailable
from runtime.model.act import Act
from runtime.operations.bulk import Batch
from tests.scheduling import opened

VERBS: list[tuple[str, dict[str, Any]]] = [
    ("edit", {"state": {"userId": "u", "updatedFields": []}}),
    ("pause", {}),
    ("restart", {}),
    ("cancel", {}),
    ("ack", {"note": "seen"}),
]


def accept(runtime: Runtime, verb: str, arguments: Mapping[str, Any]) -> Act:
    runtime.commands.start("profile_update", run_id="r", count=4)
    batch = Batch(runs=runtime.queries.runs(sort="id"), where="status=pending", rate=3)
    receipt = runtime.commands.bulk(act_of(verb, arguments), batch, reason="drill")
    assert receipt.act is not None
    return receipt.act


def stored(runtime: Runtime, act: Act) -> Act:
    found = runtime.store.acts.get(act.id)
    assert found is not None
    return found


def refuse_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store goes away right before it is written down how far a bulk act came."""
    write = runtime.store.acts.put

    def away(act: Act) -> Act:
        if act.verb != "bulk":
            return write(act)
        monkeypatch.setattr(runtime.store.acts, "put", write)
        raise StoreUnavailable("The server does not answer.")

    monkeypatch.setattr(runtime.store.acts, "put", away)


@pytest.mark.parametrize(("verb", "arguments"), VERBS)
def test_runs_are_acted_on_once_although_it_was_not_written_down_how_far_it_came(
    verb: str, arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as runtime:
        act = accept(runtime, verb, arguments)
        refuse_once(runtime, monkeypatch)
        with pytest.raises(StoreUnavailable):
            runtime.commands.carry_out(act)
        assert (stored(runtime, act).arguments or {})["next"] == 0, "three runs were acted on, but nobody knows"
        for _ in range(2):
            runtime.commands.carry_out(stored(runtime, act))
        assert stored(runtime, act).outcome == "carried out"
        assert stored(runtime, act).after == {"accepted": 4, "refused": 0}
        names = [f"r-{n:04d}" for n in range(1, 5)]
        if verb == "restart":
            assert sorted(r.restarted_from or "" for r in runtime.store.runs.query() if r.restarted_from) == names
        else:
            assert [[a.verb for a in runtime.store.acts.newest(target=name)] for name in names] == [[verb]] * 4


def test_a_store_that_goes_away_refuses_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as runtime:
        act = accept(runtime, "edit", VERBS[0][1])

        def away(*_: object, **__: object) -> list[str]:
            raise StoreUnavailable("The server does not answer.")

        with monkeypatch.context() as patch:
            patch.setattr(runtime.store.runs, "save", away)
            with pytest.raises(StoreUnavailable):
                runtime.commands.carry_out(act)
        for _ in range(2):
            runtime.commands.carry_out(stored(runtime, act))
        assert stored(runtime, act).after == {"accepted": 4, "refused": 0}


def test_a_bulk_act_stopped_while_its_runs_are_acted_on_stays_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as runtime:
        act = accept(runtime, "edit", VERBS[0][1])
        save = runtime.store.runs.save

        def stopping(*saves: Any, **how: Any) -> list[str]:
            monkeypatch.setattr(runtime.store.runs, "save", save)
            runtime.commands.bulk_stop(act.id)
            return save(*saves, **how)

        monkeypatch.setattr(runtime.store.runs, "save", stopping)
        runtime.commands.carry_out(act)
        assert stored(runtime, act).outcome.startswith("stopped")
        assert not runtime.store.acts.due(runtime.clock.now())


def test_an_act_given_for_later_is_carried_out_once_by_two_that_try(tmp_path: Path) -> None:
    with opened(tmp_path) as runtime:
        runtime.commands.start("profile_update", run_id="r")
        for verb, arguments in [*VERBS[:1], ("restart", {})]:
            receipt = runtime.commands.later(act_of(verb, arguments), "r", 0)
            assert receipt.act is not None
            runtime.commands.carry_out(receipt.act)
            runtime.commands.carry_out(receipt.act)
        kinds = [entry.message for entry in runtime.store.ledger.history("r") if entry.kind == "act"]
        assert len(kinds) == 1
        assert len(runtime.store.runs.query()) == 2, "the run and its one restart"
