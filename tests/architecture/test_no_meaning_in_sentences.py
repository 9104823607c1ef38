"""A program that reads a sentence made for people breaks when the sentence is made better: meaning is a field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(path for name in ("console", "forkjoin", "runtime") for path in (ROOT / name).rglob("*.py"))
ASKED = ("startswith", "endswith", "partition", "rpartition", "removeprefix", "removesuffix", "find", "index", "split")

ELSEWHERE = {
    # Libraries say what went wrong in words alone.
    "runtime/external/http/binding.py": {"Value error, "},
    "runtime/flow/check/shape_checks.py": {"Input should be "},
    "runtime/flow/expressions/evaluation.py": {"out of memory"},
    "runtime/flow/expressions/sandbox.py": {"SyntaxError: "},
    "runtime/flow/read/flow_text.py": {"Exceeds the limit"},
    "runtime/store/embedded/error_translation.py": {"unable to open", "not a database"},
    "console/store_status.py": {" failed: "},
    # A file of statements has its own notation.
    "runtime/store/postgres/queries.py": {"^-- name: "},
    # Letter case, for a sentence that follows a colon: nothing is decided by it.
    "console/commands/verdicts.py": {"Nothing ", "No ", "There "},
    # Names of options that are shown as they are.
    "console/commands/maintenance.py": {"failed too"},
    "console/commands/editing.py": {"go on"},
}
SENTENCE = re.compile(r"[A-Za-z]{2,}.* |^ [a-z]+ $|^[A-Z][a-z]+ ")


def texts(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def asked_for(tree: ast.AST) -> Iterator[str]:
    """Literals that another text is compared with, or searched for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for sign, right in zip(node.ops, node.comparators, strict=True):
                if isinstance(sign, ast.In | ast.NotIn) and isinstance(node.left, ast.Constant):
                    yield from texts(node.left)
                elif isinstance(sign, ast.Eq | ast.NotEq):
                    yield from (
                        text for side in (node.left, right) if isinstance(side, ast.Constant) for text in texts(side)
                    )
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKED:
            yield from (text for given in node.args for text in texts(given))


@pytest.mark.parametrize("file", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_decided_by_the_words_of_a_sentence(file: Path) -> None:
    found = {text for text in asked_for(ast.parse(file.read_text(encoding="utf-8"))) if SENTENCE.search(text)}
    assert found <= ELSEWHERE.get(str(file.relative_to(ROOT)), set())


@pytest.mark.parametrize(
    "line",
    [
        'x.startswith("You can:")',
        'if " is " not in text: pass',
        'sentence == "a reason is needed"',
        'said.partition(" was ")',
        'if "may still run" in problem.message: pass',
    ],
)
def test_the_rule_sees_what_was_done_before(line: str) -> None:
    assert [text for text in asked_for(ast.parse(line)) if SENTENCE.search(text)]


def test_no_fact_is_read_by_a_key_that_is_not_declared() -> None:
    by_key = re.compile(r"facts\.(get|put)\(\s*[f\"']")
    found = {str(f.relative_to(ROOT)) for f in CODE if by_key.search(f.read_text(encoding="utf-8"))}
    assert found <= {"runtime/store/removed_work.py"}  # Notes of removed runs, many of a kind, have keys of their own.
