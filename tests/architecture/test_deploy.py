"""What lies in deploy/ fits the program: every metric, label, command, option, setting and file it names exists."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from msgspec.structs import fields

from console.cli.main import cli
from runtime.engine.apply import Observed, Stopped, Unreached
from runtime.engine.plan import Action
from runtime.model.task import Completed, Failed, Lost, Running, Started
from runtime.scheduler.monitoring.liveness import Liveness
from runtime.scheduler.monitoring.metrics import Metrics
from runtime.scheduler.monitoring.store_gauges import StoreGauges
from runtime.scheduler.waking.bounds import DOUBTFUL_SECONDS
from runtime.settings import Settings
from tests.scraping import Samples, parsed

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADDED_BY_PROMETHEUS = {"job", "instance", "le"}


def shown() -> Samples:
    """Everything a leading worker can show."""
    liveness = Liveness()
    liveness.works()
    liveness.beat()
    one = Metrics(liveness, lambda: StoreGauges({}, 0, 0, 0.0, 0, 0, 0.0), "postgresql")
    action, now = Action("poll", "b", "s", 1, 1, "http", "a"), datetime.now(UTC)
    for answer in (Started("1"), Running(), Completed(), Failed(""), Lost(), Unreached(""), Stopped()):
        one.called(action, Observed(action, answer, now, 1.0))
    return parsed(one.page("")[0].decode())


def accept(command: list[str]) -> None:
    """Fail unless `forkjoin` has this command with these options."""
    name, *rest = command
    found = cli.get_command(click.Context(cli), name)
    assert found is not None, f"there is no forkjoin {name}"
    if isinstance(found, click.Group):
        child = found.get_command(click.Context(found), rest[0])
        assert child is not None, f"there is no forkjoin {name} {rest[0]}"
        found, rest = child, rest[1:]
    found.make_context(name, rest, parent=click.Context(cli))


def check_settings(names: Iterator[str] | list[str]) -> None:
    known = {f"FORKJOIN_{field.name.upper()}" for field in fields(Settings)}
    assert [n for n in names if n.startswith("FORKJOIN_") and n not in known] == []


# The dashboard


def board() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    return made


def expressions() -> list[str]:
    return [target["expr"] for panel in board()["panels"] for target in panel["targets"]]


def test_every_metric_and_label_of_the_dashboard_is_shown() -> None:
    samples = shown()
    assert expressions()
    for expression in expressions():
        names = set(re.findall(r"forkjoin_\w+", expression))
        assert names, expression
        assert names - set(samples) == set(), expression
        known = {label for name in names for labels in samples[name] for label, _ in labels} | ADDED_BY_PROMETHEUS
        grouped = [g for found in re.findall(r"by \(([^)]*)\)", expression) for g in found.split(", ")]
        matched = re.findall(r'(\w+)\s*=~?\s*"', expression)
        assert set(grouped + matched) - known == set(), expression


def test_outcomes_the_dashboard_asks_for_exist() -> None:
    outcomes = {dict(labels)["outcome"] for labels in shown()["forkjoin_calls_total"]}
    asked = [o for e in expressions() for found in re.findall(r'outcome=~"([^"]*)"', e) for o in found.split("|")]
    assert asked
    assert set(asked) <= outcomes


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    asked = " ".join(expressions())
    left_out = {
        "forkjoin_build_info",
        "forkjoin_store_read_timestamp_seconds",
        "forkjoin_process_virtual_memory_bytes",
        "forkjoin_process_start_time_seconds",
        "forkjoin_process_open_fds",
        "forkjoin_process_max_fds",
    }
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown()}
    assert {base for base in bases if base not in asked} == left_out


def test_panels_have_ids_of_their_own_and_do_not_lie_on_each_other() -> None:
    panels = board()["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for place in (p["gridPos"] for p in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells


# Units for systemd


def unit(path: Path) -> RawConfigParser:
    made = RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",), empty_lines_in_values=False)
    made.optionxform = str  # type: ignore[assignment,method-assign]
    made.read_string(path.read_text())
    return made


@pytest.mark.parametrize("path", UNITS, ids=lambda p: p.name)
def test_a_unit_runs_a_command_that_exists(path: Path) -> None:
    service = unit(path)["Service"]
    program, *command = shlex.split(service["ExecStart"].replace("%i", "1"))
    assert Path(program).name in PROJECT["project"]["scripts"]
    accept(command)
    check_settings([part.partition("=")[0] for part in shlex.split(service["Environment"])])
    assert service["Type"] == "notify"
    assert int(service["TimeoutStopSec"]) > 2 * DOUBTFUL_SECONDS
    assert service["KillMode"] == "process", "commands of the system process outlive the scheduler"


@pytest.mark.parametrize("path", UNITS, ids=lambda p: p.name)
def test_systemd_can_read_the_unit(path: Path, tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed here")
    # It wants the program to be there.
    text = re.sub(r"/opt/forkjoin/bin/\w+", sys.executable, path.read_text())
    named = tmp_path / path.name.replace("@.", "@1.")
    for written in {named, tmp_path / path.name}:
        written.write_text(text)
    told = subprocess.run(
        [verify, "verify", "--man=no", str(named)], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in told.stderr.splitlines() if "forkjoin" in line]
    assert (told.returncode, ours) == (0, [])


# Containers


def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return made


def test_services_of_ours_run_commands_that_exist() -> None:
    ours = {name: one for name, one in compose()["services"].items() if one["image"] == "forkjoin"}
    assert set(ours) == {"upgrade", "worker-1", "worker-2"}
    for one in ours.values():
        accept(one["command"])
        check_settings(list(one["environment"]))
        assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
        assert (DEPLOY / one["build"]["context"]).resolve() == ROOT


def test_workers_keep_their_name_and_their_directory() -> None:
    """Work of `process` and `simulated` has a home: a host name and a directory."""
    services = compose()["services"]
    for name in ("worker-1", "worker-2"):
        assert services[name]["hostname"] == name
        assert services[name]["volumes"] == [f"{name}:/var/lib/forkjoin"]
        assert "FORKJOIN_DIRECTORY=/var/lib/forkjoin" in (DEPLOY / "Dockerfile").read_text()
        assert services[name]["stop_grace_period"] == "60s"


def test_every_service_volume_config_and_file_that_is_named_is_there() -> None:
    made = compose()
    services = made["services"]
    for one in services.values():
        beside = str(one.get("network_mode", "")).removeprefix("service:")
        assert {*one.get("depends_on", ()), *([beside] if beside else [])} <= set(services)
        assert {c["source"] for c in one.get("configs", ())} <= set(made["configs"])
        for source in (v.partition(":")[0] for v in one.get("volumes", ())):
            assert (DEPLOY / source).exists() if source.startswith(".") else source in made["volumes"], source
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ())), "for this machine only"
    for content in (c["content"] for c in made["configs"].values()):
        assert yaml.safe_load(content)["apiVersion"] == 1


def test_prometheus_asks_every_worker_through_the_proxy_beside_it() -> None:
    services = compose()["services"]
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    asked = {t.partition(":")[::2] for group in job["static_configs"] for t in group["targets"]}
    beside = {
        str(one["network_mode"]).removeprefix("service:"): one["command"]
        for one in services.values()
        if "network_mode" in one
    }
    assert {name for name, _ in asked} == set(beside) == {n for n in services if n.startswith("worker")}
    for name, port in asked:
        command = beside[name]
        served = services[name]["command"][services[name]["command"].index("--metrics-port") + 1]
        assert command[command.index("--from") + 1] == f":{port}"
        assert command[command.index("--to") + 1] == f"127.0.0.1:{served}"
        assert f"http://127.0.0.1:{served}/healthz" in services[name]["healthcheck"]["test"][-1]


def test_the_image_gets_every_package_and_file_the_build_needs() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    kept = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    needed = {*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], PROJECT["project"]["readme"]}
    copied = {word for line in re.findall(r"^COPY (.*)", dockerfile, re.M) for word in line.split()[:-1]}
    assert needed | {"pyproject.toml"} <= copied == kept
    assert all((ROOT / name).exists() for name in copied)
    (entry,) = re.findall(r"^ENTRYPOINT (.*)", dockerfile, re.M)
    (command,) = re.findall(r"^CMD (.*)", dockerfile, re.M)
    assert json.loads(entry) == list(PROJECT["project"]["scripts"])
    accept(json.loads(command))
