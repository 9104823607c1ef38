"""JSON of any depth is read in linear time: the shallow part as it is, the rest as a mark."""

from __future__ import annotations

import json

import pytest

from runtime.external.json_answer import BODY_LEVELS, DEEP, NotJson, read_json
from runtime.plain_json import MAXIMUM_DEPTH, cut_deep


@pytest.mark.parametrize("levels", [BODY_LEVELS, 254, 490, 950, 1_000, 5_000, 200_000])
def test_a_body_that_is_nested_too_deeply_is_read_as_far_as_it_may_be(levels: int) -> None:
    raw = b'{"status": "done", "text": "[[{{\\"", "result": ' + b"[" * levels + b"1" + b"]" * levels + b', "last": [2]}'
    with pytest.raises(NotJson, match=f"deeper than {MAXIMUM_DEPTH} levels"):
        read_json(raw)
    found = read_json(raw, mark_deep=True)
    assert (found["status"], found["text"], found["last"]) == ("done", '[[{{"', [2])
    assert DEEP in json.dumps(found["result"], ensure_ascii=False)


def test_what_is_shallow_or_broken_stays_as_it_is() -> None:
    wide = json.dumps([{"a": [1]}] * 1_000)
    assert cut_deep(wide, "x") is wide
    assert read_json(wide.encode()) == json.loads(wide)
    for broken in ("[" * 200, "]" * 200, "{" * 200 + "}" * 100, '"' + "[" * 200, "[" * 150 + "}" * 150 + "x"):
        with pytest.raises(NotJson):
            read_json(broken.encode(), mark_deep=True)
