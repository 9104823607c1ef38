"""Values pass through paths, templates and expressions as they are: digits, types and the order of keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.errors import ExpressionError
from runtime.flow.expressions.evaluation import Expressions
from runtime.flow.expressions.templates import RequestScope, as_text
from runtime.flow.expressions.whole_numbers import exact_literals

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BIG = 9007199254740993
KEYS = st.sampled_from(["10", "9", "b", "", "0", "01", "-1", "__proto__", "constructor", "4294967295", "\0x", "2", "é"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**63, BIG, -0.0, 1.0, 1e22, 2.0**63, 2.0**60, 5e-324, 1e300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6),
    max_leaves=16,
)


def evaluate(code: str, **state: Any) -> Any:
    return Expressions().evaluate(code, {"state": state}, now=NOW, seed=1)


def truthy(code: str, **state: Any) -> bool:
    return Expressions().truthy(code, {"state": state}, now=NOW, seed=1)


def scope(value: Any) -> RequestScope:
    return RequestScope({"state": {"v": value}}, expressions=Expressions(), now=NOW, seed=1, env={})


def written(value: Any) -> str:
    """The value as text that shows digits, types and order."""
    return json.dumps(value)


def in_javascript(value: Any) -> Any:
    """The value as JavaScript tells it: 1.0 is 1 there, all else is kept."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 and written(value) != "-0.0":
        return int(value)
    if isinstance(value, dict):
        return {key: in_javascript(item) for key, item in value.items()}
    return [in_javascript(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=80, deadline=None)
@given(JSON)
@example({"10": BIG, "9": {"b": [2**64 - 1, {"3": 1, "1": -0.0}]}, "__proto__": {"2": 1, "1": BIG}})
def test_a_path_gives_what_is_stored(value: Any) -> None:
    for found in (evaluate("state.v", v=value), scope(value).render("${state.v}"), scope(value).evaluate("state.v")):
        assert written(found) == written(value)


@settings(max_examples=80, deadline=None)
@given(JSON)
@example({"10": BIG, "9": {"b": [2**64 - 1, {"3": 1, "1": -0.0}]}, "__proto__": {"2": 1, "1": BIG}})
@example([BIG, -BIG, 2**63, 2.0**63, 1e22, 2.0**60])
def test_an_expression_passes_a_value_on_unchanged(value: Any) -> None:
    expected = written(in_javascript(value))
    for code in ("[state.v][0]", "(state.v)", "({a: state.v}).a", "state.w ?? state.v"):
        assert written(evaluate(code, v=value)) == expected
    assert written(scope({"in": value}).render("${[state.v.in][0]}")) == expected


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_a_copy_keeps_the_order_of_what_it_is_copied_from(value: dict[str, Any]) -> None:
    value.pop("__proto__", None)
    assert written(evaluate("({...state.v})", v=value)) == written(in_javascript(value))
    more = evaluate("({...state.v, more: 1})", v=value)
    assert list(more) == [*value, "more"]


@settings(max_examples=60, deadline=None)
@given(st.integers(-(2**63), 2**64 - 1), st.integers(-3, 3))
def test_whole_numbers_compare_exactly_with_each_other_and_with_what_is_written(number: int, more: int) -> None:
    other = number + more
    for sign in ("==", "===", "<", "<=", ">", ">=", "!=", "!=="):
        wanted = eval(f"{number} {sign.replace('===', '==').replace('!==', '!=')} {other}")
        assert truthy(f"state.a {sign} {other}", a=number) is wanted
        if -(2**63) <= other < 2**64:
            assert truthy(f"state.a {sign} state.b", a=number, b=other) is wanted


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("state.id", BIG),
        ("state.id == 9007199254740992", False),
        ("state.id === 9_007_199_254_740_993", True),
        ("state.id === 0x20000000000001", True),
        ("state.ids.includes(9007199254740993)", True),
        ("state.ids.indexOf(9007199254740995)", -1),
        ("[9007199254740993, 18446744073709551615]", [BIG, 2**64 - 1]),
        ("'9007199254740993' // 9007199254740993", "9007199254740993"),
        ("`${state.id}/${9007199254740993}/9007199254740993`", f"{BIG}/{BIG}/{BIG}"),
        ("/9007199254740993/.test(String(state.id))", True),
        ("({9007199254740993: 1})", {"9007199254740993": 1}),
        ("9007199254740993.5", 9007199254740994),
        ("(é9007199254740993 => é9007199254740993)(1)", 1),
        ("(x9007199254740993 => x9007199254740993 / 1)(4) / 2", 2),
        ("[1, 2].length / 9007199254740993.5 > 0 / 1", True),
        ("`${`${9007199254740993}`}`", str(BIG)),
        ("'it\\'s 9007199254740993'.length", 21),
        ("state.id + 1n", BIG + 1),
        ("Number(state.id) + 1", 9007199254740992),
        ("typeof 9007199254740992", "number"),
        ("JSON.stringify([state.id, 1])", f"[{BIG},1]"),
        ("JSON.parse('{\"id\": [9007199254740993, -9007199254740993, 1, 2.5]}').id", [BIG, -BIG, 1, 2.5]),
        ("JSON.parse('[1]', (key, value) => key === '0' ? 7 : value)", [7]),
        ("JSON.parse(JSON.stringify(state)).ids[1] === state.id", True),
        ("(state.id / 1n) / (4503599627370496n * 2n)", 1),
    ],
)
def test_numbers_beyond_2_to_the_53(code: str, expected: Any) -> None:
    found = evaluate(code, id=BIG, ids=[1, BIG])
    assert written(found) == written(expected)


