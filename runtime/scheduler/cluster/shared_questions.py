"""Operators' questions to external systems, each answered by one of many workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runtime.model.question import Question
from runtime.store.base import RunStore
from runtime.store.embedded.question_table import KEPT
from runtime.store.postgres.cluster import Cluster

QUESTION_SECONDS = 60.0


class SharedQuestions:
    """Of the open questions whose external system we reach, those that are ours to answer."""

    def __init__(self, store: RunStore, cluster: Cluster, reach: Sequence[str] | None) -> None:
        """`reach` names the external systems this worker can call; None: all."""
        self._store, self._cluster, self._reach = store, cluster, reach

    def ours(self, now: datetime) -> list[Question]:
        """Take the open questions nobody has taken; each goes to one worker. Nobody waits for old ones any more."""
        return [q for q in self._store.open_questions() if q.asked_at > now - KEPT and self._take(q)]

    def _take(self, question: Question) -> bool:
        return self._may_ask(question) and self._cluster.take_duty(f"question:{question.id}", QUESTION_SECONDS)

    def _may_ask(self, question: Question) -> bool:
        if self._reach is None:
            return True
        found = self._store.load([question.run_id], skip_damaged=True)
        branch = found[0].branches.get(question.branch) if found else None
        started = [v for v in branch.steps if v.attempts] if branch is not None else []
        return not started or started[-1].attempts[-1].external_system in (*self._reach, "local", "python")
