"""What pages say of policies' decisions is recorded once, and shown to the consoles."""

from typing import Any

import pytest
from engine_driver import Memory, study_for
from test_playing_together import matched, the_match

from mug.engine.inputs import AuthorityMeasured
from mug.ids import MatchId
from mug.protocol.messages import ErrorReply
from mug.protocol.partners import PolicyFigures
from mug.records import facts as f

CARD = {
    "name": "random",
    "framework": "random",
    "inputs": [{"name": "obs", "dtype": "float32", "shape": [-1, 4]}],
    "sampling": "random",
    "frame_skip": 4,
    "seed": "each decision",
}


def session() -> Memory:
    memory = matched(2)
    described = [
        f.PolicyDescribed(at="2026-01-01T00:00:00.000Z", scene_id="duel", agent="bot", card=CARD),
        f.PolicyDescribed(at="2026-01-01T00:00:00.000Z", scene_id="duel", agent="(stand-in)", card=CARD),
    ]
    for fact in described:
        memory.run.state.apply(fact)
    return memory


def figures(memory: Memory, connection: str, **changes: Any) -> PolicyFigures:
    values: dict[str, Any] = {
        "visit_id": memory.scene(connection).visit_id,
        "match_id": the_match(memory),
        "agent": "bot",
        "decisions": 100,
        "median_ms": 0.5,
        "p99_ms": 2.0,
        "late": 1,
    }
    return PolicyFigures(**{**values, **changes})


def measured(memory: Memory) -> list[f.PolicyMeasured]:
    return [fact for fact in memory.recorded if isinstance(fact, f.PolicyMeasured)]


def refusal(memory: Memory, connection: str) -> ErrorReply:
    return memory.last(connection, ErrorReply)


def test_that_figures_are_recorded_once_for_each_page() -> None:
    memory = session()
    for _ in range(2):
        memory.say("c", figures(memory, "c"))
        memory.say("d", figures(memory, "d", decisions=90, median_ms=1.5))
    assert [(fact.participant_id, fact.agent, fact.decisions) for fact in measured(memory)] == [
        ("p-c", "bot", 100),
        ("p-d", "bot", 90),
    ]


def test_that_what_a_page_says_after_it_was_loaded_again_counts_if_it_is_more() -> None:
    memory = session()
    memory.say("c", figures(memory, "c", decisions=40))
    memory.say("c", figures(memory, "c", decisions=900, p99_ms=9.0))
    memory.say("c", figures(memory, "c", decisions=900, p99_ms=9.0))
    assert [fact.decisions for fact in measured(memory)] == [40, 900]
    [kept] = memory.run.state.policy_figures.values()
    assert (kept.decisions, kept.p99_ms) == (900, 9.0)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"match_id": "m-foreign"}, "match_id"),
        ({"visit_id": "v-foreign"}, "match_id"),
        ({"agent": "nobody"}, "agent"),
        ({"decisions": 0}, "decisions"),
        ({"late": 101}, "late"),
        ({"median_ms": float("nan")}, "median_ms"),
        ({"p99_ms": -1.0}, "p99_ms"),
        ({"p99_ms": float("inf")}, "p99_ms"),
    ],
)
def test_that_figures_that_cannot_be_are_refused(changes: dict[str, Any], path: str) -> None:
    memory = session()
    memory.say("c", figures(memory, "c", **changes))
    assert measured(memory) == []
    assert refusal(memory, "c").path == path


def test_that_a_server_s_process_says_it_without_a_participant() -> None:
    memory = session()
    match_id = MatchId(the_match(memory))
    for _ in range(2):
        memory.run.handle(AuthorityMeasured(match_id, "bot", 50, 1.0, 3.0, 2))
    memory.run.handle(AuthorityMeasured(MatchId("unknown"), "bot", 50, 1.0, 3.0, 2))
    assert list(memory.run.state.policy_figures) == [(match_id, "bot", "")]


def test_that_consoles_see_cards_with_the_session_s_figures() -> None:
    memory = session()
    memory.lab_in()
    snapshot = memory.snapshot()
    assert [(card.agent, card.decisions) for card in snapshot.policies] == [("(stand-in)", 0), ("bot", 0)]
    memory.say("c", figures(memory, "c"))
    memory.say("d", figures(memory, "d", decisions=300, median_ms=1.5, p99_ms=4.0))
    memory.say("c", figures(memory, "c", agent="a0", decisions=7))
    memory.tick()
    batch = memory.batch()
    stand_in, bot = batch.policies
    assert (bot.scene_id, bot.agent, bot.name, bot.decisions) == ("duel", "bot", "random", 400)
    assert (bot.median_ms, bot.p99_ms, bot.late) == (1.5, 4.0, 2)
    assert bot.inputs[0].shape == (-1, 4)
    assert stand_in.decisions == 7


def test_that_a_study_for_one_needs_no_card() -> None:
    memory = Memory(study=study_for(2))
    memory.lab_in()
    assert memory.snapshot().policies == ()
