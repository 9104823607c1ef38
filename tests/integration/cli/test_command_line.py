"""The command line as an operator meets it: what it prints, what it refuses, its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.cli.main import run as command
from tests.scheduling import drive

Forkjoin = Callable[..., tuple[int, str, str]]


@pytest.fixture
def forkjoin(location: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Forkjoin:
    monkeypatch.setenv("FORKJOIN_STORE", location)

    def call(*words: str) -> tuple[int, str, str]:
        code = command(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def shown(forkjoin: Forkjoin, *words: str) -> Any:
    code, out, err = forkjoin(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_started_run_is_listed_and_shown_with_the_keys_of_the_contract(forkjoin: Forkjoin) -> None:
    started = shown(forkjoin, "start", "profile_update", "--id", "p", "--label", "env=prod")
    keys = (
        "id flow status revision simulated state results labels created_at updated_at ended_at next_wake_at failure "
        "failed_branches branches joins"
    )
    assert set(keys.split()) <= set(started)
    assert (started["id"], started["status"], started["labels"]["env"]) == ("p", "pending", "prod")
    branch = started["branches"][0]
    wanted = (
        "id path step_id status attempt external_system external_id idempotency_key observation last_polled_at "
        "next_poll_at polls result failure name visit waiting_for steps"
    )
    assert set(wanted.split()) <= set(branch)
    (listed,) = shown(forkjoin, "list", "--label", "env=prod")
    assert "branch_counts" in listed
    assert not {"state", "results", "branches", "joins"} & set(listed)
    assert shown(forkjoin, "list", "--status", "failed") == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "nobody"), 3, "There is no run nobody"),
        (("start", "nothing"), 3, "There is no workflow"),
        (("start", "profile_update", "--id", "../x"), 2, "no run id"),
        (("start", "profile_update", "--state", "{"), 2, "not JSON"),
        (("start", "profile_update", "--state", "[]"), 2, "JSON object"),
        (("start", "profile_update", "--state", '{"userId": 5}'), 2, "globalStateSchema"),
        (("start", "profile_update", "--id", "p"), 4, "taken"),
        (("start", "profile_update", "--reason", "caf\udce9"), 2, "no text in UTF-8"),
        (("retry", "p"), 4, "Nothing to retry"),
        (("retry", "p", "--revision", "9"), 4, "revision 1, you saw 9"),
        (("retry", "p", "nobranch"), 3, "no branch nobranch"),
        (("retry", "--where", " "), 2, "must not be empty"),
        (("skip", "p", "main", "--result", "{}"), 2, "--reason"),
        (("send", "p", "approve"), 3, "waits for no event"),
        (("resume", "p"), 4, "neither paused nor failed"),
        (("release", "all"), 4, "not held"),
        (("hold", "everything"), 2, "no scope"),
        (("hold", "run=nobody"), 3, "There is no run nobody"),
        (("undo", "99"), 3, "no act 99"),
        (("poll", "p"), 4, "Nothing to poll"),
        (("list", "--where", "wake<5"), 2, "needs a unit, like wake<5m"),
        (("list", "--where", "is:blue"), 2, "there is no is:blue"),
        (("list", "--after", "nobody"), 3, "no run nobody"),
        (("edit", "p", "--state", '{"userId": 5}'), 2, "globalStateSchema"),
        (("validate", "/nowhere.json"), 2, ""),
        (("cancel", "p", "--read-only"), 4, "read-only"),
        (("--read-only", "scheduler"), 4, "read-only"),
        (("prune", "--older-than", "1d", "--read-only"), 4, "read-only"),
        (("schedule", "enable", "profile_update"), 4, "no metadata.schedule"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_the_right_code(
    forkjoin: Forkjoin, words: tuple[str, ...], code: int, sentence: str
) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    before = shown(forkjoin, "show", "p")
    got, out, err = forkjoin(*words)
    assert got == code, out + err
    assert sentence in err
    assert "Traceback" not in err
    assert shown(forkjoin, "show", "p") == before


def test_a_dry_run_says_the_effect_and_records_nothing(forkjoin: Forkjoin) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    for words in (("cancel", "p"), ("pause", "p"), ("hold", "all"), ("start", "profile_update", "--id", "q")):
        code, out, _ = forkjoin(*words, "--dry-run")
        assert (code, "Would" in out) == (0, True)
    assert [a["verb"] for a in shown(forkjoin, "acts")] == ["start"]
    assert [r["status"] for r in shown(forkjoin, "list")] == ["pending"]


def test_acts_carry_who_and_why_and_pausing_twice_is_refused(forkjoin: Forkjoin) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    assert forkjoin("--as", "alice", "pause", "p", "--reason", "INC-1", "--as", "mallory")[0] == 0
    act = shown(forkjoin, "acts")[0]
    assert (act["actor"], act["verb"], act["reason"]) == ("alice", "pause", "INC-1")
    assert shown(forkjoin, "show", "p")["status"] == "paused"
    assert forkjoin("pause", "p")[0] == 4
    assert forkjoin("resume", "p")[0] == 0
    assert shown(forkjoin, "show", "p")["status"] != "paused"


def test_a_failed_run_is_explained_repaired_and_completes(forkjoin: Forkjoin, location: str) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    assert drive(location).returncode == 0
    _, text, _ = forkjoin("why", "p")
    assert "send-email-notification failed" in text
    assert "forkjoin retry p" in text
    why = shown(forkjoin, "why", "p")
    assert set(why) == {"run", "status", "sentences", "joins", "branches", "holds", "scheduler"}
    code, out, _ = forkjoin("retry", "p", "send-email-notification", "--dry-run")
    assert (code, "join-tasks opens again" in out) == (0, True)
    assert forkjoin("retry", "p", "send-email-notification", "--reason", "fixed")[0] == 0
    assert drive(location).returncode == 0
    assert shown(forkjoin, "show", "p")["failed_branches"] == 0
    ledger = shown(forkjoin, "polls", "p")
    assert {(p["verb"], p["reading"]) for p in ledger} >= {("start", "started"), ("poll", "completed")}
    assert shown(forkjoin, "history", "p")[0]["kind"] == "created"


def test_a_bulk_retry_starts_with_one_and_reaches_all(forkjoin: Forkjoin, location: str) -> None:
    forkjoin("start", "profile_update", "--id", "p", "--count", "3")
    assert drive(location).returncode == 0
    assert forkjoin("retry", "--where", "flow:profile*", "--canary", "--reason", "outage over")[0] == 0
    assert drive(location).returncode == 0
    assert [r["failed_branches"] for r in shown(forkjoin, "list")] == [0, 0, 0]
    (act,) = shown(forkjoin, "bulk", "list")
    assert act["outcome"] == "carried out"
    assert set(shown(forkjoin, "bulk", "show", str(act["id"]))["came_to"].values()) == {"completed"}


def test_hostile_text_never_reaches_the_terminal_raw(forkjoin: Forkjoin) -> None:
    nasty = "\x1b]0;owned\x07[red]\u202eevil"
    forkjoin("start", "profile_update", "--id", "p", "--label", f"x={nasty}", "--reason", nasty)
    for words in (("list",), ("show", "p"), ("acts",), ("history", "p"), ("why", "p"), ("acts", "--json")):
        _, out, err = forkjoin(*words)
        assert not {"\x1b", "\x07", "\u202e"} & set(out + err), words
    assert shown(forkjoin, "acts")[0]["reason"] == nasty


def test_half_a_surrogate_pair_is_stored_as_its_replacement(forkjoin: Forkjoin) -> None:
    state = '{"userId": "\\ud800", "updatedFields": []}'
    assert forkjoin("start", "profile_update", "--id", "p", "--state", state)[0] == 0
    assert shown(forkjoin, "show", "p")["state"]["userId"] == "\ufffd"
    forkjoin("restart", "p", "--id", "q")
    assert shown(forkjoin, "show", "q")["state"]["userId"] == "\ufffd"


def test_a_schedule_is_switched_and_its_rule_told_in_words(forkjoin: Forkjoin) -> None:
    code, out, _ = forkjoin("schedule", "enable", "nightly_etl")
    assert (code, "The schedule (cron 30 2 * * * UTC) of nightly_etl is on." in out) == (0, True)


def test_each_line_of_a_file_starts_a_run_or_none_does(forkjoin: Forkjoin, tmp_path: Path) -> None:
    lines = tmp_path / "runs.jsonl"
    lines.write_text('{"id": "a", "state": {"userId": "u1"}}\n{"id": "b", "labels": {"k": "v"}}\n')
    assert len(shown(forkjoin, "start", "profile_update", "--each", str(lines))) == 2
    lines.write_text('{"id": "c"}\n{"id": "a"}\n')
    assert forkjoin("start", "profile_update", "--each", str(lines))[0] == 4
    assert {r["id"] for r in shown(forkjoin, "list")} == {"a", "b"}


def test_a_run_is_restarted_with_its_original_input(forkjoin: Forkjoin) -> None:
    forkjoin("start", "profile_update", "--id", "p", "--state", '{"userId": "u9"}')
    forkjoin("cancel", "p")
    new = shown(forkjoin, "restart", "p", "--id", "p2")
    assert (new["restarted_from"], new["input"], new["status"]) == ("p", {"userId": "u9"}, "pending")
    assert shown(forkjoin, "show", "p")["status"] == "cancelled"


def test_export_and_import_through_the_command_line(forkjoin: Forkjoin, tmp_path: Path) -> None:
    forkjoin("start", "profile_update", "--id", "p")
    assert forkjoin("export", str(tmp_path / "x.json"))[0] == 0
    other = str(tmp_path / "other")
    assert forkjoin("import", str(tmp_path / "x.json"), "--store", other)[0] == 0
    (imported,) = shown(forkjoin, "list", "--store", other)
    assert imported["status"] == "paused"
    assert forkjoin("import", str(tmp_path / "x.json"), "--read-only", "--store", other)[0] == 4
