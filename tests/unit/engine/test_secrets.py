"""Whatever answer a secret comes back in, nothing that is stored or shown holds it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, cast

import pytest
from msgspec.structs import replace

from runtime.calls.performer import Performer
from runtime.calls.request import build_call
from runtime.catalog.catalog import Catalog
from runtime.clock import ManualClock
from runtime.engine.apply import Observed, Unreached
from runtime.engine.draft import Draft
from runtime.engine.plan import Action
from runtime.engine.sealing import seal, unseal
from runtime.errors import Unreachable
from runtime.external.base import Call
from runtime.flow.program import Binding
from runtime.log_lines import configure
from runtime.logs import get_logger
from runtime.model.task import Completed, Failed, Lost, Running, Started
from tests.secrets import ODD, spellings
from tests.unit.engine.play import Play, flow_of

NAME = "JOBS_TOKEN"
CASES = [(secret, name) for secret in ODD for name in spellings(secret) if len(spellings(secret)[name]) > 10]
AROUND = ("exception", "basic login", "base64 in lines")
"""Spellings with more in them than the secret."""


class Hostile:
    """Answers whatever it was told to, or raises it."""

    name = "hostile"

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Call] = []

    async def _say(self, call: Call) -> Any:
        self.asked.append(call)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    start = poll = cancel = logs = _say


def play() -> Play:
    made = Play(
        flow_of(("begin", "first", "second", "end"), [("begin", "first"), ("first", "second"), ("second", "end")])
    )
    # Only the second task uses the variable: what it holds is a secret of the first one's answers too.
    bindings = {
        "first": Binding("hostile", config={"url": "http://jobs/"}),
        "second": Binding("hostile", config={"headers": [{"Authorization": f"Bearer ${{env.{NAME}}}"}]}),
    }
    made.program = replace(made.program, bindings=bindings)
    return made


def draft_of(made: Play) -> Draft:
    return Draft(made.situation, made.run, made.stored.branches, made.stored.firings)


def asked(made: Play, answer: Any, verb: str = "start") -> Observed:
    performer = Performer(cast(Any, {"hostile": Hostile(answer)}), cast(Catalog, None), ManualClock())
    action = replace(made.call("first"), verb=verb, system="hostile")
    return asyncio.run(performer.perform(action, draft_of(made)))


@pytest.mark.parametrize(("secret", "name"), CASES)
def test_no_answer_brings_a_secret_in_whatever_spelling(
    secret: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, secret)
    text = spellings(secret)[name]
    answers: list[tuple[str, Any]] = [
        ("start", Completed({text: [text, {"deep": (text, f"a{text}b")}]}, {text: text})),
        ("start", Failed(text, type=text, details={text: [text]})),
        ("start", Failed("x" * 15_990 + text, details=text)),
        ("start", Unreachable(text)),
        ("start", ValueError("y" * 1_990 + text)),
        ("start", type(f"Odd{text}", (Exception,), {})(text)),
        ("start", Started(f"job-{text}")),
        ("poll", Running(0.5, text)),
        ("poll", Running(0.5, "z" * 1_990 + text)),
        ("poll", Completed(text)),
        ("cancel", RuntimeError(text)),
    ]
    made = play()
    for verb, answer in answers:
        seen = repr(asked(made, answer, verb).answer)
        assert text not in seen and repr(text)[1:-1] not in seen, seen
        assert not any(text[at : at + 9] in seen for at in range(len(text) - 8)) or name in AROUND, seen


@pytest.mark.parametrize(("secret", "name"), CASES)
def test_an_external_id_that_holds_a_secret_works_on_the_wire_and_is_not_stored(
    secret: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, secret)
    made, given = play(), f"job-{spellings(secret)[name]}-7"
    answer = asked(made, Started(given)).answer
    if isinstance(answer, Failed):
        assert (answer.type, answer.retryable) == ("NoExternalId", False)
        return
    assert isinstance(answer, Started)
    action = made.call("first")
    made.answer("first", answer)
    (attempt,) = made.branches["main"].current.attempts  # type: ignore[union-attr]
    assert secret not in str(attempt.external_id)
    call, _ = build_call(replace(action, verb="poll"), draft_of(made))
    assert call.request.external_id == given
    assert call.scope.render("${externalId}") == given


def test_plain_ids_of_every_kind_are_kept_as_they_are() -> None:
    for given in ("job-1", "a***b", "***", "***{", "***{}", f"***{{{NAME}}}", f"***{{{NAME}/3}}", "***{***{}"):
        for variables in ({}, {NAME: "s3cret-token"}, {NAME: "ab"}):
            sealed = seal(given, variables)
            assert unseal(sealed, {NAME: "s3cret-token"}, frozenset({NAME})) == given
    assert seal("job-s3cret-token", {NAME: "s3cret-token"}) == f"job-***{{{NAME}}}"


def test_an_id_cannot_ask_for_a_variable_the_flow_does_not_use() -> None:
    assert unseal("***{HOME}", {"HOME": "/root"}, frozenset({NAME})) == "***{HOME}"


def test_an_id_whose_variable_is_gone_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "s3cret-token")
    made = play()
    made.answer("first", asked(made, Started("s3cret-token")).answer)
    monkeypatch.delenv(NAME)
    made.move(60)
    answer = asked(made, Lost(), "poll").answer
    assert isinstance(answer, Unreached)
    assert NAME in answer.message


def test_logs_and_the_errors_of_asking_for_them_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "s3cret-token")
    made = play()
    action: Action = replace(made.call("first"), verb="logs", system="hostile")
    for answer in ("says s3cret-token", Unreachable("no s3cret-token"), ValueError("not s3cret-token")):
        performer = Performer(cast(Any, {"hostile": Hostile(answer)}), cast(Catalog, None), ManualClock())
        try:
            told = asyncio.run(performer.logs(action, draft_of(made)))
        except Unreachable as problem:
            told = f"{problem} {problem.message} {problem.__cause__}"
        assert "s3cret" not in told and "***" in told


def test_log_lines_of_the_scheduler_are_masked_in_text_and_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = 'pä"ss/wörd'
    monkeypatch.setenv(NAME, secret)
    build_call(play().call("first"), draft_of(play()))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    for form in ("text", "json"):
        configure("info", form)
        get_logger("test").info(f"said {secret}", field=secret, nested={secret: json.dumps(secret)})
        try:
            raise ValueError(secret)
        except ValueError:
            get_logger("test").exception("failed")
    told = capsys.readouterr().err
    assert told.count("***") >= 8
    assert "ss/w" not in told and "ss\\/w" not in told
