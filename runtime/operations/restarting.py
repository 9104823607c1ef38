"""What a run is started from again: its workflow as it is now, or the definition that is stored with the run."""

from __future__ import annotations

import re
from pathlib import Path

from runtime.catalog.workflow import Workflow
from runtime.errors import NotFound
from runtime.model.run import Run
from runtime.operations.acting import Acting


def workflow_of(acting: Acting, old: Run) -> tuple[Workflow, str]:
    """The workflow a run came from, and a sentence if only the definition stored with the run is left of it.

    A known workflow, or the file the run was started from, counts while it still holds the same flow.

    Raises:
        NotFound: Neither is there.
    """
    found = _as_it_is_now(acting, old)
    if found is not None:
        return found, ""
    source = acting.store.flows.get(old.flow_hash)
    if source is None:
        raise NotFound(f"The flow {old.flow_id} {old.flow_version} of {old.id} is neither here nor in this store.")
    where = old.flow_file or f"the workflow {old.workflow}"
    stored = Workflow(
        old.workflow,
        Path(old.flow_file or old.workflow),
        source,
        acting.catalog.recorded_code(old.code_path) if old.code_path else None,
        loose=True,
    )
    return stored, f"As {old.id} had it: {where} is not here any more, or holds another flow."


def run_id_of(workflow: str) -> str:
    """The beginning of run ids that are made up for a workflow."""
    return re.sub(r"[^A-Za-z0-9._:@-]+", "-", workflow).strip("-._:@")[:90] or "run"


def _as_it_is_now(acting: Acting, old: Run) -> Workflow | None:
    if old.flow_file is not None:
        path = Path(old.flow_file)
        if not path.is_file():
            return None
        found = acting.catalog.find(
            path.parent if path.name == "flow.json" and old.workflow == path.parent.name else path
        )
    else:
        known = {w.name: w for w in acting.catalog.workflows()}
        if old.workflow not in known:
            return None
        found = known[old.workflow]
        if found.flow is None:
            return found
    return found if found.flow is not None and found.flow.id == old.flow_id else None
