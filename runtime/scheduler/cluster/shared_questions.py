"""Operators' questions to external systems, each answered by one of many workers."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.clock import Clock
from runtime.model.question import Question
from runtime.store.ports.questions import KEPT
from runtime.store.ports.store import Store
from runtime.store.postgres.cluster import Cluster

QUESTION_SECONDS = 60.0


class SharedQuestions:
    """The open questions to external systems this worker can call."""

    def __init__(self, store: Store, cluster: Cluster, clock: Clock, reach: Sequence[str] | None) -> None:
        """`reach` names the external systems this worker can call; None: all."""
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._reach = reach

    def take(self) -> list[Question]:
        """Take the open questions nobody has taken, each by one worker; nobody waits for the answer to old ones."""
        oldest = self._clock.now() - KEPT
        return [
            question for question in self._store.questions.open() if question.asked_at > oldest and self._take(question)
        ]

    def _take(self, question: Question) -> bool:
        return self._can_ask(question) and self._cluster.take_duty(f"question:{question.id}", QUESTION_SECONDS)

    def _can_ask(self, question: Question) -> bool:
        if self._reach is None:
            return True
        runs = self._store.runs.load([question.run_id], skip_damaged=True)
        branch = runs[0].branches.get(question.branch) if runs else None
        started = [visit for visit in branch.steps if visit.attempts] if branch is not None else []
        return not started or started[-1].attempts[-1].external_system in (*self._reach, "local", "python")
