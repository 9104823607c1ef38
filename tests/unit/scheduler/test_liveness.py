"""When a scheduler is said to live, and when to work."""

from __future__ import annotations

from runtime.scheduler.monitoring.liveness import BEAT_SECONDS, STALLED_SECONDS, TURN_SECONDS, Liveness, Pulse


class Moments:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def turning(clock: Moments, liveness: Liveness, seconds: float, *, wakes: int = 0) -> None:
    """The event loop turns on for so many seconds, and wakes a run now and then."""
    for _ in range(int(seconds)):
        clock.now += 1
        liveness.turned(Pulse(wakes=liveness.pulse.wakes + wakes))


def test_it_is_not_ready_before_it_says_so_nor_after_it_stops() -> None:
    liveness = Liveness()
    assert (liveness.health()[0], liveness.readiness()) == (True, (False, "It is starting."))
    liveness.works()
    assert liveness.readiness()[0]
    liveness.waits("It stands by.")
    assert (liveness.health()[0], liveness.readiness(), liveness.store_up) == (True, (False, "It stands by."), True)


def test_an_event_loop_that_hangs_is_neither_alive_nor_ready() -> None:
    clock = Moments()
    liveness = Liveness(clock)
    liveness.works()
    clock.now += TURN_SECONDS + 1
    assert not liveness.health()[0]
    assert liveness.readiness() == (False, "The event loop has not turned for 16 s.")


def test_without_a_heartbeat_it_is_not_ready_and_in_the_end_not_alive() -> None:
    clock = Moments()
    liveness = Liveness(clock)
    liveness.works()
    turning(clock, liveness, BEAT_SECONDS + 1)
    assert (liveness.health()[0], liveness.readiness()[0]) == (True, False)
    liveness.beat()
    assert liveness.readiness() == (True, "It works, and leads.")
    turning(clock, liveness, STALLED_SECONDS + 1)
    assert not liveness.health()[0]


def test_a_storm_of_wakes_that_leaves_no_time_for_a_heartbeat_is_work() -> None:
    clock = Moments()
    liveness = Liveness(clock)
    liveness.works()
    turning(clock, liveness, STALLED_SECONDS * 2, wakes=9)
    assert liveness.readiness()[0]


def test_a_store_that_is_away_for_hours_is_no_reason_to_be_killed() -> None:
    clock = Moments()
    liveness = Liveness(clock)
    liveness.waits("The server does not answer.", store_up=False)
    turning(clock, liveness, 7_200)
    assert (liveness.health()[0], liveness.readiness()) == (True, (False, "The server does not answer."))
