"""Commands that read: list, show, why, history, polls, logs, wakes, holds, acts, flows, doctor."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from console.cli.advised import advised
from console.cli.bounds import LIMIT
from console.cli.session import reading, session
from console.format import plain, say, short_span, status_word, table, until
from runtime.errors import ForkjoinError, Refused, TimedOut
from runtime.operations.queries import views
from runtime.operations.queries.filters import age_seconds
from runtime.safe_text import clean, json_text

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.model.question import Question

ASK_GRACE_SECONDS = 3.0


def told(sentence: str) -> str:
    """A sentence whose commands name the store and workflows of this invocation."""
    from console.cli.main import MODULES

    return advised(sentence, session().overrides, MODULES)


def list_rows(where: str, sort: str, limit: int | None, after: str | None, *, as_json: bool) -> None:
    """Print runs, as a table or as JSON."""
    runtime = session().runtime
    runs = runtime.queries.runs(where, sort=sort, limit=limit, after=after)
    if as_json:
        say(json_text([views.list_view(r) for r in runs]))
        return
    now = runtime.clock.now()
    if not runs:
        say(
            "No runs match."
            if where
            else told("No runs yet. forkjoin flows lists workflows, forkjoin start profile_update starts one.")
        )
        return
    rows = [
        (
            status_word(str(r.status), sys.stdout),
            r.id,
            r.workflow,
            " ".join(f"{count} {status}" for status, count in r.branch_counts.items()),
            "held" if r.held and r.next_wake_at is None else until(r.next_wake_at, now),
            short_span(age_seconds(r, now)),
            r.why,
        )
        for r in runs
    ]
    table(("STATUS", "RUN", "WORKFLOW", "BRANCHES", "WAKE", "AGE", "WHY"), rows, status_column=0)


def filter_of(where: str, status: str | None, flow: str | None, labels: tuple[str, ...]) -> str:
    """The options of list as one filter."""
    from shlex import quote

    parts = [where] if where else []
    parts += [quote(f"status:{status}")] if status else []
    parts += [quote(f"flow:{flow}")] if flow else []
    parts += [quote(f"label:{label}") for label in labels]
    return " ".join(parts)


@click.command("list")
@click.option("--where", default="", help="A filter, like status:failed flow:media* wake<5m.")
@click.option("--status", help="Only runs with this status.")
@click.option("--flow", help="Only runs of this workflow.")
@click.option("--label", multiple=True, metavar="K=V", help="Only runs with this label.")
@click.option("--sort", default="created_at", help="created_at, updated_at, next_wake_at, attention or id.")
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@click.option("--after", metavar="RUN", help="Go on after this run.")
@reading
def list_runs(
    where: str,
    status: str | None,
    flow: str | None,
    label: tuple[str, ...],
    sort: str,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """Runs, newest first."""
    list_rows(filter_of(where, status, flow, label), sort, limit, after, as_json=as_json)


@click.command()
@click.argument("run")
@reading
def show(run: str, as_json: bool) -> None:
    """State, branches, joins, failures and next wake of a run."""
    shown = session().runtime.json_views.show(run)
    if as_json:
        say(json_text(shown))
        return
    flow = shown["flow"]
    what = f"{clean(shown['workflow'])} {clean(flow['version'])}"
    say(f"{shown['id']}  {what}  {shown['status']}  revision {shown['revision']}")
    say(f"created {shown['created_at']}  updated {shown['updated_at']}  next wake {shown['next_wake_at'] or '-'}")
    if shown["why"]:
        say(clean(shown["why"], 1_000))
    rows = [
        (
            status_word(b["status"], sys.stdout),
            b["name"],
            b["step_id"],
            b["attempt"] or "-",
            b["external_id"] or "-",
            b["observation"]["state"] if b["observation"] else "-",
            f"{b['failure']['type']}: {b['failure']['message']}" if b["failure"] else b["waiting_for"] or "",
        )
        for b in shown["branches"]
    ]
    say("")
    table(("STATUS", "BRANCH", "STEP", "TRY", "ID", "SEEN", "WHAT IT SAYS"), rows, status_column=0)
    if shown["joins"]:
        say("")
        joins = [
            (j["step_id"], j["policy"], j["needed"], j["arrived"], j["failed"], j["open"], "held" if j["held"] else "")
            for j in shown["joins"]
        ]
        table(("JOIN", "POLICY", "NEEDS", "ARRIVED", "FAILED", "OPEN", ""), joins)
    say("")
    say("state " + clean(plain(shown["state"]), 4_000))


@click.command()
@click.argument("run")
@reading
def why(run: str, as_json: bool) -> None:
    """Why a run is not done."""
    found = session().runtime.queries.why(run)
    if as_json:
        say(json_text(found))
        return
    for sentence in found["sentences"]:
        say(clean(told(sentence), 4_000))


@click.command()
@click.argument("run")
@reading
def history(run: str, as_json: bool) -> None:
    """What happened to a run."""
    entries = session().runtime.json_views.history(run)
    if as_json:
        say(json_text(entries))
        return
    table(("AT", "KIND", "MESSAGE"), [(e["at"], e["kind"], e["message"]) for e in entries])


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
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@reading
def wakes(limit: int, as_json: bool) -> None:
    """The wake board: next wakes across runs."""
    runtime = session().runtime
    board = runtime.json_views.wakes(limit)
    if as_json:
        say(json_text(board))
        return
    say(runtime.queries.scheduler_state()[1])
    rows = [
        (w["at"] or "held", short_span(w["late_s"]) + " late" if w["late_s"] else "", w["run"] or "-", w["reason"])
        for w in board
    ]
    table(("DUE", "LATE", "RUN", "WHAT"), rows)


@click.command()
@reading
def holds(as_json: bool) -> None:
    """Active holds."""
    found = [views.hold_view(h) for h in session().runtime.queries.records.holds()]
    if as_json:
        say(json_text(found))
    elif not found:
        say("Nothing is held.")
    else:
        table(("SCOPE", "BY", "SINCE", "REASON"), [(h["scope"], h["actor"], h["at"], h["reason"]) for h in found])


@click.command()
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@click.option("--run", help="Only acts on this run.")
@reading
def acts(limit: int, run: str | None, as_json: bool) -> None:
    """Who did what, when, why."""
    found = [views.act_view(a) for a in session().runtime.queries.records.acts(target=run, limit=limit)]
    if as_json:
        say(json_text(found))
        return
    rows = [(a["id"], a["at"], a["actor"], a["verb"], a["target"], a["outcome"], a["reason"]) for a in found]
    table(("ACT", "AT", "BY", "VERB", "TARGET", "OUTCOME", "REASON"), rows)


@click.command()
@reading
def flows(as_json: bool) -> None:
    """Known workflows and versions."""
    found = session().about_workflows().queries.flows()
    if as_json:
        say(json_text([views.workflow_view(state) for state in found]))
        return
    rows = [(state.workflow, state.version or "-", state.name or "-", state.summary) for state in found]
    table(("WORKFLOW", "VERSION", "NAME", "STATE"), rows)


@click.command()
@click.option("--deep", is_flag=True, help="Read every document, and let the database check its file.")
@reading
def doctor(deep: bool, as_json: bool) -> None:
    """Whether store, scheduler, workflows and terminal are well: each line ok, or what to do."""
    one = session()
    try:
        checks = one.runtime.queries.doctor(one.runtime.directory, deep=deep)
    except ForkjoinError as problem:
        if as_json:
            say(json_text([{"name": "store", "ok": False, "text": problem.message}]))
        raise
    if as_json:
        say(json_text([{"name": c.name, "ok": c.ok, "text": c.text} for c in checks]))
    else:
        for check in checks:
            say(f"{'ok ' if check.ok else 'NO '} {check.name:12} {clean(told(check.text), 1_000)}")
    if not all(c.ok for c in checks):
        raise click.exceptions.Exit(5)


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


COMMANDS = (list_runs, show, why, history, polls, logs, wakes, holds, acts, flows, doctor)
