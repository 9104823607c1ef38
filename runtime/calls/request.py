"""The request of one call: identity of the attempt, the names its templates may use, state and results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from runtime.engine.draft import Draft, expressions
from runtime.engine.plan import Action
from runtime.engine.results import settled_view
from runtime.engine.scope import expression_names
from runtime.engine.sealing import unseal
from runtime.external.base import Call
from runtime.flow.expressions.templates import RequestScope
from runtime.model.task import TaskRequest


def build_call(action: Action, draft: Draft) -> tuple[Call, RequestScope]:
    """The request, binding and templates of one call."""
    branch = draft.branches[action.branch]
    visit = next(v for v in branch.steps if (v.step_id, v.visit) == (action.step, action.visit))
    attempt = next(a for a in visit.attempts if a.attempt == action.attempt)
    step = draft.program.step(action.step)
    binding = draft.program.bindings.get(action.step)
    external_id = unseal(attempt.external_id, os.environ, draft.program.environment)
    request = TaskRequest(
        run_id=draft.run.id,
        flow_id=draft.program.flow.id,
        step_id=step.id,
        branch_id=branch.id,
        visit=visit.visit,
        attempt=attempt.attempt,
        idempotency_key=attempt.idempotency_key,
        now=draft.now,
        params=step.params,
        # Python may change what it is given; what it read must stay known to merge what it answers.
        state=deepcopy(draft.state) if binding is not None and binding.system in ("local", "python") else draft.state,
        results=draft.results(),
        item=branch.item,
        index=branch.index,
        settled=settled_view(visit, draft.branches),
        external_id=external_id,
    )
    names = expression_names(
        draft.program,
        draft.run,
        branch,
        step_id=step.id,
        attempt=attempt.attempt,
        state=draft.state,
        results=request.results,
        settled=request.settled,
    )
    names |= {"key": attempt.idempotency_key, "externalId": external_id}
    scope = RequestScope(
        names,
        expressions=expressions(),
        now=draft.now,
        seed=draft.run.seed,
        env=os.environ,
        hidden=draft.program.environment,
    )
    config: Mapping[str, Any] = binding.config if binding else {}
    return Call(request, config, scope), scope
