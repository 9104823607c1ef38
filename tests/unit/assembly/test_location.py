"""One type says what follows from the place of a store: a directory of this machine, or a database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.assembly.location import directory_of, location_of, open_store, store_name
from runtime.errors import InvalidInput, Refused, StoreUnavailable
from runtime.scheduler.single.driving_lock import DrivingLock
from runtime.settings import Settings

URL = "postgresql://mia:hush-hush@db.internal/night?sslmode=disable"


def test_a_text_with_a_scheme_is_a_database_and_all_else_a_directory(tmp_path: Path) -> None:
    assert location_of(URL).shared
    assert not location_of(tmp_path / "runs").shared
    assert not location_of("runs").shared


def test_a_directory_is_known_by_its_machine_and_its_resolved_path(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to("runs")
    runs, link = location_of(tmp_path / "runs"), location_of(tmp_path / "link")
    assert runs.identity == link.identity == f"{os.uname().nodename}:{tmp_path.resolve() / 'runs'}"
    assert (runs.display_name, link.display_name) == ("runs", "link")
    assert link.address == str(tmp_path / "link")


def test_nothing_that_is_shown_of_a_database_holds_its_password() -> None:
    location = location_of(URL)
    shown = (location.address, location.identity, location.display_name, repr(location))
    assert not any("hush-hush" in text for text in shown)
    assert location.display_name == "night"
    assert location.holds_password and not location_of("postgresql://mia@db/night").holds_password


def test_two_urls_of_one_database_share_the_directory_of_this_machine(tmp_path: Path) -> None:
    one = Settings(store="postgresql://mia@db/night")
    other = Settings(store="postgresql://ben:secret@db/night")
    assert directory_of(one) == directory_of(other)
    assert directory_of(Settings(store=URL, directory=str(tmp_path))) == tmp_path
    assert store_name(one) == "night"


def test_only_a_directory_says_without_being_opened_that_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        location_of(tmp_path / "gone").require()
    location_of(URL).require()
    assert not (tmp_path / "gone").exists()


def test_a_directory_at_rest_keeps_schedulers_away_until_the_end(tmp_path: Path) -> None:
    location, lock = location_of(tmp_path / "runs"), DrivingLock(tmp_path / "runs")
    store = open_store(tmp_path / "runs")
    with location.at_rest(store) as assure:
        assure()
        assert not lock.acquire()
    assert lock.acquire()
    with pytest.raises(Refused, match="A scheduler works on"), location.at_rest(store):
        raise AssertionError("it is driven")
    lock.release()
    store.close()


@pytest.mark.parametrize("text", ["postgresql:/db/runs", "host=db dbname=runs", "runs\0"])
def test_what_cannot_be_the_name_of_a_directory_is_refused_before_anything_is_made(text: str) -> None:
    with pytest.raises(InvalidInput):
        location_of(text).open()
