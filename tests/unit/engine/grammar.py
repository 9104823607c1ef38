"""Random flows by grammar, the FlowJSON they mean, and what a run of them must come to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.unit.engine.play import flow_of

Node = tuple[Any, ...]
POLICIES = ("allSettled", "all")


@st.composite
def _node(draw: Any, depth: int, in_loop: bool) -> Node:
    kinds = ["task", "each"] if depth <= 0 else ["task", "each", "fork", "fork", "fork", "if", "loop"]
    kind = draw(st.sampled_from(kinds))
    if kind == "each":
        return ("each", draw(st.integers(0, 3)), draw(st.sampled_from(POLICIES)))
    if kind == "fork":
        branches = [draw(sequences(depth - 1, in_loop, 0)) for _ in range(draw(st.integers(2, 4)))]
        dead = [] if in_loop else [draw(sequences(depth - 1, False, 1)) for _ in range(draw(st.integers(0, 1)))]
        return ("fork", branches, dead, draw(st.sampled_from(POLICIES)))
    if kind == "if":
        sides = (draw(sequences(depth - 1, in_loop, 0)), draw(sequences(depth - 1, in_loop, 0)))
        return ("if", *sides, draw(st.booleans()))
    if kind == "loop":
        return ("loop", draw(sequences(depth - 1, True, 0)), draw(st.integers(1, 3)))
    return ("task",)


@st.composite
def sequences(draw: Any, depth: int = 2, in_loop: bool = False, least: int = 1) -> list[Node]:
    """Blocks one after another; a branch of a fork may be empty, a direct connection to the join."""
    return [draw(_node(depth, in_loop)) for _ in range(draw(st.integers(least, 2)))]


@dataclass
class Made:
    """A flow made from a tree: its steps and ways, and the same tree with the step ids filled in."""

    steps: dict[str, dict[str, Any]] = field(default_factory=lambda: {"begin": {}})
    ways: list[tuple[str, ...]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    tree: list[Any] = field(default_factory=list)
    loops: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Name of the counter and its turns, by the task that counts."""
    width: dict[str, int] = field(default_factory=dict)
    """Tokens each join of a fork must consume whenever it fires."""
    looping: set[str] = field(default_factory=set)
    """Steps that lie in a loop."""
    exposed: set[str] = field(default_factory=set)
    """Steps a token may stand at while a dead end of a fork behind it still works: where a failure settles there
    depends on which ends first."""
    dead_ended: bool = False

    def flow(self, shuffle: random.Random | None = None) -> dict[str, Any]:
        """The FlowJSON, steps and connections in any order."""
        names, ways = list(self.steps), list(self.ways)
        if shuffle is not None:
            shuffle.shuffle(names)
            shuffle.shuffle(ways)
        return flow_of({n: self.steps[n] for n in names}, ways, state=self.state)

    def may_fail(self) -> list[str]:
        """Tasks, or first items, whose failure has one meaning."""
        return [f"{n}:0" if n[0] == "e" else n for n in self.tasks() if n not in self.exposed]

    def tasks(self) -> list[str]:
        """Ids of all tasks."""
        return [n for n, note in self.steps.items() if n not in ("begin", "end") and note.get("type", "task") == "task"]


def make(sequence: Sequence[Node]) -> Made:
    """Give every step a name and write the connections down."""
    made = Made()
    exits, made.tree = _sequence(made, sequence, [("begin",)], False)
    made.steps["end"] = {}
    _connect(made, exits, "end")
    return made


def _connect(made: Made, exits: Sequence[tuple[str, ...]], target: str) -> None:
    made.ways += [(e[0], target, *e[1:]) for e in exits]


def _new(made: Made, letter: str, looping: bool, **note: Any) -> str:
    name = f"{letter}{len(made.steps)}"
    made.steps[name] = note
    if made.dead_ended:
        made.exposed.add(name)
    if looping:
        made.looping.add(name)
    return name


def _each(items: int, policy: str) -> dict[str, Any]:
    return {"forEach": f"[{', '.join(str(i) for i in range(items))}]", "join": policy}


def _sequence(
    made: Made, sequence: Sequence[Node], exits: list[tuple[str, ...]], looping: bool
) -> tuple[list[tuple[str, ...]], list[Any]]:
    tree = []
    for node in sequence:
        exits, named = _one(made, node, exits, looping)
        tree.append(named)
    return exits, tree


