"""What the session itself does not allow now, whatever is under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.options import SessionOptions
    from console.receipts import Receipts
    from console.snapshot import Snapshot


def refusals(options: SessionOptions, snapshot: Snapshot, receipts: Receipts) -> dict[str, str]:
    """Commands by id that cannot be used in this session at the moment, each with the reason."""
    refused: dict[str, str] = {}
    if snapshot.alive:
        refused["scheduler"] = snapshot.scheduler
    elif options.start_scheduler is None:
        refused["scheduler"] = "This console starts no scheduler. From a shell: forkjoin scheduler"
    if receipts.undoable is None:
        last = receipts.last_act
        late = f"Too late to undo: act {last} is not waiting any more."
        refused["undo"] = late if last is not None else "nothing to take back; no act was given in this session."
    if options.restricted:
        for name in ("export", "import"):
            shell = f"forkjoin {name} forkjoin-export.json"
            refused[name] = f"This session reads and writes no files. From a shell: {shell}"
        refused["edit"] = "this session has no editor. From a shell: forkjoin edit"
    return refused
