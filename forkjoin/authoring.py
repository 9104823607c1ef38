"""All that task code may import: what a task is asked, what it may answer, and how it is bound to a step.

The names are those of `runtime.authoring`, which older task code imports.
"""

from runtime.authoring import Completed, Failed, Lost, Running, Settled, Started, TaskRequest, bound_steps, task

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
