"""Pages that code and other pages name exist, with the headings they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("console", "forkjoin", "runtime", "workflows", "tests")
CODE = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py") if p != Path(__file__))
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
CITED = re.compile(r"((?:docs/[\w./-]+|SECURITY|CONTRIBUTING)\.md)(?:,\s+(.{1,60}))?", re.S)
ELSEWHERE = re.compile(
    r"\b(?:DESIGN|SCREENS|AUTHORING|STORAGE|SCALEOUT|TUI|HOUSE)(?: section|\.md)|\((?:CLI|AUTHORING)\)"
)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)


def begins_with_one(words: str, known: list[str]) -> bool:
    """Whether a text begins with a heading, in full."""
    text = " ".join(words.split())
    return any(re.match(re.escape(heading) + r"(?!\w)", text) for heading in known)


def test_code_names_pages_and_headings_that_exist() -> None:
    found = 0
    for path in CODE:
        for page, words in CITED.findall(path.read_text(encoding="utf-8")):
            found += 1
            assert (ROOT / page).is_file(), f"{path.relative_to(ROOT)} names {page}"
            if words:
                assert begins_with_one(words, headings(ROOT / page)), f"{path.relative_to(ROOT)}: {page}, {words}"
    assert found > 30


def test_no_code_names_a_page_that_is_not_in_the_repository() -> None:
    assert [str(p.relative_to(ROOT)) for p in CODE if ELSEWHERE.search(p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, words in re.findall(r"\]\(([^)#:]+)\)(?:, ([A-Z].{1,60}))?", text):
        assert (page.parent / target).exists(), target
        if words and target.endswith(".md"):
            known = headings(page.parent / target)
            assert begins_with_one(words, known), f"{target}, {words}"


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\]\((\d.+\.md)\)", (ROOT / "docs/decisions/README.md").read_text())
    assert listed == sorted(p.name for p in (ROOT / "docs/decisions").glob("[0-9]*.md"))


def test_every_word_of_the_glossary_stands_once_and_in_order() -> None:
    rows = re.findall(r"^\| ([\w ,]+) \|", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.M)
    words = [row for row in rows if row != "Word"]
    assert words == sorted(set(words), key=lambda row: row.split(",")[0].lower())
