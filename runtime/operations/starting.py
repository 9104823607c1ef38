"""Starting runs: the state is made, checked and stored with the flow it starts with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.acts.start import NewRun, Start
from runtime.catalog.workflow import Workflow
from runtime.engine.advance import new_run
from runtime.engine.draft import Situation
from runtime.engine.state_changes import STATE_BYTES
from runtime.errors import InvalidInput, Refused
from runtime.flow.definition import Flow
from runtime.flow.json_schema import apply_defaults, check, check_json
from runtime.model.run import Run
from runtime.model.stored import Save
from runtime.operations.acting import Acting
from runtime.operations.ids import checked_id, random_id
from runtime.operations.order import Order
from runtime.operations.receipts import Receipt, recording
from runtime.operations.restarting import run_id_of

MOST_LABELS = 100
LONGEST_LABEL = 500


def initial_state(flow: Flow, given: Mapping[str, Any]) -> dict[str, Any]:
    """Schema defaults, then globalState, then what was given; InvalidInput if it does not fit the schema."""
    state = apply_defaults(flow.state_schema, {**flow.global_state, **given})
    value = check_json(state, STATE_BYTES, "the state")
    wrong = check(flow.state_schema, value)
    if wrong:
        raise InvalidInput(f"The state does not fit globalStateSchema of {flow.id}: {'; '.join(wrong)}")
    return dict(value)


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels that are too many or too long for a list and a filter; InvalidInput."""
    if len(labels) > MOST_LABELS:
        raise InvalidInput(f"A run has at most {MOST_LABELS} labels; these are {len(labels):,}.")
    for name, value in labels.items():
        if len(name) > LONGEST_LABEL or len(value) > LONGEST_LABEL:
            raise InvalidInput(
                f"The label {name[:60]!r} is too long: name and value have at most {LONGEST_LABEL} characters."
            )


def start(acting: Acting, act: Start, order: Order) -> tuple[list[Run], Receipt]:
    """Start one run, `count` runs (`ID-0001`...) or one run for each of `each`; gives the runs too."""
    one = NewRun(act.run_id, act.state, act.labels)
    if act.each is not None:
        runs = [NewRun(e.id, {**one.state, **e.state}, {**one.labels, **e.labels}) for e in act.each]
    elif act.count is not None:
        if act.count < 1:
            raise InvalidInput("--count is at least 1.")
        base = act.run_id or run_id_of(acting.catalog.find(act.flow).name)
        runs = [NewRun(f"{base}-{n:04d}", one.state, one.labels) for n in range(1, act.count + 1)]
    else:
        runs = [one]
    return start_runs(acting, act.flow, runs, simulate=act.simulate, reason=order.reason, dry_run=order.dry_run)


def start_runs(
    acting: Acting,
    flow_name: str | Workflow,
    new_runs: Sequence[NewRun],
    *,
    simulate: bool = False,
    reason: str = "",
    dry_run: bool = False,
    restarted_from: str | None = None,
) -> tuple[list[Run], Receipt]:
    """Start runs of one workflow in one transaction; all or none.

    Raises InvalidInput (problems of the flow, a state against the schema), NotFound, Refused (an id is taken).
    """
    verb = "start" if restarted_from is None else "restart"
    acting.refuse_read_only(verb)
    workflow = flow_name if isinstance(flow_name, Workflow) else acting.catalog.find(flow_name)
    flow = acting.catalog.check(workflow, simulate=simulate)
    now = acting.clock.now()
    saves: list[Save] = []
    for new in new_runs:
        check_labels(new.labels)
        run_id = checked_id(new.id) if new.id is not None else random_id()
        simulated = simulate
        run = Run(
            id=run_id,
            workflow=workflow.name,
            flow_id=flow.id,
            flow_version=flow.version,
            flow_hash=flow.hash,
            created_at=now,
            updated_at=now,
            state=initial_state(flow, new.state),
            input=dict(new.state),
            labels={**flow.labels, **new.labels},
            simulated=simulated,
            seed=secrets.randbits(31),
            birth=acting.births(),
            restarted_from=restarted_from,
            flow_file=str(workflow.path) if workflow.loose else None,
            code_path=workflow.code_path,
            code_hash=workflow.code_hash,
        )
        program = acting.catalog.program(run, flow.source)
        saves.append(new_run(run, Situation(program, now)))
    runs = [s.run for s in saves]
    ids = [r.id for r in runs]
    if len(set(ids)) < len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise InvalidInput(f"The run id {twice} is given twice.")
    taken = [i for i in ids if acting.store.runs.get(i) is not None]
    if taken:
        raise Refused(f"The run id {taken[0]} is taken. Choose another, or leave --id out.")
    what = ids[0] if len(ids) == 1 else f"{len(ids)} runs"
    effects = [f"{workflow.name} {flow.version} starts as {what}."]
    if dry_run:
        return runs, Receipt(f"Would start {what}.", tuple(effects), None, runs[0] if runs else None, True)
    acting.store.flows.put(flow.hash, flow.source, workflow.name)
    target = ids[0] if len(ids) == 1 else workflow.name
    arguments: dict[str, Any] = {"flow": str(workflow.path) if workflow.loose else workflow.name, "runs": len(ids)}
    if restarted_from is not None:
        arguments["restarted_from"] = restarted_from
    elif len(ids) == 1:
        arguments |= {"state": dict(new_runs[0].state), "labels": dict(new_runs[0].labels), "simulate": simulate}
    act = acting.new_act(verb, target, reason, arguments=arguments)
    if saves:
        saves[0] = Save(saves[0].run, None, branches=saves[0].branches, history=saves[0].history, acts=(act,))
    with recording(act):
        refused = acting.store.runs.save(saves)
    if refused:
        raise Refused(f"The run id {refused[0]} is taken. Choose another, or leave --id out.")
    return runs, Receipt(f"Started {what}.", tuple(effects), act, runs[0] if runs else None)
