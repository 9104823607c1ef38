"""Checks one CSV file of orders, writes it as JSON and prints its totals; runs as a program of its own.

Usage: load.py FILE. The file has the columns order, region and amount. Its JSON goes to loaded/FILE.json beside
it. A file that cannot be used ends the program with code 1 and a sentence on stderr naming the line.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

COLUMNS = ["order", "region", "amount"]


def main() -> int:
    """Load the file named on the command line; the exit code is 0 or 1."""
    path = Path(sys.argv[1])
    try:
        orders = read_orders(path)
    except (OSError, ValueError, csv.Error) as problem:
        print(problem, file=sys.stderr)
        return 1
    write_json(path.parent / "loaded" / f"{path.stem}.json", orders)
    print(json.dumps({"file": path.name, **totals(orders)}))
    return 0


def read_orders(path: Path) -> list[dict[str, str | int]]:
    """All orders of a file, amounts as whole cents; ValueError names the line that is wrong."""
    orders: list[dict[str, str | int]] = []
    seen: set[str] = set()
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != COLUMNS:
            raise ValueError(f"{path.name}, line 1: the columns must be {', '.join(COLUMNS)}, not {rows.fieldnames}")
        for row in rows:
            where = f"{path.name}, line {rows.line_num}"
            if None in row or None in row.values() or not all(row.values()):
                raise ValueError(f"{where}: wanted are {len(COLUMNS)} filled fields")
            if row["order"] in seen:
                raise ValueError(f"{where}: order {row['order']!r} is there twice")
            seen.add(row["order"])
            orders.append({"order": row["order"], "region": row["region"], "cents": cents(row["amount"], where)})
    return orders


def cents(amount: str, where: str) -> int:
    """An amount like 12.50 as 1250 cents."""
    try:
        value = Decimal(amount) * 100
        whole = int(value)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{where}: amount {amount!r} is not a number") from None
    if whole != value:
        raise ValueError(f"{where}: amount {amount!r} has more than two decimals")
    return whole


def totals(orders: list[dict[str, str | int]]) -> dict[str, object]:
    """Number of rows, total and total by region, in cents."""
    regions: dict[str, int] = {}
    for order in orders:
        region = str(order["region"])
        regions[region] = regions.get(region, 0) + int(order["cents"])
    return {"rows": len(orders), "totalCents": sum(regions.values()), "regions": dict(sorted(regions.items()))}


def write_json(path: Path, orders: list[dict[str, str | int]]) -> None:
    """Write the file whole or not at all, so that loading it twice at once does no harm."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.part")
    draft.write_text(json.dumps(orders, indent=1), encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
