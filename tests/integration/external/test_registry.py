"""Which external systems there are, and that a broken plugin harms nothing but itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import Unreachable
from runtime.external import registry
from runtime.external.disabled import DisabledSystem
from runtime.external.registry import SystemContext, binding_checks, external_systems
from runtime.external.simulated import SimulatedSystem
from tests.contract.external.calls import call_of

ROOT = Path(__file__).resolve().parents[3]
HERE = "tests.integration.external.test_registry"


def sound(context: SystemContext) -> SimulatedSystem:
    """A plugin as a package would ship it."""
    return SimulatedSystem(context.directory, context.clock, seed=7)


def broken(context: SystemContext) -> Any:
    """A plugin that cannot be made."""
    raise RuntimeError("no licence")


def half(context: SystemContext) -> Any:
    """A plugin that is no external system."""
    return object()


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(**values: str) -> None:
        points = [EntryPoint(name, f"{HERE}:{value}", registry.ENTRY_POINTS) for name, value in values.items()]
        monkeypatch.setattr(registry, "entry_points", lambda group: points)

    return install


def test_three_systems_are_shipped_and_finding_them_writes_nothing(tmp_path: Path) -> None:
    systems = external_systems(tmp_path / "store", ManualClock())
    assert {"simulated", "process", "http"} <= set(systems)
    assert all(systems[name].name == name for name in ("simulated", "process", "http"))
    assert binding_checks(tmp_path / "store")["process"]({"command": "ls"})
    assert list(tmp_path.iterdir()) == []


def test_a_plugin_is_found_by_its_entry_point(tmp_path: Path, plugins: Callable[..., None]) -> None:
    plugins(cluster="sound")
    assert isinstance(external_systems(tmp_path)["cluster"], SimulatedSystem)
    assert binding_checks(tmp_path)["cluster"]({"duration": "soon"})


@pytest.mark.anyio
async def test_a_broken_plugin_disables_only_itself_and_says_why(tmp_path: Path, plugins: Callable[..., None]) -> None:
    plugins(cluster="broken", grid="half", moon="missing", farm="sound")
    systems = external_systems(tmp_path)
    assert isinstance(systems["farm"], SimulatedSystem)
    for name, reason in (("cluster", "no licence"), ("grid", "does not implement"), ("moon", "missing")):
        disabled = systems[name]
        assert isinstance(disabled, DisabledSystem)
        assert reason in disabled.reason
        assert disabled.problems({}) == [disabled.reason]
        with pytest.raises(Unreachable, match=reason):
            await disabled.start(call_of({}))


def test_a_plugin_cannot_take_the_name_of_a_shipped_system(tmp_path: Path, plugins: Callable[..., None]) -> None:
    plugins(process="sound")
    assert external_systems(tmp_path)["process"].name == "process"


def test_finding_the_systems_loads_neither_httpx_nor_pydantic(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runtime.external.registry import binding_checks;"
        "binding_checks(Path(sys.argv[1]));"
        "sys.exit(str({'httpx', 'pydantic'} & set(sys.modules)) if {'httpx', 'pydantic'} & set(sys.modules) else 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
