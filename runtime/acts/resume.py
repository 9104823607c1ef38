"""Resume: the pause of a run ends, or what failed in it is retried."""

from __future__ import annotations

from typing import ClassVar

from runtime.acts.base import RunAct
from runtime.engine.draft import Draft
from runtime.engine.repair.controls import resume_run
from runtime.model.branch import Branch


class Resume(RunAct, frozen=True, kw_only=True):
    """End the pause, or retry the failed branches of a failed run."""

    verb: ClassVar[str] = "resume"
    composite: ClassVar[bool] = True
    bulk: ClassVar[bool] = True
    reaches_out: ClassVar[bool] = True

    def apply(self, draft: Draft, branch: Branch | None) -> list[str]:
        """Retry what failed; refuse where the run is neither paused nor failed."""
        return resume_run(draft)
