"""Commands on runs: list, show, why, history."""

from __future__ import annotations

import sys

import click

from console.cli.advice import with_session_options
from console.cli.bounds import LIMIT
from console.cli.options import reading
from console.cli.session import session
from console.format import plain, say, short_span, status_word, table, until
from runtime.safe_text import clean, json_text


def list_rows(where: str, sort: str, limit: int | None, after: str | None, *, as_json: bool) -> None:
    """Print runs, as a table or as JSON."""
    runtime = session().runtime
    runs = runtime.queries.runs(where, sort=sort, limit=limit, after=after)
    if as_json:
        from runtime.operations.queries.views import list_view

        say(json_text([list_view(r) for r in runs]))
        return
    now = runtime.clock.now()
    if not runs:
        say(
            "No runs match."
            if where
            else with_session_options(
                "No runs yet. forkjoin flows lists workflows, forkjoin start profile_update starts one."
            )
        )
        return
    from runtime.operations.queries.filters import age_seconds

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
    parts = [where] if where else []
    if not (status or flow or labels):
        return where
    from shlex import quote

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
    runtime = session().runtime
    if as_json:
        say(json_text(runtime.json_views.why(run)))
        return
    for sentence in runtime.queries.why(run).sentences:
        say(clean(with_session_options(sentence), 4_000))


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


COMMANDS = (
    list_runs,
    show,
    why,
    history,
)
