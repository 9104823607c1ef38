"""The records a console draws, under one name, so that it needs to know no part below the operations."""

from runtime.flow.program import Program
from runtime.model.act import Act, Actor, ActState, Hold
from runtime.model.branch import Attempt, Branch, Failure, StepVisit
from runtime.model.bulk import order_of
from runtime.model.explanation import BranchReason, Explanation, JoinState
from runtime.model.heartbeat import Heartbeat, WorkerState
from runtime.model.question import Question
from runtime.model.run import HistoryEntry, Poll, Run
from runtime.operations.receipts import Receipt

__all__ = [
    "Act",
    "ActState",
    "Actor",
    "Attempt",
    "Branch",
    "BranchReason",
    "Explanation",
    "Failure",
    "Heartbeat",
    "HistoryEntry",
    "Hold",
    "JoinState",
    "Poll",
    "Program",
    "Question",
    "Receipt",
    "Run",
    "StepVisit",
    "WorkerState",
    "order_of",
]
