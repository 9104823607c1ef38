"""The folder of one workflow is found without reading the others, and is the one that all of them read would give."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.catalog import folders
from runtime.catalog.catalog import Catalog
from runtime.catalog.folders import find_workflows, flow_file_named
from tests.unit.catalog.test_catalog import flow, run_of, ship, step

NAMES = ("shop", "etl", ".hidden", "_kept", "single", "missing")
COUNT = itertools.count()


@settings(max_examples=60)
@given(kinds=st.lists(st.lists(st.sampled_from(["shop", "etl", ".hidden", "_kept", "file", "here"])), max_size=3))
def test_it_is_the_folder_that_reading_all_would_give(
    kinds: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp(f"folders{next(COUNT)}")
    given_folders = []
    for number, names in enumerate(kinds):
        folder = root / str(number) / "single"
        folder.mkdir(parents=True)
        for name in names:
            if name == "file":
                (folder / "shop.txt").write_text("")
            else:
                ship(folder if name == "here" else folder / name, flow(step("a")))
        given_folders.append(folder)
    given_folders.append(root / "not there")
    known, _ = find_workflows(given_folders)
    for name in NAMES:
        found = flow_file_named(given_folders, name)
        assert found == (known[name].path if name in known else None), name
    for strange in ("", ".", "..", "1/single/shop", "single/../shop"):
        assert flow_file_named(given_folders, strange) is None


def test_the_program_of_a_run_reads_no_workflow_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = ship(tmp_path / "shop", flow(step("a")), "@task('a')\nclass A: ...\n")
    ship(tmp_path / "broken", "no flow", "no python (")
    run = run_of(Catalog([tmp_path], built_in=False).find("shop"))
    monkeypatch.setattr(folders, "read_workflow", lambda path: pytest.fail(f"{path} was read"))
    program = Catalog([tmp_path], built_in=False).program(run, flow(step("a")))
    assert program.bindings["a"].config["code"] == str(shop / "tasks.py")
