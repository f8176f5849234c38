"""Bounds on what one connection may send."""

from typing import Any

import pytest

from mug.server.gate import MAX_BYTES, MAX_ITEMS, MAX_STRIKES, MAX_TEXT_CHARS, Gate, weigh


def test_that_a_page_at_its_usual_pace_is_never_refused() -> None:
    now = [0.0]
    gate = Gate(clock_s=lambda: now[0])
    for second in range(600):
        now[0] = float(second)
        for op in ("participant.pulse", "chunk.put", "chunk.put", "participant.phase"):
            assert gate.refuses({"op": op, "body": b"x" * 2_000}) is None


def test_that_an_outbox_of_minutes_may_go_up_at_once_and_a_flood_may_not() -> None:
    gate = Gate(clock_s=lambda: 0.0)
    refused = [gate.refuses({"op": "chunk.put", "body": b"x"}) for _ in range(1_000)]
    assert refused[:500] == [None] * 500
    assert {refusal.code for refusal in refused[500:] if refusal is not None} == {"rate"}
    assert gate.refuses({"op": "participant.pulse"}) is None


def test_that_keys_and_views_of_a_fast_game_pass_and_a_flood_does_not() -> None:
    now = [0.0]
    gate = Gate(clock_s=lambda: now[0])
    for frame in range(1_200):  # 20 s at 60 Hz, with a press and a release in each frame that a hand can make
        now[0] = frame / 60
        assert gate.refuses({"op": "server.seen", "match_id": "m", "n": frame}) is None
        assert gate.refuses({"op": "server.keys", "match_id": "m", "n": frame, "held": ["ArrowUp"]}) is None
    refused = [gate.refuses({"op": "server.keys", "n": n}) for n in range(1_000)]
    assert refused[-1] is not None


def test_that_a_bucket_fills_again_with_time() -> None:
    now = [0.0]
    gate = Gate(clock_s=lambda: now[0])
    while gate.refuses({"op": "globals.set"}) is None:
        pass
    now[0] = 1.0
    assert gate.refuses({"op": "globals.set"}) is None


def test_that_too_much_refused_closes_the_connection() -> None:
    gate = Gate(clock_s=lambda: 0.0)
    for _ in range(MAX_STRIKES + 1_000):
        gate.refuses({"op": "x"})
    assert gate.exhausted


@pytest.mark.parametrize(
    "heavy",
    [
        {"a": "x" * (MAX_TEXT_CHARS + 1)},
        {"a": [{"b": b"x" * (MAX_BYTES + 1)}]},
        {"a": list(range(MAX_ITEMS + 1))},
        {"x" * (MAX_TEXT_CHARS + 1): 1},
        [["x" * 1000] * 1000],
    ],
)
def test_that_what_is_too_large_is_named(heavy: Any) -> None:
    assert weigh(heavy).startswith("at most")


@pytest.mark.parametrize("broken", ["\ud800", {"a": ["x\udfff"]}, {"\ud800": 1}])
def test_that_text_that_cannot_be_stored_is_refused_at_the_edge(broken: Any) -> None:
    refusal = Gate(clock_s=lambda: 0.0).refuses({"op": "globals.set", "values": broken})
    assert refusal is not None
    assert refusal.code == "invalid"
    assert Gate(clock_s=lambda: 0.0).refuses({"op": "globals.set", "values": {"name": "Zoë 🙂"}}) is None


def test_that_ordinary_messages_are_light() -> None:
    assert weigh({"op": "chunk.put", "body": b"x" * 256_000, "meta": {"agents": ["a"]}}) == ""
    assert weigh(None) == ""


def test_that_a_value_that_is_nested_without_end_is_weighed_in_bounded_time() -> None:
    deep: list[Any] = []
    for _ in range(MAX_ITEMS * 2):
        deep = [deep]
    assert weigh(deep).startswith("at most")


def test_that_the_packets_of_a_game_have_a_rate_of_their_own() -> None:
    gate = Gate(clock_s=lambda: 0.0)
    for op, burst in (("peer.relay", 800), ("peer.signal", 300)):
        taken = [gate.refuses({"op": op}) for _ in range(burst + 1)]
        assert [refusal.code for refusal in taken if refusal is not None] == ["rate"]
    assert gate.refuses({"op": "participant.phase"}) is None
