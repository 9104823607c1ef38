"""What doctor says of the records in a store."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.operations.damage import NAMED, deep_damage, known_damage
from runtime.store.ports.store import Store

ADVICE = "forkjoin export --skip-damaged FILE saves the rest, forkjoin prune --damaged removes them"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of doctor: what was looked at, whether it is well, and what was found or is to be done."""

    name: str
    ok: bool
    text: str


def damage_checks(store: Store, *, deep: bool) -> list[Check]:
    """Lines about damaged records: those that are known, or with `deep` every one there is."""
    if not deep:
        return [Check("damaged", False, f"{said}; {ADVICE}") for said in known_damage(store)]
    found, file = deep_damage(store.documents)
    lines = [Check("damaged", False, said) for said in found[: 50 * NAMED]]
    if len(found) > len(lines):
        lines.append(Check("damaged", False, f"{len(found):,} records in all"))
    if found:
        lines.append(Check("damaged", False, ADVICE))
    lines += [Check("file", False, f"{said}; restore a backup, or save what can be read: {ADVICE}") for said in file]
    return lines or [Check("documents", True, "every document can be read")]
