"""Commands on one branch and its external work: polls, logs, find."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from console.cli.options import reading
from console.cli.session import session
from console.format import say, table
from runtime.errors import Refused, TimedOut, Unreachable
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.model.question import Question

ASK_GRACE_SECONDS = 3.0


@click.command()
@click.argument("run")
@click.argument("branch", required=False)
@reading
def polls(run: str, branch: str | None, as_json: bool) -> None:
    """The poll ledger of a run or one branch."""
    ledger = session().runtime.json_views.polls(run, branch)
    if as_json:
        say(json_text(ledger))
        return
    rows = [
        (p["at"], p["branch"], p["attempt"], p["verb"], f"{p['took_ms']:.0f} ms", p["reading"], p["answer"])
        for p in ledger
    ]
    table(("AT", "BRANCH", "TRY", "CALL", "TOOK", "READING", "ANSWER"), rows)


@click.command()
@click.argument("run")
@click.argument("branch")
@reading
def logs(run: str, branch: str, as_json: bool) -> None:
    """What the external system says of a branch."""
    text = logs_of(session().runtime, run, branch)
    if as_json:
        say(json_text({"run": run, "branch": branch, "logs": text}))
    else:
        say(clean(text, 1_000_000, keep_newlines=True))


@click.command()
@click.argument("run")
@click.argument("branch")
@reading
def find(run: str, branch: str, as_json: bool) -> None:
    """Ask the external system for the work of a branch's key; nothing is started."""
    from runtime.assembly.serving_scheduler import scheduler_alive

    runtime = session().runtime
    if runtime.read_only:
        raise Refused("This session is read-only; asking an external system is not possible in it.")
    if scheduler_alive(runtime):
        answered = answer_of(runtime, run, branch, "find")
        found, text, external_id = answered.reading, answered.text, answered.external_id
    else:
        here = runtime.find(run, branch)
        found, text, external_id = here.reading, here.text, here.external_id
    if as_json:
        answer = {"run": run, "branch": branch, "found": found, "externalId": external_id or None, "text": text}
        say(json_text(answer))
    else:
        say(clean(text, 2_000))
    if found == "unreachable":
        raise click.exceptions.Exit(Unreachable.exit_code)


def logs_of(runtime: Runtime, run: str, branch: str) -> str:
    """What the external system says: asked by a live scheduler, else (and in read-only sessions) from here."""
    from runtime.assembly.serving_scheduler import scheduler_alive

    if runtime.read_only or not scheduler_alive(runtime):
        return runtime.logs(run, branch)
    return answer_of(runtime, run, branch, "logs").text


def answer_of(runtime: Runtime, run: str, branch: str, kind: str) -> Question:
    """What the scheduler found out when it was asked; Refused if it could not be asked, TimedOut if it says nothing."""
    question = runtime.asking.ask(run, branch, kind)
    until = time.monotonic() + runtime.settings.call_timeout_seconds + ASK_GRACE_SECONDS
    while time.monotonic() < until:
        found = runtime.asking.answer(question.id)
        if found is not None and found.answered_at is not None:
            if found.problem:
                raise Refused(found.problem)
            return found
        time.sleep(0.1)
    raise TimedOut(f"The scheduler has not answered for {branch} in time; it may be busy. Try again.")


COMMANDS = (
    polls,
    logs,
    find,
)
