"""A real SSH server on loopback whose key opens nothing but a read-only console."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.terminal import needs_tmux, terminal
from tests.scheduling import ROOT, opened

SSHD = shutil.which("sshd") or next((p for p in ("/usr/sbin/sshd",) if os.access(p, os.X_OK)), None)
pytestmark = [
    needs_tmux,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="sshd or ssh is not installed"),
]


def consoles(store: Path) -> list[str]:
    """Processes of consoles on this store."""
    found = subprocess.run(["pgrep", "-f", f"console --store {store}"], capture_output=True, text=True, check=False)
    return found.stdout.split()


@contextmanager
def server(folder: Path, command: str) -> Iterator[int]:
    """An sshd of our own, with one key whose session is `command`; gives its port."""
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    public = (folder / "key.pub").read_text()
    (folder / "authorized_keys").write_text(f'command="{command}",restrict,pty {public}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    lines = (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        f"PidFile {folder / 'pid'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin yes",
    )
    (folder / "config").write_text("\n".join(lines) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(folder / "config")], stderr=log)
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_a_forced_read_only_console_opens_over_ssh_and_nothing_else(tmp_path: Path) -> None:
    store, home = tmp_path / "s", tmp_path / "ssh"
    home.mkdir(mode=0o700)
    with opened(store) as runtime:
        runtime.commands.start("profile_update", {}, "seen-from-afar")
        runner = home / "console.sh"
        runner.write_text(
            f"#!/bin/sh\ncd {ROOT}\nexport LANG=C.UTF-8\n"
            f"exec {sys.executable} -m console --store {store} --as alice --read-only $SSH_ORIGINAL_COMMAND\n"
        )
        runner.chmod(0o700)
        with server(home, str(runner)) as port:
            ssh = ["ssh", "-tt", "-p", str(port), "-i", str(home / "key"), "-o", "StrictHostKeyChecking=no"]
            ssh += ["-o", f"UserKnownHostsFile={home / 'known'}", f"{getpass.getuser()}@127.0.0.1"]
            with terminal(ssh, 80, 24, folder=tmp_path) as desk:
                desk.wait("forkjoin RO")
                desk.wait("seen-f|seen-from-afar")
                desk.press_until("C", "Read-only. From a shell: forkjoin cancel")
                desk.press_until("q", "EXIT=0")
            asked = subprocess.run(
                [*ssh, "cancel", "seen-from-afar", "--as", "root"], capture_output=True, timeout=60, check=False
            )
            assert asked.returncode == 4, "read-only stands, whatever is asked"
            with terminal(ssh, 80, 24, folder=tmp_path) as desk:
                desk.wait("forkjoin RO")
                os.kill(desk.pid, 9)
                ended_by = time.monotonic() + 30
                while consoles(store) and time.monotonic() < ended_by:
                    time.sleep(0.1)
                assert not consoles(store), "a console whose line was cut ends by itself"
        assert [a.verb for a in runtime.store.acts.newest()] == ["start"]
        assert not (store / "console-crash.log").exists()
