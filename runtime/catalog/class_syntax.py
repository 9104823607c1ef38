"""The abilities a task class declares, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from runtime.external.base import Abilities


def class_abilities(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> Abilities:
    """Abilities of a task class: `idempotent = False`, and whether it has `find` and `cancel`, its bases' included.

    `classes` are those of the module by name. Of a base that is written elsewhere nothing is known: it may have
    `cancel`, and the contract of task classes holds for the rest.
    """
    idempotent: bool | None = None
    names: set[str] = set()
    foreign = False
    waiting, seen = [node], {node.name}
    while waiting:
        one = waiting.pop(0)
        for inner in one.body:
            found, value = _assigned(inner)
            names |= found
            if "idempotent" in found and idempotent is None:
                idempotent = not (isinstance(value, ast.Constant) and value.value is False)
        for base in one.bases:
            name = base.id if isinstance(base, ast.Name) else ""
            if name in classes and name not in seen:
                seen.add(name)
                waiting.append(classes[name])
            elif name not in seen and name != "object":
                foreign = True
    return Abilities(idempotent is not False, "find" in names, "cancel" in names or foreign)


def _assigned(node: ast.stmt) -> tuple[set[str], ast.expr | None]:
    """Names a statement of a class body binds, and the value they get where it is written out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}, None
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return {node.target.id}, node.value
    return set(), None
