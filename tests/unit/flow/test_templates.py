"""Templates put values into requests, and nothing a value brings along is ever executed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import ExpressionError
from runtime.flow.expressions.evaluation import Expressions
from runtime.flow.expressions.template_text import parts, path_of
from runtime.flow.expressions.templates import RequestScope, template_problems

ENV = {"JOBS_URL": "https://jobs.internal", "TOKEN": "s3cret", "PIN": "123"}
STATE: dict[str, Any] = {
    "big": [9007199254740993],
    "evil": "${env.TOKEN}",
    "object": {"x": [1, None]},
    "one": 1.0,
    "tiny": 1.5,
    "yes": True,
    "none": None,
    "path": "../a b?c=d#e",
    "word": "hé}y",
    "a-b": 5,
}


def scope(**names: Any) -> RequestScope:
    """The scope of one request."""
    return RequestScope(
        {"state": STATE, "params": {}, "results": {}, "item": "i", "key": "k", **names},
        expressions=Expressions(),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        seed=1,
        env=ENV,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${state.big[0]}", 9007199254740993),
        ("n=${state.big[0]}", "n=9007199254740993"),
        ("${ state.object }", {"x": [1, None]}),
        ("${state.object}!", '{"x":[1,null]}!'),
        ("${state.one}/${state.tiny}/${state.yes}/${state.none}", "1/1.5/true/null"),
        ("${state.gone}", None),
        ('${state["a-b"]}', 5),
        ("${state.big.length}", 1),
        ("${state.word.length}", 4),
        ("${state.word.replace(/}/, '').toUpperCase()}", "HÉY"),
        ('${ {a: "}"}["a"] }${`${"}"}`}', "}}"),
        ("${/* } */ 1 // }\n}", 1),
        ("cost: $5 {not} $${item}", "cost: $5 {not} $i"),
        (["${item}", {"${item}": "${key}"}, 3, None], ["i", {"${item}": "k"}, 3, None]),
    ],
)
def test_templates_are_filled_in(text: Any, expected: Any) -> None:
    assert scope().render(text) == expected


def test_a_value_cannot_smuggle_a_template_in() -> None:
    asked = scope()
    assert asked.render("Bearer ${state.evil}", env=True) == "Bearer ${env.TOKEN}"
    assert asked.render("${state.evil}", env=True) == "${env.TOKEN}"
    assert asked.secrets == set()


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("${}env.TOK'`\"\\ "), max_size=20))
def test_no_value_is_read_as_a_template(text: str) -> None:
    asked = scope(item=text)
    assert asked.render("<${item}>", env=True) == f"<{text}>"
    assert asked.secrets == set()


@given(st.lists(st.text(st.characters(exclude_characters="$"), max_size=5), min_size=2, max_size=5))
def test_text_around_templates_stays_as_it_is(texts: list[str]) -> None:
    assert scope().render("${item}".join(texts)) == "i".join(texts)


def test_the_environment_is_read_only_where_it_is_allowed() -> None:
    asked = scope()
    with pytest.raises(ExpressionError, match="not allowed here"):
        asked.render("${env.TOKEN}")
    with pytest.raises(ExpressionError, match="NOT_SET is not set"):
        asked.render("${env.NOT_SET}", env=True)
    with pytest.raises(ExpressionError):
        asked.render('${env["TO" + "KEN"]}', env=True)
    with pytest.raises(ExpressionError, match=r"write \$\{env.NAME\}"):
        asked.render("${env}", env=True)
    assert asked.secrets == set()
    assert asked.render({"Authorization": "Bearer ${env.TOKEN}", "Pin": "${env.PIN}"}, env=True) == {
        "Authorization": "Bearer s3cret",
        "Pin": "123",
    }
    assert asked.secrets == {"s3cret"}, "values under 4 characters are not worth masking"


def test_in_a_url_only_foreign_values_are_quoted() -> None:
    asked = scope()
    url = asked.render("${env.JOBS_URL}/jobs/${state.path}", env=True, quote=lambda text: quote(text, safe=""))
    assert url == "https://jobs.internal/jobs/..%2Fa%20b%3Fc%3Dd%23e"
    assert asked.render("${state.path}", quote=lambda text: quote(text, safe="")) == "..%2Fa%20b%3Fc%3Dd%23e"


@pytest.mark.parametrize(
    "text", ["${", "a ${state.x", "${}", "${'}", "${state.gone.b}", "${nobody}", "${1 +}", "${1;2}", "${`" * 50_000]
)
def test_what_cannot_be_filled_in_is_an_error_with_a_sentence(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"\.$"):
        scope().render(text)


def test_expressions_may_use_the_answer_of_a_system() -> None:
    assert scope().evaluate("response.json.id", response={"json": {"id": 2**60 + 1}}) == 2**60 + 1
    assert scope().evaluate("response.status < 300 && item", response={"status": 200}) == "i"
    with pytest.raises(ExpressionError):
        scope().evaluate("env.TOKEN")


def test_an_endless_text_is_refused() -> None:
    with pytest.raises(ExpressionError, match="grows beyond"):
        scope(item="x" * 600_000).render("${item}${item}")


def test_paths_are_told_from_expressions() -> None:
    assert path_of("state.a[0]['b c']") == ("state", "a", 0, "b c")
    assert [path_of(code) for code in ("a()", "a.b + 1", "true", "a[b]", "a?.b", "1", "a[01]")] == [None] * 7
    assert len(parts("a${1}b${2}")) == 4


def test_malformed_templates_are_found_before_a_run() -> None:
    found = list(template_problems({"a": ["ok ${state.x}", "${1 +}"], "b": "${", "c": {"d": "${env.X}"}}))
    assert sorted(place for place, _ in found) == [("a", 1), ("b",)]
