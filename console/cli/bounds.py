"""How large the numbers on a command line may be: beyond them lies no store."""

from __future__ import annotations

import click

LARGEST = 2**53
LIMIT = click.IntRange(1, 1_000_000_000)
COUNT = click.IntRange(max=100_000)
REVISION = click.IntRange(-LARGEST, LARGEST)
ACT_NUMBER = click.IntRange(-LARGEST, LARGEST)
