"""Files import each other in one direction only, and nothing is asked of an object but what its type says."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("forkjoin", "console", "runtime", "workflows")
CONSOLE = sorted((ROOT / "console").rglob("*.py"))


def test_every_folder_of_code_is_a_package_that_the_contracts_can_see() -> None:
    folders = {path.parent for name in ("forkjoin", "console", "runtime") for path in (ROOT / name).rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_files_import_each_other_in_a_circle_even_for_types_alone() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # A package hands on names of its own files, which import their neighbours through no other way.
    faces = {module for module in graph.modules if graph.find_children(module)}
    order = graphlib.TopologicalSorter({module: used - faces for module, used in arrows.items() if module not in faces})
    order.prepare()


@pytest.mark.parametrize("file", CONSOLE, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_launch_knows_the_app(file: Path) -> None:
    if file.name == "launch.py":
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert "console.app" not in names


PROBES = {
    # Streams of the interpreter may be closed, replaced or without an encoding.
    "console/crash_guard.py": 1,
    "console/format.py": 1,
}


def probes(file: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            yield node.lineno


def test_the_console_probes_no_object_for_what_it_may_have() -> None:
    found = {str(file.relative_to(ROOT)): len(list(probes(file))) for file in CONSOLE}
    assert {name: count for name, count in found.items() if count > PROBES.get(name, 0)} == {}
