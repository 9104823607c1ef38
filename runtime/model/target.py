"""Names of external systems and their targets, as holds and filters write them: `http`, `http:jobs.internal:8080`."""

from __future__ import annotations


def in_scope(name: str, system: str, target: str) -> bool:
    """Whether a name covers work on a target of a system.

    The name of a system covers all its targets, a host of http all its ports. Hosts are the same in either case.
    """
    if name == system:
        return bool(system)
    if not system or not name.startswith(f"{system}:"):
        return False
    wanted = name[len(system) + 1 :]
    if system != "http":
        return wanted == target
    wanted, target = wanted.lower(), target.lower()
    return wanted == target or (target.startswith(f"{wanted}:") and target[len(wanted) + 1 :].isdigit())


def full_name(system: str, target: str) -> str:
    """A target with its system, or the system alone where there is no target."""
    return f"{system}:{target}" if target else system


def same_scope(left: str, right: str) -> bool:
    """Whether two scopes of holds are one: hosts of http are the same in either case."""
    http = "system=http:"
    if left.startswith(http) and right.startswith(http):
        return left.lower() == right.lower()
    return left == right
