"""The program of a stored run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.errors import NotFound

if TYPE_CHECKING:
    from runtime.catalog.catalog import Catalog
    from runtime.flow.program import Program
    from runtime.model.run import Run
    from runtime.store.ports.flows import Flows


def program_of(flows: Flows, catalog: Catalog, run: Run) -> Program:
    """The program of a run, in the flow version it started with; NotFound if the store lost its flow."""

    def source() -> Mapping[str, Any]:
        found = flows.get(run.flow_hash)
        if found is None:
            raise NotFound(f"The flow {run.flow_id} {run.flow_version} of {run.id} is not in this store.")
        return found

    return catalog.program(run, source)
