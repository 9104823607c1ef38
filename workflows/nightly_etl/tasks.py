"""What happens before the files are loaded, and after."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from forkjoin.authoring import Completed, Failed, TaskRequest, task

SCRIPT = Path(__file__).with_name("load.py")
REGIONS = ("north", "south", "east", "west")
SAMPLE_FILES = 4


@task("prepare")
def prepare(request: TaskRequest) -> Completed | Failed:
    """List the CSV files of `state.dir`; without a folder, make one with samples."""
    if request.state.get("dir"):
        folder = Path(request.state["dir"]).absolute()
        if not folder.is_dir():
            return Failed(f"There is no folder {folder}; correct `dir` in the state and retry.", type="NoFolder")
    else:
        folder = Path(tempfile.mkdtemp(prefix="forkjoin-nightly-etl-"))
        write_samples(folder, broken=request.state.get("brokenFiles", 0))
    files = sorted(path.name for path in folder.glob("*.csv"))
    if not files:
        return Failed(f"{folder} holds no *.csv file; put them there and retry.", type="NoFiles")
    return Completed({"files": files, "script": str(SCRIPT)}, state={"dir": str(folder)})


@task("report")
def report(request: TaskRequest) -> Completed:
    """Add the files up and write report.json into their folder."""
    loaded: list[dict[str, Any]] = [file for file in request.results["load"] if file is not None]
    regions: dict[str, int] = {}
    for file in loaded:
        for region, cents in file["regions"].items():
            regions[region] = regions.get(region, 0) + cents
    summary = {
        "rows": sum(file["rows"] for file in loaded),
        "totalCents": sum(file["totalCents"] for file in loaded),
    }
    path = Path(request.state["dir"]) / "report.json"
    whole = {"run": request.run_id, **summary, "regions": dict(sorted(regions.items())), "files": loaded}
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return Completed({**summary, "files": len(loaded)}, state={**summary, "report": str(path)})


def write_samples(folder: Path, *, broken: int = 0) -> None:
    """Write four small order files, the last `broken` of them with an amount that is no number."""
    for number in range(1, SAMPLE_FILES + 1):
        lines = ["order,region,amount"]
        for row in range(1, 6):
            amount = "n/a" if row == 3 and number > SAMPLE_FILES - broken else f"{number * 10 + row}.50"
            lines.append(f"{number}-{row:03},{REGIONS[(number + row) % len(REGIONS)]},{amount}")
        (folder / f"orders-{number:02}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
