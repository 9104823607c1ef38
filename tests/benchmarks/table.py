"""One table of what was measured: ours, its noise, the bare limit on the same machine, and what others do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HEAD = f"{'what':44} {'unit':9} {'ours':>12} {'noise':>7} {'limit':>12} {'of limit':>9}  limit is, and others"


def middle(values: Iterable[float]) -> float:
    """The middle one, the upper of two."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


@dataclass(frozen=True)
class Row:
    """One thing measured: the rounds of ours, and those of a program that does nothing else, taken in turns."""

    what: str
    unit: str
    ours: tuple[float, ...]
    limit: tuple[float, ...] = ()
    limit_is: str = ""
    others: Mapping[str, float] = field(default_factory=dict)
    """What others do of the same, in the same unit."""

    @property
    def noise(self) -> float | None:
        """How far the rounds lie apart, as a share of the middle one; None for a single round."""
        if len(self.ours) < 2 or not middle(self.ours):
            return None
        return (max(self.ours) - min(self.ours)) / middle(self.ours)

    @property
    def ratio(self) -> float | None:
        """Ours over the limit."""
        return middle(self.ours) / middle(self.limit) if self.limit and middle(self.limit) else None


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(row: Row) -> str:
    """A row as it is printed."""
    noise = "" if row.noise is None else f"{row.noise:.0%}"
    limit = number(middle(row.limit)) if row.limit else ""
    beside = [row.limit_is] if row.limit_is else []
    beside += [f"{name} {number(value)}" for name, value in row.others.items()]
    return (
        f"{row.what:44} {row.unit:9} {number(middle(row.ours)):>12} {noise:>7} {limit:>12} {number(row.ratio):>9}  "
        + "; ".join(beside)
    ).rstrip()
