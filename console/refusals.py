"""What the session itself does not allow now, whatever is under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.app import ForkjoinApp


def refusals(app: ForkjoinApp) -> dict[str, str]:
    """Commands by id that cannot be used in this session at the moment, each with the reason."""
    found: dict[str, str] = {}
    if app.snapshot.alive:
        found["scheduler"] = app.snapshot.scheduler
    elif app.start_scheduler is None:
        found["scheduler"] = "This console starts no scheduler. From a shell: forkjoin scheduler"
    if app.receipts.undoable is None:
        last = app.receipts.last_act
        late = f"Too late to undo: act {last} is not waiting any more."
        found["undo"] = late if last is not None else "nothing to take back; no act was given in this session."
    if app.restricted:
        for name in ("export", "import"):
            found[name] = f"This session reads and writes no files. From a shell: forkjoin {name} forkjoin-export.json"
        found["edit"] = "this session has no editor. From a shell: forkjoin edit"
    return found
