"""Which external systems there are, and that a broken plugin harms nothing but itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from console.cli.main import run as command
from runtime.clock import ManualClock
from runtime.errors import Unreachable
from runtime.external import apart, probing, registry
from runtime.external.disabled import DisabledSystem
from runtime.external.registry import SystemContext, binding_checks, external_systems
from runtime.external.simulated.system import SimulatedSystem
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


def test_finding_the_systems_loads_neither_aiohttp_nor_pydantic(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runtime.external.registry import binding_checks;"
        "binding_checks(Path(sys.argv[1]));"
        "sys.exit(str({'aiohttp', 'pydantic'} & set(sys.modules)) if {'aiohttp', 'pydantic'} & set(sys.modules) else 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


HOSTILE = {
    "ends at import": ("import sys; sys.exit(3)", "raised SystemExit: 3"),
    "interrupts at import": ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "raises the rest": ("class Odd(BaseException): ...\nraise Odd('odd')", "raised Odd: odd"),
    "says nothing": ("class Mute(Exception):\n  def __str__(self): raise SystemExit\nraise Mute()", "raised Mute"),
    "ends the process": ("import os; os._exit(7)", "ended the process it was loaded in (exit code 7)"),
    "dies": ("import os; os.kill(os.getpid(), 11)", "ended the process it was loaded in (signal 11)"),
    "sleeps": ("import time; time.sleep(600)", "did not come back within"),
    "loops": ("while True: pass", "did not come back within"),
    "waits for a lock": ("import threading; l = threading.Lock(); l.acquire(); l.acquire()", "did not come back"),
    "is no Python": ("def (", "raised SyntaxError"),
    "makes nothing": ("make = None", "raised TypeError"),
    "ends when made": ("import sys\ndef make(context): sys.exit('bye')", "raised SystemExit: bye"),
    "hangs when made": ("import time\ndef make(context): time.sleep(600)", "did not come back"),
    "gives no system": ("def make(context): return 5", "does not implement problems"),
    "ends when looked at": (
        "class S:\n  def __getattr__(self, name): raise SystemExit(name)\ndef make(context): return S()",
        "raised SystemExit: problems",
    ),
}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs modules as packages with an entry point each."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(probing, "_known", {})

    def install(**texts: str) -> None:
        points = []
        for number, (name, text) in enumerate(texts.items()):
            module = f"plugin_{tmp_path.name.replace('-', '_')}_{number}"
            (folder / f"{module}.py").write_text(text)
            points.append(EntryPoint(name, f"{module}:make", registry.ENTRY_POINTS))
        monkeypatch.setattr(registry, "entry_points", lambda group: points)

    return install


@pytest.mark.parametrize("hang", [False, True], ids=["", "hanging"])
def test_every_plugin_that_misbehaves_is_disabled_with_its_reason_and_the_others_work(
    hang: bool,
    tmp_path: Path,
    packages: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    chosen = [HOSTILE[name] for name in HOSTILE if ("did not come" in HOSTILE[name][1]) == hang]
    monkeypatch.setattr(probing.probe, "__defaults__", (1.0 if hang else 60.0,))
    names = {f"p{number}": said for number, (_, said) in enumerate(chosen)}
    texts = {f"p{number}": text for number, (text, _) in enumerate(chosen)}
    sound = "print('loud')\nfrom runtime.external.simulated.system import SimulatedSystem\n"
    sound += "def make(c): return SimulatedSystem(c.directory, c.clock)\n"
    packages(**texts, **({} if hang else {"sound": sound}))
    systems = external_systems(tmp_path / "store")
    for name, said in names.items():
        disabled = systems[name]
        assert isinstance(disabled, DisabledSystem), name
        assert said in disabled.reason, name
        assert f"`{name}`" in disabled.reason
    assert hang or isinstance(systems["sound"], SimulatedSystem)
    assert systems["process"].problems({"command": ["ls"]}) == []
    assert len(registry.Systems(tmp_path / "store").troubles()) == len(names)
    assert capfd.readouterr().out == "", "what a plugin prints never stands among results"


@pytest.mark.parametrize("name", ["process", "python", "local"])
def test_a_plugin_whose_name_is_taken_is_told(tmp_path: Path, packages: Callable[..., None], name: str) -> None:
    packages(**{name: "def make(c): raise SystemExit"})
    systems = registry.Systems(tmp_path)
    assert set(systems) == {"simulated", "process", "http"}
    assert ["name is taken" in told for told in systems.troubles()] == [True]


@pytest.mark.parametrize("name", ["", " ", "a b", "x:y", "${env.HOME}", "\x1b[31m", "n" * 65, "é"])
def test_a_plugin_with_an_odd_name_is_disabled(tmp_path: Path, packages: Callable[..., None], name: str) -> None:
    packages(**{name: "def make(c): return c"})
    (told,) = registry.Systems(tmp_path).troubles()
    assert "has a name that flows cannot use" in told


QUESTIONS = """
import sys, time, os
class System:
    def problems(self, binding): {problems}
    def target(self, binding): {target}
    async def start(self, call): {call}
    async def poll(self, call): {call}
    async def cancel(self, call): {call}
    async def logs(self, call): {call}
    async def close(self): {call}
    @property
    def name(self): raise SystemExit
def make(context): return System()
"""


@pytest.mark.anyio
@pytest.mark.parametrize(
    "how", ["sys.exit(3)", "raise KeyboardInterrupt", "raise ValueError('odd')", "return object()"]
)
async def test_what_a_plugin_raises_when_asked_ends_only_the_question(
    tmp_path: Path, packages: Callable[..., None], how: str
) -> None:
    packages(odd=QUESTIONS.format(problems=how, target=how, call=how))
    system = external_systems(tmp_path)["odd"]
    assert system.name == "odd"
    (sentence,) = system.problems({})
    assert "could not check the binding" in sentence
    assert system.target({}) == ""
    for verb in (system.start, system.poll, system.cancel, system.logs):
        if how.startswith(("sys", "raise K")):
            with pytest.raises(Unreachable, match=r"SystemExit|KeyboardInterrupt"):
                await verb(call_of({}))
        elif "odd" in how:
            with pytest.raises(ValueError, match="odd"):
                await verb(call_of({}))
    await system.close()


@pytest.mark.anyio
async def test_a_plugin_that_blocks_its_thread_holds_up_nobody_else(
    tmp_path: Path, packages: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart.within, "__defaults__", (0.2,))
    packages(slow=QUESTIONS.format(problems="time.sleep(600)", target="time.sleep(600)", call="time.sleep(600)"))
    system = external_systems(tmp_path)["slow"]
    assert "did not come back" in system.problems({})[0]
    assert system.target({}) == ""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(system.poll(call_of({})), 0.2)


def test_reading_commands_and_starts_of_other_work_load_no_plugin(
    tmp_path: Path, packages: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "loaded"
    packages(odd=f"open({str(mark)!r}, 'a').write('x')\nimport os; os._exit(9)")
    for words in (
        ["start", "profile_update", "--id", "p"],
        *(["list"], ["show", "p"], ["why", "p"], ["history", "p"], ["polls", "p"], ["wakes"], ["acts"], ["flows"]),
        *(["pause", "p"], ["resume", "p"], ["validate", "profile_update"], ["--read-only", "doctor"]),
    ):
        assert command(["--store", str(tmp_path / "store"), *words]) in (0, 5), words
        assert not mark.exists(), words
    capsys.readouterr()
    assert command(["--store", str(tmp_path / "store"), "doctor"]) == 5
    said = capsys.readouterr().out
    assert "NO  plugin" in said
    assert "ended the process it was loaded in (exit code 9)" in said
