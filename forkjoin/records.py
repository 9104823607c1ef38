"""The records that commands and queries take and return."""

from runtime.acts.start import NewRun
from runtime.model.act import Act, Actor, ActState, Hold
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.explanation import BranchReason, Explanation, JoinState
from runtime.model.heartbeat import Heartbeat, QueueState, WorkerState
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.model.status import BranchStatus, RunStatus
from runtime.model.stored import Stored
from runtime.operations.queries.wakes import Wake
from runtime.operations.queries.workflows import WorkflowState
from runtime.operations.receipts import Receipt

__all__ = [
    "Act",
    "ActState",
    "Actor",
    "Attempt",
    "Branch",
    "BranchReason",
    "BranchStatus",
    "Explanation",
    "Failure",
    "Heartbeat",
    "HistoryEntry",
    "Hold",
    "JoinState",
    "NewRun",
    "Poll",
    "QueueState",
    "Receipt",
    "Run",
    "RunStatus",
    "StepVisit",
    "Stored",
    "Wake",
    "WorkerState",
    "WorkflowState",
]