@pytest.mark.parametrize("code", ["state.id + 1", "Math.max(state.id, 1)", "state.id / 2", "+state.id"])
def test_what_javascript_cannot_do_exactly_is_a_sentence_that_says_how_to_go_on(code: str) -> None:
    with pytest.raises(ExpressionError, match=r"BigInt.*Number\(\.\.\.\)") as caught:
        evaluate(code, id=BIG)
    assert f"`{code}`" in caught.value.message


@pytest.mark.parametrize("code", ["1 / 0", "0 / 0", "[1e400]", "2n ** 64n", "-(2n ** 63n) - 1n", "({a: NaN})"])
def test_numbers_that_json_or_64_bits_cannot_hold_are_refused(code: str) -> None:
    with pytest.raises(ExpressionError, match=r"finite|beyond 64 bits"):
        evaluate(code)


STATE: dict[str, Any] = {"list": [1, {"x": [5]}], "text": "a😀", "zero": 0, "null": None, "a-b": {"3": "c"}, "0": 7}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("state.list.length", 2),
        ("state.list[0]", 1),
        ('state.list["1"].x[0]', 5),
        ('state.list["01"]', None),
        ("state.list[9]", None),
        ("state.text.length", 3),
        ("state.text[0]", "a"),
        ("state.text[1]", "\ufffd"),
        ("state.text[3]", None),
        ("state.zero.more", None),
        ("state.gone", None),
        ("state['a-b'][3]", "c"),
        ("state[0]", 7),
        *((f"state.{name}", None) for name in ("constructor", "__proto__", "toString", "hasOwnProperty")),
        *((f"state.{at}.{name}", None) for at in ("list", "text", "zero") for name in ("constructor", "map", "at")),
    ],
)
def test_a_path_finds_what_javascript_finds_but_nothing_inherited(code: str, expected: Any) -> None:
    assert evaluate(code, **STATE) == expected
    assert truthy(code, **STATE) is bool(expected)
    if "constructor" not in code and "." in code and not any(n in code for n in ("map", "at", "__", "String", "Own")):
        assert evaluate(f"[{code}][0]", **STATE) == expected, "as JavaScript itself has it"


@pytest.mark.parametrize("code", ["state.null.x", "state.gone.x", "state.list[9].x"])
def test_a_path_that_leads_on_from_nothing_fails_as_in_javascript(code: str) -> None:
    with pytest.raises(ExpressionError, match="cannot read property 'x' of null"):
        evaluate(code, **STATE)


@pytest.mark.parametrize("value", [None, False, 0, 0.0, -0.0, "", [], {}, [0], "0", True, 1, BIG, -1.5])
def test_a_path_as_a_condition_has_the_truth_of_javascript(value: Any) -> None:
    assert truthy("state.v", v=value) is truthy("!!state.v", v=value)


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e21)
@example(1e-7)
@example(123456789012345680000.0)
@example(-0.0)
def test_a_number_within_text_is_written_as_in_javascript(number: float) -> None:
    written, theirs = as_text(number), evaluate("String(state.n)", n=number)
    assert float(written) == number == float(theirs)
    assert (written == theirs) or len(written) < len(theirs), "their engine does not always find the shortest digits"
    assert ("e" in written) is ("e" in theirs)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [f"{BIG}", "'", '"', "`", "${", "}", "/", "//", "/*", "*/", "\n", "a", "(", ")", "[", "]", ".", " ", "\\"]
        ),
        max_size=12,
    )
)
def test_writing_a_number_exactly_changes_nothing_else(pieces: list[str]) -> None:
    code = "".join(pieces)
    rewritten = exact_literals(code)
    assert rewritten.replace(f"{BIG}n", f"{BIG}") == code.replace(f"{BIG}n", f"{BIG}")
