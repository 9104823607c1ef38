"""Reports the state of this process to systemd, if it asked for that (sd_notify)."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send READY=1, STOPPING=1 or WATCHDOG=1 to the socket in NOTIFY_SOCKET, if there is one."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto(state.encode(), address)


def watchdog_seconds() -> float | None:
    """Half the interval in which systemd wants a report; None if it wants none."""
    asked = os.environ.get("WATCHDOG_USEC", "")
    return int(asked) / 2_000_000 if asked.isdigit() and int(asked) else None
