"""Conditions are JavaScript that can neither hang the scheduler nor reach anything."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import ExpressionError
from runtime.flow.expressions.evaluation import Expressions, check_syntax

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
NAMES: dict[str, Any] = {
    "state": {"ticket": None, "list": [1, {"b": 2}], "name": "Ada"},
    "params": {},
    "results": {"send email": 1},
    "item": None,
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def value(code: str, names: dict[str, Any] = NAMES, seed: int = 7) -> Any:
    """Evaluate at a fixed moment."""
    return Expressions().evaluate(code, names, now=NOW, seed=seed)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("state.list[1].b + 1", 3),
        ('results["send email"]', 1),
        ("state.ticket?.priority", None),
        ("undefined", None),
        ("state.name.length // letters", 3),
        ("({a: undefined, b: [undefined], c: new Date(0)})", {"b": [None], "c": "1970-01-01T00:00:00.000Z"}),
        ("state.hasOwnProperty('name')", True),
        ("globalThis.state.name + this.state.name", "AdaAda"),
        ("st\\u0061te.name", "Ada"),
        ('eval("sta" + "te.name")', "Ada"),
        ("[2 ** 60, 2 ** 70, 1e20]", [2**60, 2.0**70, 1e20]),
        ('"\\ud800"', "\ufffd"),
        ("[typeof require, typeof Atomics, typeof SharedArrayBuffer, typeof fetch]", ["undefined"] * 4),
    ],
)
def test_values(code: str, expected: Any) -> None:
    assert value(code) == expected


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_json_goes_in_and_comes_out_unchanged(given_value: Any) -> None:
    names = {"state": {"value": given_value}}
    if "__proto__" not in repr(given_value):
        assert value("state.value", names) == given_value


def test_time_and_chance_come_from_outside() -> None:
    assert value("[new Date(), Date.now(), new Date().getHours()]") == ["2026-01-02T03:04:05.678Z", 1767323045678, 3]
    assert value("new (new Date().constructor)()") == "2026-01-02T03:04:05.678Z"
    assert value("new Date('2026-05-01T12:00').toISOString()") == "2026-05-01T12:00:00.000Z"
    assert value("new Date(2026, 0, 31).toISOString()") == "2026-01-31T00:00:00.000Z"
    assert value("Date()") == "Fri, 02 Jan 2026 03:04:05 GMT"
    chances = value("[Math.random(), Math.random()]")
    assert chances == value("[Math.random(), Math.random()]")
    assert chances != value("[Math.random(), Math.random()]", seed=8)
    assert chances[0] != chances[1]
    assert all(0 <= chance < 1 for chance in chances)


def test_nothing_is_kept_between_evaluations() -> None:
    expressions = Expressions()
    expressions.evaluate(
        "(() => { globalThis.kept = 1; Array.prototype.map = null; state.name = 'Eve' })()", NAMES, now=NOW, seed=1
    )
    found = expressions.evaluate("[typeof kept, typeof [].map, state.name]", NAMES, now=NOW, seed=1)
    assert found == ["undefined", "function", "Ada"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("state.ticket.priority", "cannot read property 'priority' of null"),
        ("nobody", "nobody is not defined"),
        ("NaN", "NaN"),
        ("[1 / 0]", "Infinity"),
        ("10n + 1", "BigInt"),
        ("[() => 1]", "function"),
        ("Symbol()", "symbol"),
        ("Promise.resolve(1)", "promise"),
        ("(() => { throw new Error('no') })()", "no"),
        ("(function f() { return f() })()", "too deeply"),
        ("'x'.repeat(2 ** 29)", "too much memory"),
        ("(() => { let a = []; for (;;) a.push('x'.repeat(1e6) + a.length) })()", "too much memory"),
        ("(() => { for (;;) {} })()", "longer than 0.25 seconds"),
        ("(() => { try { for (;;) {} } catch { return 1 } })()", "longer than 0.25 seconds"),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", "longer than 0.25 seconds"),
        ("[].includes.call({length: 2 ** 53 - 1}, 1)", "longer than 0.25 seconds"),
    ],
)
def test_what_goes_wrong_names_the_expression(code: str, reason: str) -> None:
    began = time.thread_time()
    with pytest.raises(ExpressionError) as caught:
        value(code)
    assert reason in caught.value.message
    assert code[:60] in caught.value.message
    assert caught.value.message.endswith(".")
    assert time.thread_time() - began < 5


def test_truth_is_that_of_javascript() -> None:
    for code in ("''", "NaN", "0", "null", "undefined", "state.ticket"):
        assert not Expressions().truthy(code, NAMES, now=NOW, seed=1)
    for code in ("'false'", "[]", "() => 0", "1n"):
        assert Expressions().truthy(code, NAMES, now=NOW, seed=1)
    with pytest.raises(ExpressionError):
        Expressions().truthy("state.ticket.isVip == true", NAMES, now=NOW, seed=1)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "  ",
        "// only a remark",
        "a b",
        "1; 2",
        "let a = 1",
        "return 1",
        "throw 1",
        "for (;;) {}",
        "1)); f(); ((1",
        "1]); f(); ([1",
        "1],[2",
        ") => (1",
        "...state",
        "1\n)\n(2",
        "`a",
        "1 /*",
        "(" * 15_000,
        "1" * 30_000,
        "a\0b",
        "'\ud800'",
        "if (x) y",
    ],
)
def test_what_is_no_single_expression_is_refused_and_never_run(code: str) -> None:
    problem = check_syntax(code)
    assert problem
    with pytest.raises(ExpressionError, match="is not a JavaScript expression"):
        value(code)


@pytest.mark.parametrize(
    "code",
    [
        "state.ticket.priority == 'urgent' && state.ticket.category == 'technical'",
        "a ?? b",
        "x => x",
        "({a: 1}).a",
        "`${a}}`",
        "a, b",
        "/[)]/.test(x) // )",
        "'])'",
        "for_each",
        "function () { return 1 }",
    ],
)
def test_expressions_are_only_checked_for_syntax(code: str) -> None:
    assert check_syntax(code) is None


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("()[]{}'\"`/*,;=> \n1a.$+-!?:\\"), max_size=14))
def test_no_text_gets_out_of_its_brackets(code: str) -> None:
    """What passes the check stays one value, whatever stands around it."""
    if check_syntax(code) is None:
        assert check_syntax(f"[{code}\n]") is None
        assert check_syntax(f"(({code}\n), 0)") is None
        assert check_syntax(f"f({code}\n)") is None


def test_evaluating_on_many_threads_at_once_does_not_use_up_each_others_time() -> None:
    expressions = Expressions(time_limit_seconds=0.2)
    code = "(() => { let n = 0; for (let i = 0; i < 4e5; i++) n += i % 7; return n > 0 })()"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: expressions.evaluate(code, NAMES, now=NOW, seed=seed), range(32)))
    assert found == [True] * 32


def test_large_results_are_not_copied_for_a_condition_that_reads_one_of_them() -> None:
    """A run with many big results still evaluates `results.last.ok` within the memory bound."""
    names = {"results": {**{f"step{n}": "x" * 200_000 for n in range(500)}, "last": {"ok": True}}}
    assert Expressions().truthy("results.last.ok", names, now=NOW, seed=1)
    with pytest.raises(ExpressionError, match="too much memory"):
        Expressions().truthy("Object.keys(results).length", names, now=NOW, seed=1)
