"""When a generator is left alone, and for how long."""

from hypothesis import given
from hypothesis import strategies as st

from bot.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker, State


def opened() -> Breaker:
    breaker = Breaker(spread=max)
    for _ in range(FAILURES):
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker()
    for _ in range(5):
        for _ in range(FAILURES - 1):
            breaker.failed()
        breaker.succeeded()
    assert breaker.state is State.CLOSED
    assert opened().state is State.OPEN


def test_an_answer_lets_one_job_probe_and_its_success_closes() -> None:
    breaker = opened()
    breaker.answered()
    assert breaker.state is State.HALF_OPEN
    breaker.succeeded()
    assert breaker.state is State.CLOSED
    breaker.failed()
    assert breaker.state is State.CLOSED


def test_an_answer_means_nothing_where_all_is_well() -> None:
    breaker = Breaker()
    breaker.failed()
    breaker.answered()
    assert breaker.state is State.CLOSED


def test_a_failed_probe_opens_at_once_and_for_longer() -> None:
    breaker = opened()
    pauses = [breaker.pause()]
    for _ in range(8):
        breaker.answered()
        breaker.failed()
        assert breaker.state is State.OPEN
        pauses.append(breaker.pause())
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_failures_of_jobs_that_were_still_under_way_do_not_lengthen_the_pause() -> None:
    breaker = opened()
    before = breaker.pause()
    for _ in range(50):
        breaker.failed()
    assert breaker.pause() == before


def test_after_success_it_begins_anew() -> None:
    breaker = opened()
    for _ in range(6):
        breaker.answered()
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed()
    assert breaker.pause() == FIRST_PAUSE


@given(st.lists(st.sampled_from(["failed", "open", "answered", "succeeded"]), max_size=60))
def test_the_pause_stays_within_bounds_whatever_happens(events: list[str]) -> None:
    breaker = Breaker()
    for event in events:
        getattr(breaker, event)()
        if breaker.state is State.OPEN:
            assert 0.75 * FIRST_PAUSE <= breaker.pause() <= LONGEST_PAUSE
        if event == "succeeded":
            assert breaker.state is State.CLOSED