def _one(
    made: Made, node: Node, exits: list[tuple[str, ...]], looping: bool
) -> tuple[list[tuple[str, ...]], tuple[Any, ...]]:
    if node[0] == "task":
        name = _new(made, "t", looping)
        _connect(made, exits, name)
        return [(name,)], ("task", name)
    if node[0] == "each":
        name = _new(made, "e", looping, metadata=_each(node[1], node[2]))
        _connect(made, exits, name)
        return [(name,)], ("each", name, node[1], node[2])
    if node[0] == "fork":
        fork = _new(made, "f", looping)
        _connect(made, exits, fork)
        ends, branches = [], []
        for branch in node[1]:
            out, tree = _sequence(made, branch, [(fork,)], looping)
            ends += out
            branches.append(tree)
        dead = [_sequence(made, [*branch, ("task",)], [(fork,)], looping)[1] for branch in node[2]]
        made.dead_ended |= bool(dead)
        join = _new(made, "j", looping, metadata={"join": node[3]})
        _connect(made, ends, join)
        made.width[join] = len(branches)
        return [(join,)], ("fork", fork, branches, dead, node[3], join)
    if node[0] == "if":
        name = _new(made, "d", looping, type="decision")
        _connect(made, exits, name)
        made.state[name] = node[3]
        then, first = _sequence(made, node[1], [(name, f"state.{name}")], looping)
        other, second = _sequence(made, node[2], [(name,)], looping)
        merge = _new(made, "m", looping)
        _connect(made, [*then, *other], merge)
        return [(merge,)], ("if", name, first if node[3] else second, merge)
    head = _new(made, "h", True)
    _connect(made, exits, head)
    out, tree = _sequence(made, node[1], [(head,)], True)
    count = _new(made, "c", True)
    _connect(made, out, count)
    again = _new(made, "a", True, type="decision")
    made.ways.append((count, again))
    made.ways.append((again, head, f"state.{count} != 0"))
    made.state[count] = 0
    made.loops[count] = (count, node[2])
    return [(again,)], ("loop", head, tree, count, again, node[2])


@dataclass
class Model:
    """What a run must come to, worked out from the tree alone."""

    failing: frozenset[str]
    visits: Counter[str] = field(default_factory=Counter)
    results: dict[str, Any] = field(default_factory=dict)
    dead_ends: bool = True

    def play(self, made: Made) -> str:
        """The status the run must come to."""
        self.visits["begin"] += 1
        came = self._all(made.tree)
        if came == "ok":
            self.visits["end"] += 1
        return "completed" if came == "ok" and self.dead_ends else "failed"

    def _all(self, tree: Sequence[Any]) -> str:
        for node in tree:
            came = self._one(node)
            if came != "ok":
                return came
        return "ok"

    def _task(self, name: str) -> str:
        self.visits[name] += 1
        if name in self.failing:
            return "failed"
        self.results[name] = name
        return "ok"

    def _one(self, node: Any) -> str:
        if node[0] == "task":
            return self._task(node[1])
        if node[0] == "each":
            return self._each(node)
        if node[0] == "fork":
            return self._fork(node)
        if node[0] == "if":
            self.visits[node[1]] += 1
            came = self._all(node[2])
            return self._task(node[3]) if came == "ok" else came
        for _ in range(node[5]):
            for part in (("task", node[1]), *node[2], ("task", node[3])):
                came = self._one(part)
                if came != "ok":
                    return came
            self.visits[node[4]] += 1
        return "ok"

    def _each(self, node: Any) -> str:
        _, name, items, policy = node
        self.visits[name] += 1
        came = [None if f"{name}:{i}" in self.failing else f"{name}:{i}" for i in range(items)]
        if policy == "all" and None in came:
            return "stuck"
        self.results[name] = came
        return "ok"

    def _fork(self, node: Any) -> str:
        _, fork, branches, dead, policy, join = node
        if self._task(fork) != "ok":
            return "failed"
        came = [self._all(branch) for branch in branches]
        for branch in dead:
            if self._all(branch) != "ok":
                self.dead_ends = False
        if "stuck" in came or (policy == "all" and "failed" in came):
            return "stuck"
        return self._task(join)
