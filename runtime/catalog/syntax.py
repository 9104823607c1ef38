"""Which steps a tasks.py binds, read from its syntax tree so that no code of an author is run."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from runtime.catalog.class_syntax import class_abilities
from runtime.external.base import Abilities

AUTHORING = ("forkjoin.authoring", "runtime.authoring")
"""The module that task code imports, and the same by its older name."""
PACKAGES = tuple(name.partition(".")[0] for name in AUTHORING)
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class BoundTasks(msgspec.Struct, frozen=True):
    """The bindings that the decorators of one tasks.py make."""

    kinds: dict[str, str] = msgspec.field(default_factory=dict)
    """By step id: `class` for external work, `function` for local work."""
    problems: tuple[str, ...] = ()
    """Sentences about what cannot be used."""
    undecided: bool = False
    """Whether more or fewer steps may be bound than the syntax shows; only running the code decides."""
    doubt: str = ""
    """Why running it did not decide either."""
    abilities: dict[str, Abilities] = msgspec.field(default_factory=dict)
    """Abilities that the class of a step declares, by step id."""


def read_tasks(text: bytes, name: str) -> BoundTasks:
    """The `@task` bindings at the top level of a module; `name` is its path as shown in problems."""
    try:
        tree = ast.parse(text, filename=name)
        return _read(tree, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return BoundTasks(problems=(f"{name}{line} is not Python that can be read: {said}.",))


def _read(tree: ast.Module, name: str) -> BoundTasks:
    decorators = _decorator_names(tree)
    constants = _text_constants(tree)
    kinds: dict[str, str] = {}
    problems: list[str] = []
    understood: set[ast.expr] = set()
    undecided = False
    abilities: dict[str, Abilities] = {}
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if not isinstance(node, _DEFINITIONS):
            continue
        for place, decorator in enumerate(node.decorator_list):
            if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) not in decorators:
                continue
            understood.add(decorator.func)
            # A decorator above @task may replace what @task has marked.
            undecided |= any(_text_of(other) not in decorators for other in node.decorator_list[:place])
            step_id = _step_id(decorator, constants)
            if step_id is None:
                undecided = True
                problems.append(f"{name}, line {node.lineno}: write the step id of @task on {node.name} in quotes.")
            elif step_id in kinds:
                problems.append(f"{name}, line {node.lineno}: step '{step_id}' is bound twice; remove one @task.")
            else:
                kinds[step_id] = "class" if isinstance(node, ast.ClassDef) else "function"
                if isinstance(node, ast.ClassDef):
                    abilities[step_id] = class_abilities(node, classes)
    open_ended = undecided or _is_undecided(tree, decorators, understood, Path(name).parent)
    return BoundTasks(kinds, tuple(problems), open_ended, abilities=abilities)


def _is_undecided(tree: ast.Module, decorators: set[str], understood: set[ast.expr], folder: Path) -> bool:
    """Whether `task` is used in a way that is not understood, or a name may be bound to something else at run time."""
    modules = {spelled.rpartition(".")[0] for spelled in decorators} - {""}
    beside, star = _from_beside(tree, folder)
    if star:
        return True
    attributes = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and node not in understood and _text_of(node) in decorators:
            if not isinstance(node, ast.Attribute) or node not in attributes:
                return True
        if isinstance(node, ast.Name) and node.id in modules and node not in attributes:
            return True
        if isinstance(node, _DEFINITIONS) and node.name in decorators:
            return True
        if isinstance(node, _DEFINITIONS) and any(_root(one) in beside for one in node.decorator_list):
            return True
    given = Counter(name for node in tree.body for name in _names_given(node))
    marked = {node.name for node in tree.body if isinstance(node, _DEFINITIONS) and understood & _functions_of(node)}
    return any(given[name] > 1 for name in marked) or any(
        isinstance(call, ast.Call) and _root(call.func) in beside
        for node in tree.body
        if not isinstance(node, _DEFINITIONS)
        for call in ast.walk(node)
    )


def _from_beside(tree: ast.Module, folder: Path) -> tuple[set[str], bool]:
    """Names imported from modules of the same folder, and whether a star import may bring `task` too."""
    names: set[str] = set()
    star = False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module not in AUTHORING:
            if node.level or _lies_in(folder, node.module or ""):
                names |= {alias.asname or alias.name for alias in node.names}
            star |= any(alias.name == "*" for alias in node.names)
        elif isinstance(node, ast.Import):
            names |= {
                alias.asname or alias.name.partition(".")[0] for alias in node.names if _lies_in(folder, alias.name)
            }
    return names, star


def _lies_in(folder: Path, module: str) -> bool:
    first = module.partition(".")[0]
    return bool(first) and ((folder / f"{first}.py").is_file() or (folder / first / "__init__.py").is_file())


def _names_given(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))


def _functions_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> set[ast.expr]:
    return {decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)}


def _root(node: ast.expr) -> str:
    """The first name of an expression."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _text_of(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _decorator_names(tree: ast.Module) -> set[str]:
    """Every spelling under which the module knows `task` of the authoring module."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in AUTHORING and not node.level:
            names |= {alias.asname or "task" for alias in node.names if alias.name in ("task", "*")}
        elif isinstance(node, ast.ImportFrom) and node.module in PACKAGES and not node.level:
            names |= {f"{alias.asname or alias.name}.task" for alias in node.names if alias.name == "authoring"}
        elif isinstance(node, ast.Import):
            names |= {f"{alias.asname or alias.name}.task" for alias in node.names if alias.name in AUTHORING}
    return names


def _text_constants(tree: ast.Module) -> dict[str, str]:
    """Texts assigned to plain names at the top level."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in targets if isinstance(target, ast.Name)})
    return found


def _step_id(decorator: ast.Call, constants: dict[str, str]) -> str | None:
    written = decorator.args[0] if decorator.args else next((word.value for word in decorator.keywords), None)
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        return written.value
    if isinstance(written, ast.Name):
        return constants.get(written.id)
    return None
