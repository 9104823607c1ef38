"""A password in the address of a store is shown by nobody, not in part either, however it is written."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.main import run
from runtime.assembly.location import directory_of, open_store, store_name
from runtime.errors import ForkjoinError, InvalidInput
from runtime.settings import Settings
from runtime.store.postgres.connection_url import shown, without_password
from runtime.store.url_text import read_url

PASSWORDS = (
    "Qxqxer2Wkwk", "Qxqx@er2Wkwk", "Qxq@Vzv@2Wkwk", "Qxqxer2/Wkwk", "Qxqxer:2Wkwk", "Qxqxer2?Wkwk", "Qxqxer2#Wkwk",
    "Qxqxer%40Wkwk", "Qxqxer%2FWkwk", "Qxqxer%zzWkwk", "Qxqxer2&Wkwk=x", "Qxqxer 2Wkwk", "[Qxqxer]2Wkwk", "2468/2Wkwk",
    "2468/2?x=Qxqxer", "Qxqxer\\2Wkwk", "Qxüx2Wkwk", "Qxqxer2Wkwk@", "@Qxqxer2Wkwk", "Qxqxer,2Wkwk", "//Qxqxer2Wkwk",
)  # fmt: skip
SHAPES = (
    "postgresql://user:{}@127.0.0.1:1/runs", "postgres://user:{}@127.0.0.1:1/runs?sslmode=disable",
    "postgresql://127.0.0.1:1/runs?user=u&password={}", "postgresql://u@127.0.0.1:1/runs?password={}&sslmode=disable",
    "postgresql://u@127.0.0.1:1/runs?sslpassword={}", "postgresql:user:{}@127.0.0.1:1/runs",
    "POSTGRESQL://user:{}@127.0.0.1:1/runs", "mysql://user:{}@127.0.0.1/runs", "postgresql+x://user:{}@127.0.0.1/runs",
    "host=127.0.0.1 port=1 user=u password={} dbname=runs", "user:{}@127.0.0.1/runs", "password='{}' host=127.0.0.1",
    "postgresql://user:{}@127.0.0.1:1,127.0.0.1:2/runs", "user:{}@127.0.0.1://runs",
)  # fmt: skip
CASES = [shape.format(password) for shape, password in itertools.product(SHAPES, PASSWORDS)]
PARTS = ("Qxq", "Vzv", "Wkwk", "2468", "xüx")


def given_away(text: str) -> list[str]:
    return [part for part in PARTS if part in text]


@pytest.mark.parametrize("location", CASES)
def test_no_name_and_no_error_of_a_store_shows_its_password(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = [shown(location), without_password(location), store_name(Settings(store=location))]
    for ask in (open_store, lambda text: directory_of(Settings(store=text)), read_url):
        try:
            told.append(str(ask(location)))
        except ForkjoinError as problem:
            told += [problem.message, str(problem), repr(problem.__cause__), repr(problem.facts)]
    assert not given_away(" ".join(told)), told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [["list"], ["doctor", "--json"], ["scheduler"], ["worker"], ["start", "fork_join_example"], ["store", "upgrade"]],
)
def test_no_command_shows_it(
    command: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for location in CASES[::7]:
        monkeypatch.setenv("FORKJOIN_STORE", location)
        assert run(command) in (2, 5)
        told = capfd.readouterr()
        assert not given_away(told.out + told.err), (location, told)
    assert not list(tmp_path.iterdir()), "no directory is called like an address"


def test_addresses_that_are_well_written_are_read_with_whatever_password() -> None:
    found = read_url("postgresql://u:p%40ss%2Fword@h:5432/runs?sslmode=disable")
    assert (found.user, found.hosts, found.database) == ("u", "h:5432", "runs")
    assert set(found.secrets) == {"p%40ss%2Fword", "p@ss/word"}
    for url in (
        "postgresql:///runs", "postgresql://h", "postgresql://[::1]:5432/runs", "postgresql://a:1,b:2/runs",
        "postgresql:///runs?host=/var/run/postgresql", "postgresql://%2Fvar%2Frun/runs", "postgresql://u@h/r?a=1&b=2",
        "postgresql://u:p?w@h/db", "postgresql://u:p:w@h/db", "postgresql://u:p#w@h/db",
    ):  # fmt: skip
        read_url(url)
    for url in ("postgresql://u:p@ss@h/db", "postgresql://u:p/w@h/db", "postgresql://u:12/3?x@h/db"):
        with pytest.raises(InvalidInput, match="%40"):
            read_url(url)


def test_a_directory_may_be_called_like_an_address_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b@c").mkdir(mode=0o700)
    open_store("a:b@c").close()
    assert (tmp_path / "a:b@c" / "store.db").exists()
    open_store("./runs@home").close()


def test_no_process_is_started_with_it_among_its_arguments(tmp_path: Path) -> None:
    # The scheduler of a console gets its store by the environment, which only its owner can see.
    code = (
        "import json, subprocess, sys\n"
        "from types import SimpleNamespace as S\n"
        "from pathlib import Path\n"
        "from runtime.assembly.serving_scheduler import start_scheduler_process\n"
        "from runtime.settings import Settings\n"
        "told = []\n"
        "subprocess.Popen = lambda arguments, **more: told.append(arguments)\n"
        f"where = Path({str(tmp_path)!r})\n"
        "start_scheduler_process(S(settings=Settings(store='postgresql://u:Qxqxer2Wkwk@h/db'), directory=where))\n"
        "print(json.dumps(told))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout)
    assert not given_away(said.stdout)
