"""The console asks operations, and each database library stays in the room of its store."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = sorted((ROOT / "console").rglob("*.py"))
RUNTIME = sorted(p for folder in ("console", "forkjoin", "runtime", "workflows") for p in (ROOT / folder).rglob("*.py"))
ROOMS = {
    "tinydb": ("runtime/store/embedded/",),
    # The simulated system keeps its jobs in a file of its own, which no store knows.
    "sqlite3": ("runtime/store/embedded/", "runtime/external/simulated/"),
    "psycopg": ("runtime/store/postgres/",),
    "psycopg_pool": ("runtime/store/postgres/",),
}


def stores_reached(file: Path) -> list[str]:
    """Every attribute `.store` in a file, but that of settings, which is only the place that was named."""
    found = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)]
    reached = [node for node in found if node.attr in ("store", "_store")]
    return [text for node in reached if not (text := ast.unparse(node)).endswith("settings.store")]


@pytest.mark.parametrize("file", CONSOLE, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_console_reaches_no_store(file: Path) -> None:
    assert stores_reached(file) == []


def imported(file: Path) -> set[str]:
    """The outermost packages a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("library", ROOMS)
def test_a_database_library_is_imported_in_its_room_alone(library: str) -> None:
    files = [str(file.relative_to(ROOT)) for file in RUNTIME if library in imported(file)]
    assert files, f"nobody imports {library}: this test looks for nothing"
    assert [file for file in files if not file.startswith(ROOMS[library])] == []
