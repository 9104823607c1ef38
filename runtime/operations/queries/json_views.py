"""What the queries return, as the JSON documents of the command line."""

from __future__ import annotations

from typing import Any

from runtime.operations.queries import views
from runtime.operations.queries.queries import Queries


class JsonViews:
    """The queries whose answer is printed as JSON; errors are those of the queries."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def show(self, run_id: str) -> dict[str, Any]:
        """A run with state, results, branches and joins."""
        stored = self._queries.load(run_id)
        return views.run_view(stored, self._queries.joins(stored))

    def why(self, run_id: str) -> dict[str, Any]:
        """Why a run is not done."""
        return views.why_view(self._queries.why(run_id))

    def history(self, run_id: str) -> list[dict[str, Any]]:
        return [views.history_view(entry) for entry in self._queries.history(run_id)]

    def polls(self, run_id: str, branch: str | None = None) -> list[dict[str, Any]]:
        return [views.poll_view(poll) for poll in self._queries.polls(run_id, branch)]

    def wakes(self, limit: int | None = 50) -> list[dict[str, Any]]:
        return [views.wake_view(wake) for wake in self._queries.wakes(limit)]

    def flows(self) -> list[dict[str, Any]]:
        return [views.workflow_view(state) for state in self._queries.flows()]
