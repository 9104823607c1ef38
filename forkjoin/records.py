"""The records that commands and queries take and return."""

from runtime.acts.start import NewRun
from runtime.model.act import Act, Actor, Hold
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.explanation import JoinState
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.status import BranchStatus, RunStatus
from runtime.model.stored import Stored
from runtime.operations.queries.wakes import Wake
from runtime.operations.queries.workflows import WorkflowState
from runtime.operations.receipts import Receipt

__all__ = [
    "Act",
    "Actor",
    "Attempt",
    "Branch",
    "BranchStatus",
    "Failure",
    "HistoryEntry",
    "Hold",
    "JoinState",
    "NewRun",
    "Poll",
    "Receipt",
    "Run",
    "RunStatus",
    "StepVisit",
    "Stored",
    "Wake",
    "WorkflowState",
]
