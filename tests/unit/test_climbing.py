"""A value from data cannot lead a URL or a folder to another place than the flow names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from runtime.external.base import Call
from runtime.external.http.url import UnsafeUrl, checked_url, quote_value
from runtime.external.process.command import InvalidCommand, resolve
from runtime.flow.expressions.evaluation import Expressions
from runtime.flow.expressions.templates import RequestScope
from tests.unit.catalog.test_task_code import request

CLIMBING = [
    "..",
    ".",
    "../x",
    "x/..",
    "a/../b",
    "%2e%2e",
    "..%2F",
    "%2e%2e%2fx",
    "%252e%252e",
    "..\\x",
    "..;/x",
    "..;a=b",
    "a/..;x/b",
    "./x",
    "%2e",
]
STAYING = ["a", "a..b", "...", ".hidden", "a/b", "x.y", "v1.2", "100%", "ü", "a b", "..a", "a%2Fb", "a;b"]


@pytest.mark.parametrize("value", CLIMBING)
def test_what_any_server_may_read_as_a_way_up_is_refused(value: str) -> None:
    with pytest.raises(UnsafeUrl, match="another address"):
        checked_url(f"https://jobs.example/api/{quote_value(value)}/status")


@pytest.mark.parametrize("value", STAYING)
def test_other_values_stay_in_their_place(value: str) -> None:
    url = checked_url(f"https://jobs.example/api/{quote_value(value)}/status?q={quote_value('../' + value)}")
    assert url.startswith("https://jobs.example/api/")


def call(cwd: Any, folder: Any) -> Call:
    scope = RequestScope(
        {"state": {"folder": folder}}, expressions=Expressions(), now=datetime(2026, 1, 1), seed=1, env={}
    )
    return Call(request("a"), {"system": "process", "command": ["true"], "cwd": cwd}, scope)


@pytest.mark.parametrize("value", ["..", "../x", "a/../../b", "."])
@pytest.mark.parametrize("cwd", ["${state.folder}", "/srv/${state.folder}", "/srv/${state.folder}/out"])
def test_a_folder_from_data_does_not_lead_up(cwd: str, value: str) -> None:
    with pytest.raises(InvalidCommand, match="another folder"):
        resolve(call(cwd, value))


@pytest.mark.parametrize(
    ("cwd", "value", "made"), [("${state.folder}", "/srv/a", "/srv/a"), ("../${state.folder}", "a", "../a")]
)
def test_a_folder_the_flow_names_is_taken(cwd: str, value: str, made: str) -> None:
    assert resolve(call(cwd, value)).cwd == made
