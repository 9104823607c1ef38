"""All that task code may import: what a task is asked, what it may answer, and how it is bound to a step.

The decorator only marks the class or function; nothing is registered anywhere, so two workflows never see
each other's tasks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from runtime.model.task import Completed, Failed, Lost, Running, Settled, Started, TaskRequest

__all__ = [
    "Completed",
    "Failed",
    "Lost",
    "Running",
    "Settled",
    "Started",
    "TaskRequest",
    "bound_steps",
    "task",
]

MARK = "__forkjoin_step__"

Work = TypeVar("Work", bound=Callable[..., Any])


def task(step_id: str) -> Callable[[Work], Work]:
    """Bind a class or a function to the task step with this id.

    A class is long-running external work: `start` and `poll`, and where the system can do it `cancel` and
    `logs`, each taking a TaskRequest. A function is local work: it runs once and its result is recorded. All
    of them may be plain or `async`; every async call runs in an event loop of its own. One instance of a class
    serves all runs. One class or function may be bound to several steps.

    Raises:
        TypeError: The step id is not a text, or the class has no `start` or `poll`.
    """
    if not isinstance(step_id, str) or not step_id:
        raise TypeError('@task takes the id of a step in quotes, like @task("send-email").')

    def mark(work: Work) -> Work:
        if inspect.isclass(work):
            missing = [verb for verb in ("start", "poll") if not callable(getattr(work, verb, None))]
            if missing:
                names = " and no ".join(missing)
                raise TypeError(f"The task class {work.__name__} of step '{step_id}' has no {names}.")
        setattr(work, MARK, (*bound_steps(work), step_id))
        return work

    return mark


def bound_steps(work: object) -> tuple[str, ...]:
    """Ids of the steps this very class or function was bound to; a subclass does not inherit them."""
    marks: tuple[str, ...] = getattr(work, "__dict__", {}).get(MARK, ())
    return marks
