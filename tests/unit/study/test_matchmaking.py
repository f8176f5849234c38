"""Matchmakers: groups of the right size, in the right order, without changing who waits."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.server import matchmaker
from mug.study.matchmaking import (
    FIFOMatchmaker,
    GroupHistory,
    GroupReunionMatchmaker,
    LatencyFIFOMatchmaker,
    MatchCandidate,
    Matchmaker,
    StrangersMatchmaker,
)


def people(*names: str, **rtts: float) -> list[MatchCandidate]:
    return [MatchCandidate(name, rtt_ms=rtts.get(name)) for name in names]


ME = MatchCandidate("me")


def names(group):
    return None if group is None else [candidate.subject_id for candidate in group]


def test_that_fifo_takes_the_longest_waiting_in_order_and_then_the_arriving_one():
    assert names(FIFOMatchmaker().find_match(ME, people("a", "b", "c"), 3)) == ["a", "b", "me"]
    assert FIFOMatchmaker().find_match(ME, people("a"), 3) is None
    assert names(FIFOMatchmaker().find_match(ME, [], 1)) == ["me"]


def test_that_latency_skips_above_the_limit_and_keeps_at_it():
    it = LatencyFIFOMatchmaker(max_server_rtt_ms=100)
    me = MatchCandidate("me", rtt_ms=40)
    assert names(it.find_match(me, people("a", "b", a=61, b=60), 2)) == ["b", "me"]
    assert it.find_match(me, people("a", a=60.5), 2) is None


def test_that_an_unknown_latency_is_never_a_reason_to_skip():
    it = LatencyFIFOMatchmaker(max_server_rtt_ms=1)
    assert names(it.find_match(ME, people("a", a=500), 2)) == ["a", "me"]
    assert names(it.find_match(MatchCandidate("me", rtt_ms=500), people("a"), 2)) == ["a", "me"]


def test_that_every_pair_of_a_group_is_near_enough():
    it = LatencyFIFOMatchmaker(max_server_rtt_ms=100)
    me = MatchCandidate("me", rtt_ms=10)
    assert names(it.find_match(me, people("a", "b", "c", a=80, b=80, c=15), 3)) == ["a", "c", "me"]


def test_that_former_partners_come_first_in_both_directions():
    remembered = MatchCandidate("me", group_history=GroupHistory(["c"]))
    remembers = MatchCandidate("d", group_history=GroupHistory(["me"]))
    waiting = [*people("a", "b", "c"), remembers]
    assert names(GroupReunionMatchmaker().find_match(remembered, waiting, 3)) == ["c", "d", "me"]
    assert names(GroupReunionMatchmaker().find_match(remembered, waiting, 4)) == ["c", "d", "a", "me"]
    assert names(GroupReunionMatchmaker().find_match(ME, people("a", "b"), 2)) == ["a", "me"]
    assert GroupReunionMatchmaker(fallback_to_fifo=False).find_match(remembered, waiting, 4) is None
    assert GroupReunionMatchmaker(fallback_to_fifo=False).find_match(ME, people("a"), 2) is None


@pytest.mark.parametrize(("limit", "measured", "rejected"), [
    (None, None, False), (None, 999, False), (100, None, True), (100, 100, False), (100, 100.1, True), (0, 0, False),
])  # fmt: skip
def test_that_a_measured_pair_is_judged_by_the_threshold(limit, measured, rejected):
    assert FIFOMatchmaker(max_p2p_rtt_ms=limit).should_reject_for_rtt(measured) is rejected


CANDIDATES = st.lists(
    st.builds(
        MatchCandidate,
        st.text("abcdef", min_size=1, max_size=3),
        st.one_of(st.none(), st.floats(0, 300)),
        st.one_of(st.none(), st.builds(GroupHistory, st.lists(st.text("abcdef", min_size=1, max_size=3)))),
    ),
    max_size=8,
    unique_by=lambda candidate: candidate.subject_id,
)
MATCHMAKERS = st.sampled_from(
    [FIFOMatchmaker(), LatencyFIFOMatchmaker(150), GroupReunionMatchmaker(), GroupReunionMatchmaker(None, False)]
)


@given(MATCHMAKERS, CANDIDATES, st.integers(1, 5))
def test_that_a_group_has_the_right_size_and_nobody_twice_and_the_waiting_list_is_not_changed(it, waiting, size):
    me = MatchCandidate("me", rtt_ms=50, group_history=GroupHistory(["a", "b"]))
    before = list(waiting)
    group = it.find_match(me, waiting, size)
    assert waiting == before
    if group is not None:
        assert len(group) == len({candidate.subject_id for candidate in group}) == size
        assert me in group
        assert all(candidate is me or candidate in waiting for candidate in group)


def test_that_wrong_limits_are_refused():
    with pytest.raises(ValueError, match="max_server_rtt_ms is -1"):
        LatencyFIFOMatchmaker(-1)
    with pytest.raises(ValueError, match="max_p2p_rtt_ms"):
        FIFOMatchmaker(-1)
    with pytest.raises(ValueError, match="group_size is 0"):
        FIFOMatchmaker().find_match(ME, [], 0)


def test_that_the_base_class_is_abstract_and_known_to_studies():
    with pytest.raises(TypeError):
        Matchmaker()
    assert matchmaker.Matchmaker is Matchmaker


def test_that_a_limit_may_widen_with_the_longer_wait_of_two():
    it = LatencyFIFOMatchmaker(100, widening_ms_per_s=10)
    waits = MatchCandidate("a", rtt_ms=70, waited_ms=2_000)
    assert names(it.find_match(MatchCandidate("me", rtt_ms=50), [waits], 2)) == ["a", "me"]
    assert it.find_match(MatchCandidate("me", rtt_ms=50.5), [waits], 2) is None
    assert names(it.find_match(MatchCandidate("me", rtt_ms=50.5, waited_ms=3_000), [waits], 2)) == ["a", "me"]
    with pytest.raises(ValueError, match="widening_ms_per_s"):
        LatencyFIFOMatchmaker(100, widening_ms_per_s=-1)


def met(name: str, *last: str, earlier: tuple[str, ...] = ()) -> MatchCandidate:
    return MatchCandidate(name, group_history=GroupHistory(last, earlier_partners=earlier))


def test_that_strangers_have_not_met_in_any_group_before():
    it = StrangersMatchmaker()
    me = met("me", "a", earlier=("b",))
    assert names(it.find_match(me, people("a", "b", "c"), 2)) == ["c", "me"]
    assert it.find_match(me, people("a", "b"), 2) is None
    assert names(it.find_match(ME, [met("a", "me"), met("b", "x", earlier=("me",)), *people("c")], 2)) == ["c", "me"]


def test_that_no_two_of_a_group_of_strangers_have_met():
    it = StrangersMatchmaker()
    waiting = [met("a", "b"), met("b", "a"), met("c", "d"), met("d", "c")]
    assert names(it.find_match(ME, waiting, 3)) == ["a", "c", "me"]
    assert it.find_match(ME, waiting, 4) is None


@given(st.integers(2, 4), st.lists(st.sets(st.sampled_from("abcdefgh")), min_size=8, max_size=8))
def test_that_strangers_are_found_whenever_there_are_enough(size, partners):
    waiting = [met(name, *sorted(past - {name})) for name, past in zip("abcdefgh", partners, strict=True)]
    before = list(waiting)
    group = StrangersMatchmaker().find_match(ME, waiting, size)
    assert waiting == before

    def apart(chosen):
        return not any(
            two.subject_id in one.group_history.previous_partners
            or one.subject_id in two.group_history.previous_partners
            for one, two in combinations(chosen, 2)
        )

    possible = [chosen for chosen in combinations(waiting, size - 1) if apart(chosen)]
    if group is None:
        assert possible == []
    else:
        assert group == [*possible[0], ME]
