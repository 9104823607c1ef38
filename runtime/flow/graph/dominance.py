"""Depth-first order and dominators of a graph of numbered steps; nothing here recurses."""

from __future__ import annotations

from collections.abc import Sequence

Targets = Sequence[Sequence[int]]
"""For every step, the steps its connections lead to, in file order."""


def depth_first_order(targets: Targets, begin: int) -> list[int]:
    """Steps reachable from `begin` in reverse postorder of a depth-first walk, connections in file order."""
    finished: list[int] = []
    seen = {begin}
    path = [(begin, iter(targets[begin]))]
    while path:
        step, rest = path[-1]
        for target in rest:
            if target not in seen:
                seen.add(target)
                path.append((target, iter(targets[target])))
                break
        else:
            finished.append(step)
            path.pop()
    finished.reverse()
    return finished


def backwards(targets: Targets) -> list[list[int]]:
    """For every step, the steps with a connection to it."""
    sources: list[list[int]] = [[] for _ in targets]
    for source, ends in enumerate(targets):
        for end in ends:
            sources[end].append(source)
    return sources


class Dominance:
    """Which steps lie on every path from `begin` to a step.

    The algorithm is that of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """

    def __init__(self, targets: Targets, order: Sequence[int]) -> None:
        self.order = order
        """Reachable steps in reverse postorder; the first is `begin`."""
        self.sources = backwards(targets)
        self.immediate: dict[int, int] = _immediate_dominators(self.sources, order)
        """Nearest other step on every path to a step; `begin` stands for itself. Reachable steps only."""
        self.depth: dict[int, int] = {}
        """How many other steps dominate a step."""
        children: dict[int, list[int]] = {}
        for step in order:
            dominator = self.immediate[step]
            self.depth[step] = 0 if dominator == step else self.depth[dominator] + 1
            if dominator != step:
                children.setdefault(dominator, []).append(step)
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._number_tree(children)

    def dominates(self, dominator: int, step: int) -> bool:
        """Whether `dominator` lies on every path from `begin` to `step`; every reachable step dominates itself."""
        if dominator not in self._first or step not in self._first:
            return False
        return self._first[dominator] <= self._first[step] <= self._last[dominator]

    def _number_tree(self, children: dict[int, list[int]]) -> None:
        if not self.order:
            return
        self._first[self.order[0]] = count = 0
        path = [(self.order[0], iter(children.get(self.order[0], ())))]
        while path:
            step, rest = path[-1]
            child = next(rest, None)
            if child is None:
                self._last[step] = count
                path.pop()
            else:
                count += 1
                self._first[child] = count
                path.append((child, iter(children.get(child, ()))))


def _immediate_dominators(sources: Sequence[Sequence[int]], order: Sequence[int]) -> dict[int, int]:
    place = {step: number for number, step in enumerate(order)}
    found = [-1] * len(order)
    if order:
        found[0] = 0
    before = [[place[source] for source in sources[step] if source in place] for step in order]
    changed = True
    while changed:
        changed = False
        for number in range(1, len(order)):
            nearest = -1
            for source in before[number]:
                if found[source] < 0:
                    continue
                other = source
                if nearest < 0:
                    nearest = other
                    continue
                while nearest != other:
                    while nearest > other:
                        nearest = found[nearest]
                    while other > nearest:
                        other = found[other]
            if nearest != found[number]:
                found[number] = nearest
                changed = True
    return {step: order[found[number]] for number, step in enumerate(order)}
