"""What a command acts on: a record taken at the key press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.keynames import KeyNames

if TYPE_CHECKING:
    from runtime.operations.queries.run_detail import RunDetail
    from runtime.operations.records import Act, Branch, Run


@dataclass(frozen=True)
class Here:
    """What is under the cursor when a key is pressed: a late answer can never land on something else."""

    screen: str = "runs"
    run: Run | None = None
    branch: Branch | None = None
    detail: RunDetail | None = None
    marks: tuple[str, ...] = ()
    where: str = ""
    """The filter whose runs are all marked, when `*` was pressed."""
    subject: str | int | None = None
    """The row of a screen that lists something other than runs: a workflow, a system, a scope, the id of an act."""
    read_only: bool = False
    keys: KeyNames = field(default_factory=KeyNames)
    refusals: Mapping[str, str] = field(default_factory=dict)
    """Commands that the session as a whole does not allow now, with the reason."""
    marked: str = ""
    """How many runs are marked, and how many of them are out of sight, in words."""
    act: Act | None = None
    """The act of the row, on the screen that lists acts."""

    @property
    def many(self) -> str:
        """What an act on all marked runs is given, or the run, in words."""
        return self.marked or (f"{len(self.marks):,} runs" if self.marks else self.run_id)

    def key(self, command_id: str) -> str:
        """How people write the key of a command."""
        return self.keys.shown(command_id)

    @property
    def run_id(self) -> str:
        """Id of the run; empty without one."""
        return self.run.id if self.run else ""
