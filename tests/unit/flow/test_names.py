"""Names in expressions: what is not there is told at load, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.flow.expressions.evaluation import Expressions, check_syntax
from runtime.flow.expressions.free_names import free_names
from runtime.flow.read.loader import check_flow
from runtime.model.binding_keys import Key
from tests.unit.flow.test_expressions import NOW
from tests.unit.flow.written import flow, ways

FREE = {
    "state.a": "state",
    "activated === true": "activated",
    "'state.foo' + \"bar\"": "",
    "[1].map(x => x + y)": "y",
    "[1].map((x, i, all) => x * i + all.length)": "",
    "x => x": "",
    "async x => await x": "",
    "((x = y) => x)()": "y",
    "(({a, b: c = e, ...r}, [f,, g] = h) => a + c + r + f + g)(1)": "e h",
    "({a: 1, b, [c]: d, 'e': 1, ...f}).g": "b c d f",
    "({a() { return b }, get c() { return d }, async *e(f) { yield f }})": "b d",
    "`${x} ${[1].map(z => `${z}${w}`)} y`": "x w",
    "/abc[a-z]\\/foo/.test(q)": "q",
    "a / b / c": "a b c",
    "a?.b?.[c] ?? d?.(e)": "a c d e",
    "(function foo(n) { return n ? foo(n - 1) : arguments.length })(3)": "",
    "(() => { const x = 1, {y, z: [w]} = s; let k; for (const i of t) { k += i } return x + y + w + k })()": "s t",
    "(() => { for (let [k, v] of Object.entries(o)) return k + v })()": "Object o",
    "(() => { try { u() } catch (e) { return e.message } })()": "u",
    "(() => { try { u() } catch ({message}) { return message } })()": "u",
    "(() => { var p = 1; function q() { return p + r } return q() })()": "r",
    "(() => { here: for (let i = 0; i < 3; i++) { if (i) break here } return 1 })()": "",
    "(() => { switch (a) { case b: let c = 1; return c } })()": "a b",
    "(class A extends C { static n = B; m(x) { return x + A + this.y } })": "C B",
    "typeof nope === 'undefined'": "",
    "typeof nope.x": "nope",
    "new Set([1]).has(x)": "Set x",
    "a ? b : c": "a b c",
    "a ||= b": "a b",
    "f(...s, ...[1])": "f s",
    "results['x'].y // comment foo": "results",
    "results /* foo */ .y": "results",
    "x in y": "x y",
    "undefined": "",
    "true && null": "",
    "1n + 2n": "",
    "this.x": "",
    "String.raw`a${b}`": "String b",
    "/(?<year>\\d+)/u.exec(z)?.groups.year": "z",
    "\\u0073tate.x": "state",
    "ünï + $x + _y": "ünï $x _y",
    "(a, b) => (c) => a + b + c + d": "d",
    "[...new Set(s)].flatMap(({id, tags: [t]}) => [id, t])": "Set s",
}
"""Expressions and the names they take from outside."""
STATE = {"type": "object", "properties": {name: {} for name in ("activated", "list", "user", "n")}}


@pytest.mark.parametrize(("code", "names"), FREE.items())
def test_free_names(code: str, names: str) -> None:
    assert check_syntax(code) is None
    assert free_names(code) == names.split()


NAME = st.sampled_from(["a", "b", "c", "d"])
CODE = st.recursive(
    NAME | st.sampled_from(["1", "'x a'", "`b`", "/c/", "{}.x", "[]"]).map(lambda text: f"({text})"),
    lambda inner: (
        st.builds("({} + {})".format, inner, inner)
        | st.builds("(({}) => {})({})".format, NAME, inner, inner)
        | st.builds("((({{ {}: {} = {} }}) => {})({}))".format, NAME, NAME, inner, inner, inner)
        | st.builds("((() => {{ let {} = {}; {{ const {} = 1; }} return {} }})())".format, NAME, inner, NAME, inner)
        | st.builds("({{ {}: {}, x: [{}] }})".format, NAME, inner, inner)
        | st.builds("(`${{{}}} d`)".format, inner)
        | st.builds("({}?.{})".format, inner, NAME)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(CODE)
def test_an_expression_whose_free_names_are_given_never_misses_one(code: str) -> None:
    if check_syntax(code) is not None:
        return
    names = dict.fromkeys(free_names(code), 1)
    try:
        Expressions().evaluate(code, names, now=NOW, seed=1)
    except Exception as problem:
        assert "is not defined" not in str(problem)


KEYS = {
    "http": {
        "start": Key(within={"url": Key(env=True), "json": Key(), "externalId": Key(reading=("response",))}),
        "poll": Key(within={"url": Key(env=True), "status": Key(reading=("response",))}),
    }
}


def problems(source: dict[str, Any]) -> list[tuple[str, str]]:
    _, found, _ = check_flow(source, binding_keys=KEYS.get)
    return [(problem.code, problem.path.removeprefix("$.steps[1].metadata.")) for problem in found]


def start(**request: Any) -> dict[str, Any]:
    return {"task": {"system": "http", "start": request}}


def with_binding(**metadata: Any) -> dict[str, Any]:
    source = flow(globalStateSchema=STATE)
    source["steps"][1]["metadata"] = metadata
    return source


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("activated === true", None),
        ("state.user.name === user.name && results.x && params.y && item && index !== null", None),
        ("run.id && run.flow && run.labels.a && run.attempt && settled.length", None),
        ("Math.max(...list) > JSON.parse('1') && !isNaN(n) && new Date() > 0 && undefined !== NaN", None),
        ("list.some(u => u.ok && user.id === u.id)", None),
        ("nonsense", "UNKNOWN_NAME"),
        ("stat.ready", "UNKNOWN_NAME"),
        ("user.name === Mat.max(1)", "UNKNOWN_NAME"),
        ("response.json.id", "UNKNOWN_NAME"),
        ("key", "UNKNOWN_NAME"),
        ("externalId", "UNKNOWN_NAME"),
        ("env.HOME", "UNKNOWN_NAME"),
        ("require('fs')", "UNKNOWN_NAME"),
        ("process.env", "UNKNOWN_NAME"),
        ("list.map(x => y)", "UNKNOWN_NAME"),
        ("state.(", "CONDITION_SYNTAX"),
        ("return 1", "CONDITION_SYNTAX"),
        ("a; b", "CONDITION_SYNTAX"),
        ("'open", "CONDITION_SYNTAX"),
    ],
)
def test_conditions(condition: str, code: str | None) -> None:
    source = flow(globalStateSchema=STATE)
    source["connections"] = ways("b>x", "b>y", "x>j", "y>j", "j>e")
    source["connections"][2]["condition"] = condition
    assert problems(source) == ([(code, "$.connections[2].condition")] if code else [])


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"forEach": "state.list"}, []),
        ({"forEach": "${list}"}, []),
        ({"forEach": "lst"}, [("UNKNOWN_NAME", "forEach")]),
        ({"forEach": "${list.(}"}, [("CONDITION_SYNTAX", "forEach")]),
        ({"assign": {"n": "result.a + n"}}, []),
        ({"assign": {"new": "result", "other": "state.n"}}, []),
        ({"assign": {"n": "reslt.a"}}, [("UNKNOWN_NAME", "assign.n")]),
        ({"task": {"system": "x", "a": "${key} ${externalId} ${item} ${index} ${run.id} ${user}"}}, []),
        ({"task": {"system": "x", "a": {"b": ["${itm}"]}}}, [("UNKNOWN_NAME", "task.a.b[0]")]),
        ({"task": {"system": "x", "a": "${state.(}"}}, [("CONDITION_SYNTAX", "task.a")]),
        ({"task": {"system": "x", "a": "${state"}}, [("CONDITION_SYNTAX", "task.a")]),
        ({"task": {"system": "x", "a": "${}"}}, [("CONDITION_SYNTAX", "task.a")]),
        ({"task": {"system": "x", "a": "no template, $5 {x} stat.x"}}, []),
        (start(externalId="response.json.id"), []),
        (start(externalId="response.json.("), [("CONDITION_SYNTAX", "task.start.externalId")]),
        (start(externalId="respnse.json.id"), [("UNKNOWN_NAME", "task.start.externalId")]),
        (start(externalId="env.ID"), [("UNKNOWN_NAME", "task.start.externalId")]),
        (start(externalId="response.json.jobs.find(j => j.tag === key)?.id"), []),
        (start(externalId="`${response.status} of ${run.id}`"), []),
        (start(url="${env.URL}/${user.id}"), []),
        (start(url="${env}"), [("UNKNOWN_NAME", "task.start.url")]),
        (start(url="${env.A + 'x'}"), [("UNKNOWN_NAME", "task.start.url")]),
        (start(json={"a": "${env.URL}"}), [("UNKNOWN_NAME", "task.start.json.a")]),
        (start(json="${response.x}"), [("UNKNOWN_NAME", "task.start.json")]),
    ],
)  # fmt: skip
def test_everything_in_metadata_that_is_javascript(metadata: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert problems(with_binding(**metadata)) == found


def test_the_sentence_names_the_nearest_word_and_what_is_known() -> None:
    source = flow(globalStateSchema=STATE)
    source["connections"][2]["condition"] = "activatd === true"
    _, (problem,), _ = check_flow(source)
    assert "`activatd === true` names 'activatd', which is not there; did you mean 'activated'?" in problem.message
    assert "state, params, results" in problem.message
