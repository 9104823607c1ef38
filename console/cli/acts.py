"""Commands on acts that were given: acts, and those over many runs."""

from __future__ import annotations

import click

from console.cli.act_commands import command_of
from console.cli.bounds import ACT_NUMBER, LIMIT
from console.cli.groups import NamedGroup
from console.cli.options import reading
from console.cli.session import session
from console.format import say, table
from runtime.operations.queries import views
from runtime.operations.queries.views import act_view
from runtime.safe_text import json_text


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
    from runtime.operations.records import order_of

    runtime = session().runtime
    found = bulk_act(runtime.commands.acting, act)
    plan = order_of(found)
    runs = {r: runtime.queries.records.head(r) for r in plan.targets}
    came_to = {r: str(run.status) if run else "removed" for r, run in runs.items()}
    if as_json:
        say(json_text({**act_view(found), "came_to": came_to}))
        return
    table(("RUN", "ACT", "CAME TO"), [(r, plan.results.get(r, "not touched"), came_to[r]) for r in plan.targets])


bulk.add_command(command_of("bulk stop", "stop"))


COMMANDS = (
    acts,
    bulk,
)
