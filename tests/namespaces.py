"""Several hosts on one machine: a network and a host name each, joined by a bridge, gone with the test process.

A host is a network and a UTS namespace held open by a `cat` that ends when our end of its pipe closes. So nothing is
left behind even if the test process is killed, and no name or address is seen outside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

TOOLS = ("unshare", "nsenter", "ip", "hostname")


class Host:
    """One host: what runs on it sees only its network and its name."""

    def __init__(self, name: str, address: str, process: subprocess.Popen[bytes]) -> None:
        self.name, self.address, self.process = name, address, process

    def before(self, *, nobody: bool = False) -> list[str]:
        """The command that runs another one here; as the user `nobody` if asked."""
        user = ["--setuid", "65534", "--setgid", "65534"] if nobody else []
        return ["nsenter", "--target", str(self.process.pid), "--net", "--uts", *user]

    def run(self, *command: str) -> None:
        """Run a command here and wait for it."""
        subprocess.run([*self.before(), *command], check=True, capture_output=True, timeout=20)


class Network:
    """Hosts on one bridge; `middle` is the host that has the bridge."""

    def __init__(self, middle: Host, others: dict[str, Host]) -> None:
        self.middle, self.others = middle, others

    def cut(self, name: str) -> None:
        """Take the cable of a host out."""
        self.middle.run("ip", "link", "set", f"to-{name}", "down")

    def mend(self, name: str) -> None:
        """Put it in again."""
        self.middle.run("ip", "link", "set", f"to-{name}", "up")


def why_not() -> str | None:
    """Why there can be no hosts here."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"there is no {missing[0]} here (apt-get install iproute2 util-linux hostname)"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    tried = subprocess.run(["unshare", "--net", "--uts", "true"], capture_output=True, check=False, timeout=20)
    return None if tried.returncode == 0 else f"namespaces are not allowed here: {tried.stderr.decode().strip()}"


@contextmanager
def network(*names: str) -> Iterator[Network]:
    """Hosts of these names and one in the middle; skips where that cannot be, unless the suite must have them."""
    reason = why_not()
    if reason is not None:
        if os.environ.get("FORKJOIN_TEST_POSTGRES") == "required" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    with ExitStack() as stack:
        middle = _host(stack, "middle", "10.77.0.1")
        middle.run("ip", "link", "add", "bridge", "type", "bridge")
        middle.run("ip", "address", "add", f"{middle.address}/24", "dev", "bridge")
        middle.run("ip", "link", "set", "bridge", "up")
        others = {}
        for number, name in enumerate(names, start=2):
            host = others[name] = _host(stack, name, f"10.77.0.{number}")
            cable = f"to-{name}"
            middle.run(
                *("ip", "link", "add", cable, "type", "veth"),
                *("peer", "name", "cable", "netns", str(host.process.pid)),
            )
            middle.run("ip", "link", "set", cable, "master", "bridge", "up")
            host.run("ip", "address", "add", f"{host.address}/24", "dev", "cable")
            host.run("ip", "link", "set", "cable", "up")
        yield Network(middle, others)


def _host(stack: ExitStack, name: str, address: str) -> Host:
    script = 'hostname "$1" && ip link set lo up && echo ready && exec cat'
    process = subprocess.Popen(
        ["unshare", "--net", "--uts", "sh", "-c", script, "sh", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    stack.enter_context(process)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n", f"the host {name} was not made"
    return Host(name, address, process)
