"""Two runs side by side: what differs first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.dialogs.menu import Item, MenuDialog
from console.feed import Brings
from runtime.safe_text import json_text

if TYPE_CHECKING:
    from console.desk import Desk
    from runtime.assembly.runtime import Runtime

LEFT_OUT = {"id", "revision", "updated_at"}


def compare(desk: Desk, first: str, second: str) -> None:
    """Read both and show them."""

    def work(runtime: Runtime) -> tuple[dict[str, Any], dict[str, Any]]:
        return runtime.json_views.show(first), runtime.json_views.show(second)

    def take(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
        items = [Item("", f"{first}   |   {second}")]
        items += [Item(name, f"{a}   |   {b}") for name, a, b in differences(*both)]
        same = "Nothing differs but ids and times." if len(items) == 1 else ""
        desk.open_dialog(MenuDialog(desk, f"{first} and {second}", items, note=same, mark=34))

    desk.feed.read("compare", work, take, desk.read_failed, brings=Brings.DIALOG)


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Path, value here, value there, of every leaf that differs."""
    left, right = dict(_leaves("", _by_name(one))), dict(_leaves("", _by_name(other)))
    found = []
    for path in [*left, *(p for p in right if p not in left)]:
        a, b = left.get(path, "-"), right.get(path, "-")
        if a != b:
            found.append((path, a, b))
    return found


def _by_name(view: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in view.items() if k not in LEFT_OUT}
    kept["branches"] = {
        b["name"]: {k: b[k] for k in ("status", "step_id", "attempt", "external_system", "result", "failure")}
        for b in view["branches"]
    }
    kept["joins"] = {j["step_id"]: j for j in view["joins"]}
    return kept


def _leaves(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [leaf for k, v in value.items() for leaf in _leaves(f"{path}.{k}" if path else str(k), v)]
    return [(path, value if isinstance(value, str) else json_text(value, indent=None))]
