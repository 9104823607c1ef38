"""Commands derived from the declarations of acts: one for each act, with its arguments as options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from console.cli.act_inputs import option_of, read
from console.cli.options import at_revision, changing, over_many
from console.cli.output import print_environment_note, print_made_run, print_receipt
from console.cli.session import session
from runtime.acts.base import BranchAct, RunAct, StoreAct
from runtime.acts.inputs import inputs_of, required
from runtime.acts.registry import act_class
from runtime.errors import InvalidInput

if TYPE_CHECKING:
    from runtime.assembly.runtime import Runtime
    from runtime.operations.receipts import Receipt


@dataclass(frozen=True, kw_only=True)
class Line:
    """What every command of an act may be given besides its arguments."""

    reason: str
    dry_run: bool
    as_json: bool
    run: str | None = None
    revision: int | None = None
    where: str | None = None
    rate: float | None = None
    canary: bool = False


SHARED = tuple(Line.__dataclass_fields__)


def command_of(verb: str, name: str | None = None) -> click.Command:
    """The command of an act; `name`: within a group, where it is not the verb."""
    act = act_class(verb)
    assert act is not None, verb

    def callback(**given: Any) -> None:
        line = Line(**{key: given.pop(key) for key in SHARED if key in given})
        if issubclass(act, RunAct):
            _on_run(act, line, given)
        elif issubclass(act, StoreAct):
            _on_store(act, line, given)

    function: Callable[..., None] = changing(callback)
    if issubclass(act, RunAct):
        function = function if act.makes_run else at_revision(function)
        function = over_many(function) if _many(act) else function
    ordered = sorted(inputs_of(act).items(), key=lambda pair: not pair[1].positional)
    for field, one in reversed(ordered):
        function = option_of(act, field, one)(function)
    if issubclass(act, BranchAct):
        function = click.argument("branch", required=required(act, "branch"))(function)
    if issubclass(act, RunAct):
        function = click.argument("run", required=not _many(act))(function)
    return click.command(name or verb, help=act.__doc__)(function)


def _many(act: type[RunAct]) -> bool:
    """Whether it can be given to every run a filter matches: it then must need no place but the run."""
    places = [field for field, one in inputs_of(act).items() if one.positional]
    if issubclass(act, BranchAct):
        places.append("branch")
    return act.bulk and not any(required(act, field) for field in places)


def _on_run(act: type[RunAct], line: Line, given: dict[str, Any]) -> None:
    """Act on one run, or store a bulk act over those a filter matches."""
    if line.run is None or line.where is not None:
        for field, one in inputs_of(act).items():
            if one.one_run_only and given.get(field) is not None:
                raise InvalidInput(one.one_run_only)
    values = read(act, given)
    runtime = session().runtime
    if (line.run is None) == (line.where is None):
        raise InvalidInput(f"{act.verb} needs a RUN or --where, not {'both' if line.run else 'neither'}.")
    receipt = _give(runtime, act(**values), line)
    if act.makes_run and line.where is None:
        print_made_run(receipt, as_json=line.as_json)
        return
    if act.reaches_out and not receipt.dry_run:
        print_environment_note(line.run)
    print_receipt(receipt, as_json=line.as_json)


def _give(runtime: Runtime, act: RunAct, line: Line) -> Receipt:
    from runtime.operations.bulk import Batch
    from runtime.operations.order import Order

    if line.where is None:
        assert line.run is not None
        order = Order(reason=line.reason, dry_run=line.dry_run, revision=line.revision)
        return runtime.commands.give(act, line.run, order)
    if not line.where.strip():
        raise InvalidInput("--where must not be empty: name the runs the act is meant for.")
    runs = runtime.queries.runs(line.where, sort="id", limit=None)
    batch = Batch(runs=runs, where=line.where, rate=line.rate, canary=line.canary)
    return runtime.commands.bulk(act, batch, reason=line.reason, dry_run=line.dry_run)


def _on_store(act: type[StoreAct], line: Line, given: dict[str, Any]) -> None:
    """Act on the store; an act that begins one makes it where there is none."""
    from runtime.operations.order import Order

    wanted, order = act(**read(act, given)), Order(reason=line.reason, dry_run=line.dry_run)

    def carry_out(runtime: Runtime) -> Receipt:
        return runtime.commands.give_store(wanted, order)

    one = session()
    receipt = one.beginning(carry_out, dry_run=line.dry_run) if act.begins_store else carry_out(one.runtime)
    print_receipt(receipt, as_json=line.as_json)
