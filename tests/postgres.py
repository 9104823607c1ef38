"""A throw-away PostgreSQL for tests: started by the suite itself, root or not, gone when it ends."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB")
DURABLE = ("fsync=off", "max_connections=200", "shared_buffers=64MB")
"""For servers that crash: what was acknowledged is with the kernel, which outlives them."""
_numbers = count(1)


def binaries() -> Path | None:
    """The folder with initdb and postgres: named by TEST_PG_BIN, on the PATH, or where Debian puts them."""
    named = [os.environ.get("TEST_PG_BIN"), *(str(Path(f).resolve().parent) for f in [shutil.which("initdb")] if f)]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*(Path(n) for n in named if n), *debian]:
        if os.access(folder / "initdb", os.X_OK) and os.access(folder / "postgres", os.X_OK):
            return folder
    return None


class Server:
    """One PostgreSQL in a folder of its own; as root it runs as `nobody`, because PostgreSQL refuses root."""

    def __init__(
        self,
        *,
        listen: str = "",
        port: int = 5432,
        settings: tuple[str, ...] = SETTINGS,
        follows: Server | None = None,
        before: Sequence[str] = (),
    ) -> None:
        """`before` is a command that runs the server, like `nsenter`; as root it must change the user itself."""
        found = binaries()
        if found is None:
            raise FileNotFoundError("there are no PostgreSQL binaries here")
        self._bin = found
        self.folder = Path(tempfile.mkdtemp(prefix="fjpg"))
        self._listen, self._port, self._settings, self._before = listen, port, settings, list(before)
        self._user: dict[str, object] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if follows is None:
            self._run("initdb", "-D", str(self.folder / "d"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        else:
            place = ("-h", str(follows.folder), "-p", str(follows._port), "-U", "postgres")
            self._run("pg_basebackup", *place, "-D", str(self.folder / "d"), "-R", "-X", "stream", "-c", "fast")
        if listen:
            with (self.folder / "d" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all 0.0.0.0/0 trust\n")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder)}

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / name, *arguments],
            check=True,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._user,  # type: ignore[call-overload]
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        self._process = subprocess.Popen(
            [
                *self._before,
                *(self._bin / "postgres", "-D", self.folder / "d", "-k", self.folder, "-p", str(self._port)),
                *("-c", f"listen_addresses={self._listen}", *options),
            ],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **({} if self._before else self._user),  # type: ignore[call-overload]
        )
        end = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The process that is the parent of all its others."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str) -> str:
        """The URL of one of its databases, by its socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self._port}"

    def url_at(self, host: str, database: str) -> str:
        """The URL of one of its databases over the network."""
        return f"postgresql://postgres@{host}:{self._port}/{database}"

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it (SIGINT), or crash it (SIGQUIT: at once, without a clean end)."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stop it and remove its folder."""
        with suppress(Exception):
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def server() -> Server:
    """The server of this test process; skips where there are no binaries, unless the suite must have them."""
    if binaries() is None:
        reason = "PostgreSQL is not installed here (apt-get install postgresql, or TEST_PG_BIN=FOLDER)"
        if os.environ.get("FORKJOIN_TEST_POSTGRES") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    made = Server()
    atexit.register(made.remove)
    from runtime.store.postgres.opening import upgrade_postgres

    with psycopg.connect(made.url("postgres"), autocommit=True) as con:
        con.execute("CREATE DATABASE template_store")
    upgrade_postgres(made.url("template_store"))
    return made


def new_database(*, empty: bool = False, of: Server | None = None) -> str:
    """The URL of a new database, with an empty store in it unless `empty`."""
    one = of or server()
    name = f"t{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(one.url("postgres"), autocommit=True) as con:
        con.execute(f"CREATE DATABASE {name}" + ("" if empty or of else " TEMPLATE template_store"))
    return one.url(name)


@contextmanager
def own_server(
    *, listen: str = "", port: int = 5432, settings: tuple[str, ...] = DURABLE, before: Sequence[str] = ()
) -> Iterator[Server]:
    """A server of its own, for tests that stop it; with a store in `postgres`."""
    server()
    made = Server(listen=listen, port=port, settings=settings, before=before)
    from runtime.store.postgres.opening import upgrade_postgres

    try:
        upgrade_postgres(made.url("postgres"))
        yield made
    finally:
        made.remove()
