"""Which steps a tasks.py binds, read from its syntax tree so that no code of an author is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

AUTHORING = "runtime.authoring"


@dataclass(frozen=True, slots=True)
class BoundTasks:
    """What the decorators of one tasks.py say."""

    kinds: dict[str, str] = field(default_factory=dict)
    """By step id: `class` for external work, `function` for local work."""
    problems: tuple[str, ...] = ()
    """Sentences about what cannot be used."""


def read_tasks(text: bytes, name: str) -> BoundTasks:
    """The `@task` bindings at the top level of a module; `name` is how sentences call the file."""
    try:
        tree = ast.parse(text, filename=name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return BoundTasks(problems=(f"{name}{line} is not Python that can be read: {said}.",))
    decorators = _decorator_names(tree)
    constants = _text_constants(tree)
    kinds: dict[str, str] = {}
    problems: list[str] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) not in decorators:
                continue
            step_id = _step_id(decorator, constants)
            if step_id is None:
                problems.append(f"{name}, line {node.lineno}: write the step id of @task on {node.name} in quotes.")
            elif step_id in kinds:
                problems.append(f"{name}, line {node.lineno}: step '{step_id}' is bound twice; remove one @task.")
            else:
                kinds[step_id] = "class" if isinstance(node, ast.ClassDef) else "function"
    return BoundTasks(kinds, tuple(problems))


def _decorator_names(tree: ast.Module) -> set[str]:
    """Every spelling under which the module knows `runtime.authoring.task`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == AUTHORING:
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "task"}
        elif isinstance(node, ast.ImportFrom) and node.module == "runtime":
            names |= {f"{alias.asname or alias.name}.task" for alias in node.names if alias.name == "authoring"}
        elif isinstance(node, ast.Import):
            names |= {f"{alias.asname or alias.name}.task" for alias in node.names if alias.name == AUTHORING}
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
