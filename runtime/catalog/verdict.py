"""Problems and warnings of a workflow."""

from __future__ import annotations

import msgspec

from runtime.flow.problems import FlowWarning, Problem

UNBOUND = "UNBOUND_TASK"


class Verdict(msgspec.Struct, frozen=True):
    """Problems and warnings of a workflow as it lies on disk."""

    problems: tuple[Problem, ...] = ()
    """What keeps it from being started and scheduled."""
    warnings: tuple[FlowWarning, ...] = ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """Sentences about what must be corrected; a task that is bound to nothing can still be simulated."""
        return tuple(str(problem) for problem in self.problems if problem.code != UNBOUND)

    @property
    def unbound(self) -> tuple[str, ...]:
        """Sentences about the tasks that are bound to nothing."""
        return tuple(problem.message for problem in self.problems if problem.code == UNBOUND)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences about what is doubtful."""
        return tuple(str(warning) for warning in self.warnings)
