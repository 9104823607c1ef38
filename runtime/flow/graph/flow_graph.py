"""The graph of a flow: flow order, joins, and which tokens a join has to wait for (docs/semantics.md, Joins)."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.flow.definition import Connection, Step
from runtime.flow.graph.dominance import Dominance, depth_first_order
from runtime.flow.graph.expectation import Expectation


class FlowGraph:
    """Static analysis of one flow; built in time linear in the flow, questions about joins answered lazily.

    Connections whose ends are not steps are left out and unreachable steps come last in flow order, so a flow
    that is still being checked can be looked at too.
    """

    def __init__(self, steps: tuple[Step, ...], connections: tuple[Connection, ...]) -> None:
        self.steps: dict[str, Step] = {step.id: step for step in steps}
        self.begin: str = next((step.id for step in steps if step.type == "begin"), "")
        """Id of the begin step; empty if the flow has none."""
        outgoing: dict[str, list[Connection]] = {step_id: [] for step_id in self.steps}
        incoming: dict[str, list[Connection]] = {step_id: [] for step_id in self.steps}
        for connection in connections:
            if connection.source in outgoing and connection.target in incoming:
                outgoing[connection.source].append(connection)
                incoming[connection.target].append(connection)
        self.outgoing: dict[str, tuple[Connection, ...]] = {s: tuple(c) for s, c in outgoing.items()}
        """Connections out of each step, in file order."""
        self.incoming: dict[str, tuple[Connection, ...]] = {s: tuple(c) for s, c in incoming.items()}
        """Connections into each step, in file order."""
        self._number = {step_id: number for number, step_id in enumerate(self.steps)}
        self._ids = tuple(self.steps)
        self._targets = [[self._number[c.target] for c in self.outgoing[s]] for s in self._ids]
        reached = depth_first_order(self._targets, self._number[self.begin]) if self.begin else []
        seen = set(reached)
        self.reachable: frozenset[str] = frozenset(self._ids[n] for n in reached)
        """Steps that can be reached from `begin`."""
        every = [*reached, *(n for n in range(len(self._ids)) if n not in seen)]
        self.order: dict[str, int] = {self._ids[n]: place for place, n in enumerate(every)}
        """Place of each step in flow order, from 0."""
        self.joins: tuple[str, ...] = tuple(self._ids[n] for n in every if len(self.incoming[self._ids[n]]) > 1)
        """Steps with two or more incoming connections, in flow order."""
        self._expectation = Expectation(self._targets, Dominance(self._targets, reached))
        self._gathers: dict[str, tuple[str, ...]] = {}

    def expects(self, join: str, step: str) -> bool:
        """Whether `join` waits for a token standing at `step`, another step.

        It does when the token can reach the join without passing it and without a back connection whose loop
        contains the join; a back connection that ends at the join itself counts.
        """
        return self._expectation.expects(self._number[join], self._number[step])

    def expecting(self, join: str) -> frozenset[str]:
        """All steps at which a token is expected by `join`."""
        return frozenset(self._ids[number] for number in self._expectation.steps(self._number[join]))

    def arrives(self, connection: Connection, join: str) -> bool:
        """Whether a token on `connection` can arrive at `join` in the present pass."""
        return connection.target == join or self.expects(join, connection.target)

    def gathers(self, fork_step: str) -> tuple[str, ...]:
        """Joins, in flow order, at which at least two different connections out of `fork_step` can arrive."""
        known = self._gathers.get(fork_step)
        if known is None:
            ways = self.outgoing[fork_step]
            known = tuple(join for join in self.joins if self._several_arrive(ways, join)) if len(ways) > 1 else ()
            self._gathers[fork_step] = known
        return known

    def settles_at(self, step: str, forks: tuple[str, ...]) -> str | None:
        """The join at which a token that failed at `step` settles; None if it settles nowhere.

        The nearest join ahead, so a join behind a back connection comes after those inside its loop.

        Args:
            step: The step the token failed at.
            forks: The fork steps the token came from.
        """
        gathering = {join for fork in forks for join in self.gathers(fork)}
        ahead = {join for join in gathering if self._comes_to(step, join)}
        return min(self._first_met(step, ahead), key=self.order.__getitem__, default=None)

    def _comes_to(self, step: str, join: str) -> bool:
        if join == step:
            return any(self.arrives(connection, join) for connection in self.outgoing[step])
        return self.expects(join, step)

    def _first_met(self, step: str, joins: set[str]) -> set[str]:
        """Those of some joins that can be reached from a step without passing another of them."""
        met: set[str] = set()
        seen: set[str] = set()
        waiting = [connection.target for connection in self.outgoing[step]] if joins else []
        while waiting:
            at = waiting.pop()
            if at in joins:
                met.add(at)
            elif at not in seen:
                seen.add(at)
                waiting.extend(connection.target for connection in self.outgoing[at])
        return met

    def _several_arrive(self, ways: Sequence[Connection], join: str) -> bool:
        found = 0
        for connection in ways:
            if self.arrives(connection, join):
                found += 1
                if found == 2:
                    return True
        return False
