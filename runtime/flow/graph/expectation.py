"""The steps from which a token can still arrive at a join in the join's present pass."""

from __future__ import annotations

from runtime.flow.graph.dominance import Dominance, Targets


class Expectation:
    """Answers, for numbered steps, whether a join expects a token; each join is computed once, on demand.

    The answer for a join is kept as an integer used as a set of bits, so that thousands of joins over thousands of
    steps stay small.
    """

    def __init__(self, targets: Targets, dominance: Dominance) -> None:
        self._targets = targets
        self._dominance = dominance
        self._answers: dict[int, int] = {}
        self._ahead: tuple[list[int], list[int]] | None = None

    def expects(self, join: int, step: int) -> bool:
        """Whether a token at `step` is expected by `join`, another step."""
        return bool(self._answer(join) >> step & 1)

    def steps(self, join: int) -> list[int]:
        """All steps at which a token is expected by `join`."""
        bits = bin(self._answer(join))[:1:-1]
        return [step for step, bit in enumerate(bits) if bit == "1"]

    def _answer(self, join: int) -> int:
        known = self._answers.get(join)
        if known is None:
            circle, behind = self._circles()
            known = self._within_loops(join) if circle[join] < 0 else behind[circle[join]]
            self._answers[join] = known
        return known

    def _within_loops(self, join: int) -> int:
        """Walk backwards from a join that lies on a circle, leaving out what belongs to a later pass."""
        dominance = self._dominance
        reach = self._reach_inside(join)
        found = 0
        seen = {join}
        waiting = [join]
        while waiting:
            step = waiting.pop()
            level = dominance.depth.get(step, -1)
            heads_a_loop = step != join and dominance.dominates(step, join)
            for source in dominance.sources[step]:
                if source in seen:
                    continue
                if heads_a_loop and dominance.dominates(step, source) and reach.get(source, -1) >= level:
                    continue
                seen.add(source)
                found |= 1 << source
                waiting.append(source)
        return found

    def _reach_inside(self, join: int) -> dict[int, int]:
        """For steps the join can reach: depth of the deepest dominator of the join that need not be passed on the way.

        The loop of a back connection from `source` to `head` contains the join exactly if `head` dominates the join
        and this depth for `source` is at least that of `head`: a way that leaves what `head` dominates can come
        back only through `head`.
        """
        dominance = self._dominance
        if join not in dominance.depth:
            return {}
        chain = set()
        at = join
        while dominance.immediate[at] != at:
            at = dominance.immediate[at]
            chain.add(at)
        anchor: dict[int, int] = {}
        for step in dominance.order:
            above = dominance.immediate[step]
            anchor[step] = -1 if above == step else dominance.depth[above] if above in chain else anchor[above]
        levels: list[list[int]] = [[] for _ in range(dominance.depth[join] + 1)]
        reach: dict[int, int] = {}
        levels[anchor[join]].append(join)
        for level in range(len(levels) - 1, -1, -1):
            waiting = levels[level]
            while waiting:
                step = waiting.pop()
                if step in reach:
                    continue
                reach[step] = level
                for target in self._targets[step]:
                    lowest = min(level, anchor[target])
                    if target not in reach and lowest >= 0:
                        levels[lowest].append(target)
        return reach

    def _circles(self) -> tuple[list[int], list[int]]:
        """For every step its place in a list of sets, or -1 if it lies on a circle; and those sets.

        No loop contains a step that lies on no circle, so such a step expects a token from everywhere it can be
        reached from; these sets are worked out for all steps in one go, each from the sets of the steps before.
        """
        if self._ahead is None:
            group = _groups(self._targets, self._dominance.sources)
            size = [0] * (max(group, default=-1) + 1)
            members = [0] * len(size)
            for step, number in enumerate(group):
                size[number] += 1
                members[number] |= 1 << step
            behind = [0] * len(size)
            by_group: list[list[int]] = [[] for _ in size]
            for step, number in enumerate(group):
                by_group[number].append(step)
            for number, steps in enumerate(by_group):
                for step in steps:
                    for source in self._dominance.sources[step]:
                        if group[source] != number:
                            behind[number] |= behind[group[source]] | members[group[source]]
            alone = [size[group[s]] == 1 and s not in self._targets[s] for s in range(len(group))]
            self._ahead = ([group[s] if alone[s] else -1 for s in range(len(group))], behind)
        return self._ahead


def _groups(targets: Targets, sources: Targets) -> list[int]:
    """Number of the strongly connected group of each step, groups numbered along the flow (Kosaraju, Sharir)."""
    finished: list[int] = []
    seen = [False] * len(targets)
    for begin in range(len(targets)):
        if seen[begin]:
            continue
        seen[begin] = True
        path = [(begin, iter(targets[begin]))]
        while path:
            step, rest = path[-1]
            for target in rest:
                if not seen[target]:
                    seen[target] = True
                    path.append((target, iter(targets[target])))
                    break
            else:
                finished.append(step)
                path.pop()
    group = [-1] * len(targets)
    count = 0
    for begin in reversed(finished):
        if group[begin] >= 0:
            continue
        group[begin] = count
        waiting = [begin]
        while waiting:
            for source in sources[waiting.pop()]:
                if group[source] < 0:
                    group[source] = count
                    waiting.append(source)
        count += 1
    return group
