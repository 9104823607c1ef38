"""`python -m tests.benchmarks [--quick] [TOPIC ...]`: one table of ratios, with the noise; never asserted anywhere."""

from __future__ import annotations

import argparse
import os
import platform
import time

from tests.benchmarks.table import HEAD, line
from tests.benchmarks.topics import TOPICS


def main() -> None:
    """Measure, and print each row as soon as it is there."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    asked.add_argument("--quick", action="store_true", help="less of everything: about two minutes")
    names = [topic.__name__ for topic in TOPICS]
    asked.add_argument("topic", nargs="*", choices=[[], *names], help=f"only these: {', '.join(names)}")
    chosen = asked.parse_args()
    began = time.monotonic()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    if load > 0.5:
        print("This machine does something else as well: trust ratios, and rows whose noise is small.")
    print(HEAD, flush=True)
    for topic in TOPICS:
        if not chosen.topic or topic.__name__ in chosen.topic:
            for row in topic(chosen.quick):
                print(line(row), flush=True)
    print(f"measured in {time.monotonic() - began:,.0f} s")


if __name__ == "__main__":
    main()
