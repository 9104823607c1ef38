"""Asking an external system from this very process, where no scheduler is there to ask; moves no run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.calls.performer import Performer
from runtime.catalog.catalog import Catalog
from runtime.clock import Clock
from runtime.engine.draft import Draft, Situation
from runtime.engine.finding import Found, find_action, found_words, last_attempt
from runtime.engine.plan import Action
from runtime.errors import Refused
from runtime.model.branch import Branch
from runtime.operations.programs import program_of
from runtime.operations.queries.branch_names import find_branch, no_run
from runtime.store.ports.store import Store


@dataclass(frozen=True)
class AskingHere:
    """Calls made at once. Raises NotFound, Refused (nothing was started, or only the scheduler may run its code)."""

    store: Store
    catalog: Catalog
    systems: Mapping[str, Any]
    clock: Clock
    timeout_seconds: float

    def logs(self, run_id: str, branch: str) -> str:
        """What the external system says of the last attempt of a branch; raises Unreachable too."""
        draft, chosen = self._draft(run_id, branch)
        if not any(visit.attempts for visit in chosen.steps):
            raise Refused(f"{chosen.id} has started nothing outside, so there are no logs.")
        step, visit, attempt = last_attempt(chosen)
        self._refuse_code(step, attempt.external_system, "forkjoin history shows its end.")
        action = Action("logs", chosen.id, step, visit, attempt.attempt, attempt.external_system, attempt.target)
        return asyncio.run(self._performer().logs(action, draft))

    def find(self, run_id: str, branch: str) -> Found:
        """Whether the system has the work of the last key of a branch."""
        draft, chosen = self._draft(run_id, branch)
        action = find_action(draft, chosen)
        self._refuse_code(action.step, action.system, "Run forkjoin scheduler, then ask again.")
        seen = asyncio.run(self._performer().perform(action, draft))
        return found_words(draft, chosen, seen.answer)

    def _draft(self, run_id: str, branch: str) -> tuple[Draft, Branch]:
        found = self.store.runs.load([run_id])
        if not found:
            raise no_run(self.store.runs, run_id)
        stored = found[0]
        program = program_of(self.store.flows, self.catalog, stored.run)
        draft = Draft(Situation(program, self.clock.now()), stored.run, stored.branches, stored.firings)
        return draft, find_branch(stored.branches, branch)

    def _performer(self) -> Performer:
        return Performer(self.systems, self.catalog, self.clock, self.timeout_seconds)

    @staticmethod
    def _refuse_code(step: str, system: str, way_on: str) -> None:
        if system in ("python", "local"):
            raise Refused(f"{step} is Python code; only the scheduler runs it. {way_on}")
