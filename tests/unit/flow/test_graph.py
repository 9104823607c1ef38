"""Authors draw graphs; joins must know which tokens to wait for."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.flow.definition import Connection, Step
from runtime.flow.graph.flow_graph import FlowGraph

Edges = list[tuple[str, str]]


def graph_of(edges: Edges, begin: str = "b", extra: tuple[str, ...] = ()) -> FlowGraph:
    """A graph with these connections; unknown names become tasks."""
    ids = dict.fromkeys([begin, *(end for edge in edges for end in edge), *extra])
    return FlowGraph(
        tuple(Step(s, s, "begin" if s == begin else "task") for s in ids),
        tuple(Connection(f"c{n}", a, z) for n, (a, z) in enumerate(edges)),
    )


def naive_expects(edges: Edges, join: str, step: str, begin: str = "b") -> bool:
    """The definition, word for word, by exhaustive search."""

    def reach(start: str, without: str | None, allowed: Edges) -> set[str]:
        if start == without:
            return set()
        found, todo = {start}, [start]
        while todo:
            at = todo.pop()
            for a, z in allowed:
                if a == at and z not in found and z != without:
                    found.add(z)
                    todo.append(z)
        return found

    def dominates(head: str, tail: str) -> bool:
        return tail in reach(begin, None, edges) and (head == tail or tail not in reach(begin, head, edges))

    def usable(source: str, target: str) -> bool:
        if not dominates(target, source) or target == join:
            return True
        return source not in reach(join, target, edges)

    ways = [edge for edge in edges if usable(*edge) and edge[0] != join]
    return join in reach(step, None, ways)


@st.composite
def flows(draw: st.DrawFn) -> Edges:
    """Small graphs in which most steps can be reached and nothing leads into begin."""
    names = ["b", *"stuvwxy"[: draw(st.integers(1, 7))]]
    tree = [(names[draw(st.integers(0, n - 1))], names[n]) for n in range(1, len(names))]
    some = st.tuples(st.sampled_from(names), st.sampled_from(names[1:]))
    edges = tree + draw(st.lists(some, max_size=9))
    return draw(st.permutations(edges))


@settings(max_examples=400, deadline=None)
@given(flows())
def test_a_join_expects_exactly_what_the_definition_says(edges: Edges) -> None:
    graph = graph_of(edges)
    for join in graph.steps:
        for step in graph.steps:
            if step != join:
                assert graph.expects(join, step) is naive_expects(edges, join, step), (edges, join, step)
        assert graph.expecting(join) - {join} == {s for s in graph.steps if s != join and graph.expects(join, s)}


@settings(max_examples=200, deadline=None)
@given(flows())
def test_what_gathers_and_settles_follows_from_what_is_expected(edges: Edges) -> None:
    graph = graph_of(edges)
    for fork in graph.steps:
        gathered = tuple(
            j
            for j in graph.joins
            if sum(c.target == j or naive_expects(edges, j, c.target) for c in graph.outgoing[fork]) >= 2
        )
        assert graph.gathers(fork) == gathered
        for step in graph.steps:
            ahead = [
                j
                for j in gathered
                if (j != step and naive_expects(edges, j, step))
                or (j == step and any(z == j or naive_expects(edges, j, z) for a, z in edges if a == step))
            ]
            nearest = [j for j in ahead if naive_reaches(edges, step, j, set(ahead) - {j})]
            assert graph.settles_at(step, (fork,)) == (nearest[0] if nearest else None)


def naive_reaches(edges: Edges, source: str, target: str, without: set[str]) -> bool:
    """Whether there is a way from a step to another that passes none of some steps between."""
    seen: set[str] = set()
    waiting = [z for a, z in edges if a == source]
    while waiting:
        at = waiting.pop()
        if at == target:
            return True
        if at not in seen and at not in without:
            seen.add(at)
            waiting += [z for a, z in edges if a == at]
    return False


def test_flow_order_is_reverse_postorder_with_connections_in_file_order() -> None:
    graph = graph_of([("b", "f"), ("f", "x"), ("f", "y"), ("x", "j"), ("y", "j"), ("j", "e")])
    assert list(graph.order) == ["b", "f", "y", "x", "j", "e"]
    assert list(graph.order.values()) == [0, 1, 2, 3, 4, 5]
    assert graph.joins == ("j",)
    assert graph.begin == "b"


def test_a_failure_in_a_loop_settles_at_the_join_of_its_fork_not_at_the_head_of_the_loop() -> None:
    """The branches of f meet at j, then perhaps go round again to h, which comes before j in flow order."""
    graph = graph_of(
        [("b", "h"), ("h", "f"), ("f", "x"), ("f", "y"), ("x", "j"), ("y", "j"), ("j", "d"), ("d", "h"), ("d", "e")]
    )
    assert graph.order["h"] < graph.order["j"]
    assert graph.settles_at("x", ("f",)) == "j"


def test_a_merge_only_one_branch_leads_to_is_passed_over() -> None:
    """x decides between p and q, which merge at m, before the branches of f meet at j."""
    graph = graph_of(
        [("b", "f"), ("f", "x"), ("f", "y"), ("x", "p"), ("x", "q"), ("p", "m"), ("q", "m"), ("m", "j"), ("y", "j")]
    )
    assert graph.gathers("f") == ("j",)
    assert graph.settles_at("p", ("f",)) == "j"
    assert graph.settles_at("p", ("f", "x")) == "m"
    assert graph.settles_at("p", ()) is None


def test_a_later_pass_of_a_loop_is_not_waited_for() -> None:
    graph = graph_of(
        [("b", "h"), ("h", "x"), ("h", "y"), ("x", "j"), ("y", "j"), ("j", "back"), ("back", "h"), ("j", "e")]
    )
    assert graph.expecting("j") == {"b", "h", "x", "y"}
    assert graph.expects("h", "back"), "a back connection that ends at the join itself counts"


def test_a_loop_that_does_not_contain_the_join_is_waited_for() -> None:
    graph = graph_of([("b", "f"), ("f", "w"), ("w", "w2"), ("w2", "w"), ("w", "j"), ("f", "j")])
    assert {"w", "w2"} <= graph.expecting("j")


def test_two_connections_to_one_step_are_two_ways_in() -> None:
    graph = graph_of([("b", "f"), ("f", "j"), ("f", "j"), ("j", "e")])
    assert graph.joins == ("j",)
    assert graph.gathers("f") == ("j",)


def test_unreachable_steps_and_connections_to_nowhere_do_no_harm() -> None:
    graph = graph_of([("b", "x"), ("u", "v"), ("v", "u"), ("u", "x"), ("x", "x")], extra=("lonely",))
    assert graph.reachable == {"b", "x"}
    assert graph.expects("x", "u")
    assert graph.expecting("u") == {"v"}
    assert not graph.expects("lonely", "b")
    assert FlowGraph((), ()).begin == ""
    assert FlowGraph((Step("a", "a", "begin"),), (Connection("c", "a", "gone"),)).outgoing["a"] == ()


def test_ten_thousand_steps_are_analysed_without_recursion() -> None:
    edges: Edges = [("b", "s0")]
    for n in range(3_332):
        edges += [(f"s{n}", f"x{n}"), (f"s{n}", f"y{n}"), (f"x{n}", f"s{n + 1}"), (f"y{n}", f"s{n + 1}")]
    began = time.process_time()
    straight = graph_of(edges)
    assert len(straight.steps) == 9_998
    assert len(straight.gathers("s0")) == 3_332
    looped = graph_of([*edges, ("s3332", "s0"), *((f"s{n}", f"s{n // 2}") for n in range(1, 3_332))])
    assert "s3332" not in looped.expecting("s3331")
    assert "s3332" in looped.expecting("s0")
    assert time.process_time() - began < 20, "linear work takes a second; anything quadratic takes minutes"
