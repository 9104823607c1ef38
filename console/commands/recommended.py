"""Which acts help on what is under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from console.commands.base import Group
from console.commands.registry import COMMANDS
from console.here import Here


def recommended_acts(here: Here) -> Sequence[tuple[str, str]]:
    """Ids of the acts that help here and are possible, the best first, each with what it does here."""
    acts = [(c, c.usable(here)) for c in COMMANDS if c.group is Group.ACT and c.recommended(here)]
    return [(command.id, possible.text) for command, possible in acts if possible]
