"""When a scheduler is said to live, and when to work."""

from __future__ import annotations

from runtime.scheduler.monitoring.liveness import BEAT_SECONDS, STALLED_SECONDS, TURN_SECONDS, Pulse, Vitals


class Moments:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def turning(clock: Moments, vitals: Vitals, seconds: float, *, wakes: int = 0) -> None:
    """The event loop turns on for so many seconds, and wakes a run now and then."""
    for _ in range(int(seconds)):
        clock.now += 1
        vitals.turned(Pulse(wakes=vitals.pulse.wakes + wakes))


def test_it_is_not_ready_before_it_says_so_nor_after_it_stops() -> None:
    vitals = Vitals()
    assert (vitals.health()[0], vitals.readiness()) == (True, (False, "It is starting."))
    vitals.works()
    assert vitals.readiness()[0]
    vitals.waits("It stands by.")
    assert (vitals.health()[0], vitals.readiness(), vitals.store_up) == (True, (False, "It stands by."), True)


def test_an_event_loop_that_hangs_is_neither_alive_nor_ready() -> None:
    clock = Moments()
    vitals = Vitals(clock)
    vitals.works()
    clock.now += TURN_SECONDS + 1
    assert not vitals.health()[0]
    assert vitals.readiness() == (False, "The event loop has not turned for 16 s.")


def test_without_a_heartbeat_it_is_not_ready_and_in_the_end_not_alive() -> None:
    clock = Moments()
    vitals = Vitals(clock)
    vitals.works()
    turning(clock, vitals, BEAT_SECONDS + 1)
    assert (vitals.health()[0], vitals.readiness()[0]) == (True, False)
    vitals.beat()
    assert vitals.readiness() == (True, "It works, and leads.")
    turning(clock, vitals, STALLED_SECONDS + 1)
    assert not vitals.health()[0]


def test_a_storm_of_wakes_that_leaves_no_time_for_a_heartbeat_is_work() -> None:
    clock = Moments()
    vitals = Vitals(clock)
    vitals.works()
    turning(clock, vitals, STALLED_SECONDS * 2, wakes=9)
    assert vitals.readiness()[0]


def test_a_store_that_is_away_for_hours_is_no_reason_to_be_killed() -> None:
    clock = Moments()
    vitals = Vitals(clock)
    vitals.waits("The server does not answer.", store_up=False)
    turning(clock, vitals, 7_200)
    assert (vitals.health()[0], vitals.readiness()) == (True, (False, "The server does not answer."))
