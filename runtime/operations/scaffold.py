"""A workflow folder from a FlowJSON file: one typed, documented stub for each task that is bound to nothing."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.errors import Refused
from runtime.flow.definition import Flow
from runtime.safe_text import clean

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "array": "list[Any]"}


def scaffold(flow: Flow, directory: Path) -> list[Path]:
    """Write flow.json and tasks.py into a folder; Refused if one of them is there already."""
    files = {
        directory / "flow.json": json.dumps(flow.source, indent=2, ensure_ascii=False) + "\n",
        directory / "tasks.py": tasks_text(flow),
    }
    for path in files:
        if path.exists():
            raise Refused(f"{path} exists; scaffold never overwrites. Choose another folder with --into.")
    directory.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def tasks_text(flow: Flow) -> str:
    """The Python of tasks.py."""
    lines = [
        f'"""Tasks of {_said(flow.name)}."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any, TypedDict",
        "",
        "from forkjoin.authoring import Completed, Failed, TaskRequest, task",
        "",
        "",
        *_state(flow.state_schema),
    ]
    used: set[str] = set()
    for step in flow.steps:
        if step.type != "task" or step.task is not None:
            continue
        name = _name(step.id, used)
        lines += [
            "",
            "",
            f"@task({step.id!r})",
            f"async def {name}(request: TaskRequest) -> Completed | Failed:",
            f'    """{_said(step.name)}."""',
            f'    return Failed("The task {_said(step.id)} is not written yet: write {name} in tasks.py.", '
            'type="NotWritten", retryable=False)',
        ]
    return "\n".join(lines) + "\n"


def _state(schema: Mapping[str, Any]) -> list[str]:
    properties = schema.get("properties") or {}
    fields = []
    for name, described in properties.items():
        kind = described.get("type") if isinstance(described, Mapping) else None
        fields.append(f"    {name!r}: {_TYPES.get(str(kind), 'Any')},")
    body = [
        "State = TypedDict(",
        '    "State",',
        "    {",
        *(f"    {f}" for f in fields),
        "    },",
        "    total=False,",
        ")",
    ]
    return [*body, '"""The state of a run, from globalStateSchema."""']


def _said(text: str) -> str:
    return clean(text, 200).replace("\\", "/").replace('"', "'").rstrip(".")


def _name(step_id: str, used: set[str]) -> str:
    name = re.sub(r"\W+", "_", step_id.lower(), flags=re.ASCII).strip("_") or "step"
    if name[0].isdigit() or keyword.iskeyword(name) or name in ("task", "State", "Any"):
        name = f"step_{name}"
    base, number = name, 2
    while name in used:
        name = f"{base}_{number}"
        number += 1
    used.add(name)
    return name
