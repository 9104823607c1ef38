"""What an operator may do to one branch of a run, or to all that need it."""

from __future__ import annotations

from typing import Any

from runtime.engine.draft import Draft
from runtime.engine.moves import held_by
from runtime.engine.repair import adopting, controls
from runtime.engine.repair import retry as retrying
from runtime.errors import InvalidInput
from runtime.model.branch import Branch
from runtime.operations.acting import Acting, Receipt


class BranchCommands:
    """The acts on branches; each states what it saw, applies one rule of the engine and records itself."""

    def __init__(self, acting: Acting) -> None:
        self.acting = acting

    def retry(
        self, run_id: str, branch: str | None = None, intent: str = "new-attempt", force: bool = False, **how: Any
    ) -> Receipt:
        """Failed branches work again; held work starts at its release."""

        def rule(draft: Draft, chosen: Branch | None) -> list[str]:
            effects = retrying.retry(draft, chosen.id if chosen else None, intent, force=force)
            held = {
                scope
                for b in draft.branches.values()
                if b.status == "pending"
                and (bound := draft.program.bindings.get(b.step_id))
                and (scope := held_by(draft, b, bound.system, bound.target))
            }
            return effects + [f"It is held by {scope} and starts at release." for scope in sorted(held)]

        arguments = {"intent": intent, "force": force}
        return self.acting.on_run("retry", run_id, rule, branch=branch, arguments=arguments, **how)

    def adopt(self, run_id: str, branch: str, external_id: str, **how: Any) -> Receipt:
        """Take work that runs outside already as that of a branch; nothing is started."""

        def rule(draft: Draft, chosen: Branch | None) -> list[str]:
            assert chosen is not None
            return adopting.adopt(draft, chosen.id, external_id)

        arguments = {"external_id": external_id}
        return self.acting.on_run("adopt", run_id, rule, branch=branch, arguments=arguments, **how)

    def poll(self, run_id: str, branch: str | None = None, **how: Any) -> Receipt:
        """Poll now."""
        return self.acting.on_run(
            "poll", run_id, lambda d, b: controls.poll_now(d, b.id if b else None), branch=branch, **how
        )

    def ack(self, run_id: str, branch: str | None = None, note: str = "", **how: Any) -> Receipt:
        """Take a run out of needs attention until it changes."""
        return self.acting.on_run(
            "ack",
            run_id,
            lambda d, b: controls.acknowledge(d, b.id if b else None, note),
            branch=branch,
            arguments={"note": note},
            **how,
        )

    def skip(self, run_id: str, branch: str, result: Any = None, *, reason: str = "", **how: Any) -> Receipt:
        """Settle the step of a branch by hand; a reason is mandatory."""
        if not reason.strip():
            raise InvalidInput("skip needs --reason: say why the step is settled by hand.")

        def rule(draft: Draft, chosen: Branch | None) -> list[str]:
            assert chosen is not None
            return controls.skip(draft, chosen.id, result)

        return self.acting.on_run(
            "skip", run_id, rule, branch=branch, reason=reason, arguments={"result": result}, **how
        )

    def send(self, run_id: str, event: str, payload: Any = None, branch: str | None = None, **how: Any) -> Receipt:
        """Answer an open waitForEvent."""
        arguments = {"event": event, "payload": payload}
        return self.acting.on_run(
            "send",
            run_id,
            lambda d, b: controls.send_event(d, event, payload, b.id if b else None),
            branch=branch,
            arguments=arguments,
            **how,
        )
