"""The queue's rules, on their own."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import HOUR_MS, TRANSITIONS, Lane, Limits, Line, Status, Ticket, admissible, may_move, new_job_id, rank

NOW = 10 * HOUR_MS


def ticket(
    number: int, user: int, *, lane: Lane = Lane.FAST, age_ms: int = 0, backend: str = "a", guild: int | None = None
) -> Ticket:
    return Ticket(f"{number:016}", user, guild, backend, lane, NOW - age_ms)


tickets = st.lists(
    st.builds(
        ticket,
        st.just(0),
        st.integers(1, 4),
        lane=st.sampled_from(Lane),
        age_ms=st.integers(0, 2 * HOUR_MS),
        backend=st.sampled_from(["a", "b"]),
        guild=st.sampled_from([None, 7, 8]),
    ),
    max_size=25,
).map(
    lambda many: [
        Ticket(f"{i:016}", t.user_id, t.guild_id, t.backend, t.lane, t.created_ms) for i, t in enumerate(many)
    ]
)
limits = st.builds(
    Limits,
    running_per_user=st.integers(0, 4),
    running_per_guild=st.integers(0, 5),
    running_per_backend=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 5)),
)


def test_every_status_has_transitions_and_the_last_ones_have_none() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert may_move(Status.WAITING, Status.ADMITTED)
    assert not may_move(Status.DONE, Status.RUNNING)
    assert not any(TRANSITIONS[status] for status in (Status.FAILED, Status.CANCELLED, Status.DELETED))


def test_ids_rise_with_time_and_fit_a_nonce() -> None:
    ids = [new_job_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(job_id) == 16 for job_id in ids)
    assert all(first[:8] <= second[:8] for first, second in pairwise(ids))


def test_who_queues_thirty_does_not_keep_another_waiting() -> None:
    greedy = [ticket(number, user=1, age_ms=1000 - number) for number in range(30)]
    order = list(rank([*greedy, ticket(99, user=2)], [], NOW))
    assert order.index(ticket(99, user=2)) == 1


def test_users_with_less_running_come_first() -> None:
    active = [ticket(100, user=1), ticket(101, user=1), ticket(102, user=2)]
    waiting = [ticket(1, user=1, age_ms=50), ticket(2, user=2, age_ms=40), ticket(3, user=3)]
    assert [t.user_id for t in rank(waiting, active, NOW)] == [3, 2, 1]


def test_relax_waits_for_fast_until_it_has_waited_an_hour() -> None:
    relaxed = ticket(1, user=1, lane=Lane.RELAX, age_ms=HOUR_MS - 1)
    old = ticket(2, user=2, lane=Lane.RELAX, age_ms=HOUR_MS)
    fast = ticket(3, user=3)
    assert list(rank([relaxed, old, fast], [], NOW)) == [old, fast, relaxed]


def test_one_who_is_held_back_holds_nobody_back_and_loses_no_turn() -> None:
    held = ticket(1, user=1, age_ms=30, backend="full")
    same_user = ticket(2, user=1, age_ms=20, backend="free")
    other = ticket(3, user=2, age_ms=10, backend="free")
    busy = ticket(9, user=9, backend="full")
    chosen = admissible([held, same_user, other], [busy], Limits(running_per_backend={"full": 1, "free": 2}), NOW)
    assert chosen == [same_user, other]


def test_a_job_on_its_way_to_the_channel_leaves_its_backend_free() -> None:
    delivering = Ticket("d", 1, None, "a", Lane.FAST, NOW, generating=False)
    only = Limits(running_per_user=2, running_per_backend={"a": 1})
    assert admissible([ticket(1, user=1)], [delivering], only, NOW)
    assert not admissible([ticket(1, user=1)], [delivering], Limits(running_per_user=1), NOW)


@given(tickets)
def test_the_ranking_is_complete_and_does_not_depend_on_the_order_given(waiting: list[Ticket]) -> None:
    order = list(rank(waiting, [], NOW))
    assert sorted(order, key=lambda t: t.job_id) == waiting
    assert order == list(rank(reversed(waiting), [], NOW))


@given(tickets)
def test_nobody_gets_a_second_turn_before_everyone_had_the_first(waiting: list[Ticket]) -> None:
    taken = Counter[int]()
    fast = [t for t in rank(waiting, [], NOW) if t.lane is not Lane.RELAX or NOW - t.created_ms >= HOUR_MS]
    left = Counter(t.user_id for t in fast)
    for t in fast:
        assert all(taken[t.user_id] <= taken[user] for user in left if left[user])
        taken[t.user_id] += 1
        left[t.user_id] -= 1


@given(tickets, limits)
def test_limits_hold_and_nothing_that_could_start_is_left(waiting: list[Ticket], bounds: Limits) -> None:
    chosen = admissible(waiting, [], bounds, NOW)
    users = Counter(t.user_id for t in chosen)
    guilds = Counter(t.guild_id for t in chosen if t.guild_id is not None)
    backends = Counter(t.backend for t in chosen)

    def full(count: int, limit: int) -> bool:
        return limit != 0 and count >= limit

    assert all(count <= (bounds.running_per_user or 99) for count in users.values())
    assert all(count <= (bounds.running_per_guild or 99) for count in guilds.values())
    assert all(count <= (bounds.running_per_backend.get(name, 0) or 99) for name, count in backends.items())
    for t in set(waiting) - set(chosen):
        assert (
            full(users[t.user_id], bounds.running_per_user)
            or (t.guild_id is not None and full(guilds[t.guild_id], bounds.running_per_guild))
            or full(backends[t.backend], bounds.running_per_backend.get(t.backend, 0))
        )


@given(tickets, limits)
def test_everybody_starts_in_the_end(waiting: list[Ticket], bounds: Limits) -> None:
    line = Line(waiting, [], bounds, NOW)
    started: list[Ticket] = []
    running: list[Ticket] = []
    while True:
        while (next_ := line.take()) is not None:
            running.append(next_)
        if not running:
            break
        started.append(running.pop(0))
        line.finish(started[-1])
    assert sorted(started, key=lambda t: t.job_id) == waiting


@given(tickets, limits)
def test_taking_up_the_line_again_gives_what_a_new_line_would(waiting: list[Ticket], bounds: Limits) -> None:
    line = Line(waiting, [], bounds, NOW)
    first = list(iter(line.take, None))
    if not first:
        return
    line.finish(first[0])
    turns = {taken.user_id: turn for turn, taken in enumerate(first, 1)}
    rest = [replace(t, served_ms=turns.get(t.user_id, 0)) for t in waiting if t not in first]
    again = [t.job_id for t in iter(line.take, None)]
    assert again == [t.job_id for t in admissible(rest, first[1:], bounds, NOW)]


def test_who_was_served_longest_ago_is_next() -> None:
    """One job at a time: when it ends, nobody has anything active, and the others have waited longer for their turn."""
    busy = [replace(ticket(number, user=1), served_ms=NOW - 10) for number in range(3)]
    patient = replace(ticket(8, user=2), served_ms=NOW - 1000)
    newcomer = ticket(9, user=3)
    assert [one.user_id for one in rank([*busy, patient, newcomer], [], NOW)] == [3, 2, 1, 1, 1]
