"""Asks a scheduler or worker over HTTP how it is, as Prometheus would."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def parsed(text: str) -> Samples:
    """Values by name and labels."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def scrape(port: int) -> Samples:
    """What /metrics shows now; empty while nobody listens."""
    return parsed(ask(port, "/metrics")[1])


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of what has these labels."""
    wanted = set(labels.items())
    return sum(v for found, v in samples.get(name, {}).items() if wanted <= set(found))


def wait_for(seen: Callable[[], object], seconds: float = 30) -> None:
    """Look until it is seen; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.05)
