"""Commands on bulk acts: list, show, stop."""

from __future__ import annotations

import click

from console.cli.bounds import ACT_NUMBER
from console.cli.groups import NamedGroup
from console.cli.session import changing, reading, session, tell_receipt
from console.format import say, table
from runtime.operations.queries.views import act_view
from runtime.safe_text import json_text


@click.group(cls=NamedGroup)
def bulk() -> None:
    """Acts over many runs."""


@bulk.command("list")
@reading
def bulk_list(as_json: bool) -> None:
    """Bulk acts, newest first."""
    found = [a for a in session().runtime.queries.records.acts() if a.verb == "bulk"]
    if as_json:
        say(json_text([act_view(a) for a in found]))
        return
    rows = [
        (a.id, (a.arguments or {}).get("verb", ""), a.target, (a.arguments or {}).get("next", 0), a.outcome, a.reason)
        for a in found
    ]
    table(("ACT", "VERB", "TARGET", "TOUCHED", "OUTCOME", "REASON"), rows)


@bulk.command("show")
@click.argument("act", type=ACT_NUMBER)
@reading
def bulk_show(act: int, as_json: bool) -> None:
    """What a bulk act did to each run."""
    from runtime.operations.bulk import bulk_act

    runtime = session().runtime
    found = bulk_act(runtime.commands.acting, act)
    plan = dict(found.arguments or {})
    runs = {r: runtime.queries.records.head(r) for r in plan["targets"]}
    came_to = {r: str(run.status) if run else "removed" for r, run in runs.items()}
    if as_json:
        say(json_text({**act_view(found), "came_to": came_to}))
        return
    table(("RUN", "ACT", "CAME TO"), [(r, plan["results"].get(r, "not touched"), came_to[r]) for r in plan["targets"]])


@bulk.command("stop")
@click.argument("act", type=ACT_NUMBER)
@changing
def bulk_stop(act: int, reason: str, dry_run: bool, as_json: bool) -> None:
    """Stop a bulk act; what it has done stays done."""
    tell_receipt(session().runtime.commands.bulk_stop(act, reason=reason, dry_run=dry_run), as_json=as_json)


COMMANDS = (bulk,)
