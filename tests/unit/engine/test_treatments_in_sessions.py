"""Treatments in a running session: who gets which, when a place is free again, who plays with whom, who sees names."""

import random
from typing import Any

import msgspec
import pytest
from engine_driver import Memory
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting_driver import chain_of, duel, finish_match, groups, join, page, to_the_waitroom

from mug.engine import fold
from mug.ids import ParticipantId
from mug.protocol.lab import EndSession, LabSnapshot, ReleaseGroups, Unblind
from mug.protocol.messages import ClientError, GameContent, MatchReady, MatchWaiting, PageContent, RestartMatch
from mug.protocol.partners import PolicyFigures
from mug.protocol.parts import ClientEnvironment
from mug.records import facts as f
from mug.study.allocation import draw_arm
from mug.study.model import Study, Treatments
from mug.study.settings import EntryScreening

ARMS: dict[str, dict[str, Any]] = {
    "kind": {"changes": {"middle": {"scene_body": "be kind"}}},
    "rude": {"changes": {"middle": {"scene_body": "be rude"}}, "title": "Rude words"},
}
GAME_ARMS: dict[str, dict[str, Any]] = {
    "slow": {"changes": {"one": {"rendering.fps": 7}}},
    "fast": {"changes": {"one": {"rendering.fps": 70}}},
}


def with_arms(study: Study, arms: dict[str, dict[str, Any]] = ARMS, **fields: Any) -> Study:
    return msgspec.structs.replace(study, treatments=Treatments(arms=arms, **fields))


def alone(**fields: Any) -> Memory:
    return Memory(study=with_arms(chain_of(page("middle")), **fields))


def together(per: str, people: int = 2, **fields: Any) -> Memory:
    return Memory(
        study=with_arms(chain_of(duel("one", people), page("talk"), duel("two", people)), GAME_ARMS, per=per, **fields)
    )


def treatment(memory: Memory, who: str) -> str:
    return memory.run.state.participants[ParticipantId(who)].treatment


def assigned(memory: Memory) -> list[f.TreatmentAssigned]:
    return [fact for fact in memory.recorded if isinstance(fact, f.TreatmentAssigned)]


def released(memory: Memory) -> list[f.TreatmentReleased]:
    return [fact for fact in memory.recorded if isinstance(fact, f.TreatmentReleased)]


def views(memory: Memory) -> dict[str, tuple[int, int, int]]:
    return {v.treatment: (v.running, v.completed, v.released) for v in memory.snapshot().session.treatments}


def drawn_again(memory: Memory) -> None:
    """Every draw comes out the same from the seed and the facts before it alone."""
    study, opened = memory.study, memory.run.state.opened
    assert opened is not None
    weights = {name: arm.get("weight", 1) for name, arm in study.treatments.arms.items()}
    draws = [fact for fact in assigned(memory) if fact.by == "allocation"]
    assert [fact.draw for fact in draws] == list(range(len(draws)))
    for fact in draws:
        again = draw_arm(weights, fact.counts, opened.seed, fact.draw, study.treatments.allocation)
        assert again == fact.treatment


# ------------------------------------------------------------- for each participant


def test_that_a_participant_has_a_treatment_from_the_first_scene_on_and_sees_its_words() -> None:
    memory = alone()
    memory.hello("a", "p-a")
    assert treatment(memory, "p-a") in ("kind", "rude")
    memory.finish("a")
    shown = memory.scene("a").content
    assert isinstance(shown, PageContent)
    assert shown.body_html == f"be {treatment(memory, 'p-a')}"


def test_that_two_come_into_different_treatments_and_the_third_is_drawn() -> None:
    memory = alone()
    for name in "abcd":
        memory.hello(name, f"p-{name}")
    first, second, third, fourth = (treatment(memory, f"p-{name}") for name in "abcd")
    assert {first, second} == {third, fourth} == {"kind", "rude"}
    drawn_again(memory)


def test_that_who_is_screened_out_takes_no_place() -> None:
    study = msgspec.structs.replace(chain_of(page("middle")), screening=EntryScreening(device_exclusion="mobile"))
    memory = Memory(study=with_arms(study))
    memory.hello("a", "p-a", environment=ClientEnvironment(mobile=True))
    assert not assigned(memory)
    memory.hello("b", "p-b", environment=ClientEnvironment(browser="firefox"))
    assert [fact.participants for fact in assigned(memory)] == [("p-b",)]
    assert assigned(memory)[0].counts == {"kind": 0, "rude": 0}


def test_that_nobody_has_one_before_the_session_starts() -> None:
    memory = Memory(study=with_arms(chain_of(page("middle"))), details={"stage": "doors_open"})
    memory.hello("a", "p-a")
    assert not assigned(memory)
    assert not memory.set_stage("running")
    assert treatment(memory, "p-a")


def test_that_exposure_is_recorded_once_at_the_first_scene_that_differs() -> None:
    memory = alone()
    memory.hello("a", "p-a")
    assert not [fact for fact in memory.recorded if isinstance(fact, f.TreatmentExposed)]
    memory.finish("a")
    memory.finish("a")
    exposed = [fact for fact in memory.recorded if isinstance(fact, f.TreatmentExposed)]
    assert [(fact.participant_id, fact.scene_id) for fact in exposed] == [("p-a", "middle")]
    assert exposed[0].treatment == treatment(memory, "p-a")


@pytest.mark.parametrize(("action", "outcome"), [("exclude", "excluded"), ("end", "technical")])
def test_that_the_place_of_who_drops_out_is_given_again(action: str, outcome: str) -> None:
    memory = alone()
    memory.hello("a", "p-a")
    memory.act(action, "p-a", outcome=outcome)
    assert [(fact.participants, fact.reason) for fact in released(memory)] == [(("p-a",), outcome)]
    gone = treatment(memory, "p-a")
    memory.hello("b", "p-b")
    memory.hello("c", "p-c")
    assert assigned(memory)[1].counts == {"kind": 0, "rude": 0}
    assert {treatment(memory, "p-b"), treatment(memory, "p-c")} == {"kind", "rude"}
    assert views(memory)[gone] == (1, 0, 1)


def test_that_who_completed_keeps_counting() -> None:
    memory = alone()
    memory.hello("a", "p-a")
    for _ in range(2):
        memory.finish("a")
    assert not released(memory)
    assert views(memory)[treatment(memory, "p-a")] == (0, 1, 0)


def test_that_who_is_away_for_long_counts_no_more_and_who_comes_back_does_again() -> None:
    memory = alone()
    memory.hello("a", "p-a")
    own, token = treatment(memory, "p-a"), memory.token("a")
    memory.drop("a")
    memory.later(301_000)
    assert [fact.reason for fact in released(memory)] == ["gone"]
    memory.hello("a2", "p-a", tab="a", token=token)
    assert [(fact.by, fact.treatment) for fact in assigned(memory)] == [("allocation", own), ("return", own)]
    assert views(memory)[own] == (1, 0, 0)
    assert fold(memory.written) == memory.run.state


def test_that_a_restarted_server_draws_on_as_the_old_one_would_have() -> None:
    memory, other = alone(), alone()
    for name in "abc":
        memory.hello(name, f"p-{name}")
        other.hello(name, f"p-{name}")
    memory.crash_and_restart()
    for name in "defgh":
        memory.hello(name, f"p-{name}")
        other.hello(name, f"p-{name}")
    assert [fact.treatment for fact in assigned(memory)] == [fact.treatment for fact in assigned(other)]


def test_that_weights_are_kept() -> None:
    arms = {**ARMS, "rude": {**ARMS["rude"], "weight": 3}}
    memory = Memory(study=with_arms(chain_of(page("middle")), arms))
    for number in range(40):
        memory.hello(f"c{number}", f"p-{number}")
    assert views(memory) == {"kind": (10, 0, 0), "rude": (30, 0, 0)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 3), min_size=2, max_size=4))
def test_that_balance_stays_within_bounds_whoever_drops_out(seed: int, weights: list[int]) -> None:
    rng = random.Random(seed)
    arms = {
        f"arm{number}": {"weight": weight, "changes": {"middle": {"scene_body": str(number)}}}
        for number, weight in enumerate(weights)
    }
    memory = Memory(study=with_arms(chain_of(page("middle")), arms), seed=seed)
    inside: list[str] = []
    for number in range(30):
        before = memory.run.state.allocation.counts(arms)
        who = f"p-{number}"
        memory.hello(f"c{number}", who)
        inside.append(who)
        chosen = treatment(memory, who)
        least = min(before[name] / weights[place] for place, name in enumerate(arms))
        assert before[chosen] / weights[list(arms).index(chosen)] == pytest.approx(least)
        if rng.random() < 0.3:
            memory.act("exclude", inside.pop(rng.randrange(len(inside))), outcome="excluded")
        if rng.random() < 0.1:
            memory.crash_and_restart()
    drawn_again(memory)
    assert fold(memory.written) == memory.run.state
    while inside:  # with no more dropouts, further people even out what dropouts left
        inside.pop()
    for number in range(30, 90):
        memory.hello(f"c{number}", f"p-{number}")
    counts = memory.run.state.allocation.counts(arms)
    shares = [counts[name] / weight for name, weight in zip(arms, weights, strict=True)]
    assert max(shares) - min(shares) <= 1


def test_that_random_allocation_follows_the_weights_alone() -> None:
    memory = alone(allocation="random")
    for number in range(60):
        memory.hello(f"c{number}", f"p-{number}")
    counts = memory.run.state.allocation.counts(ARMS)
    assert counts != {"kind": 30, "rude": 30} or {
        fact.counts["kind"] - fact.counts["rude"] for fact in assigned(memory)
    } > {0, 1}
    drawn_again(memory)


# ------------------------------------------------------------- with partners


def test_that_only_people_of_one_treatment_play_together() -> None:
    memory = together("participant")
    to_the_waitroom(memory, *"abcdef")
    assert len(groups(memory)) >= 2
    for group in groups(memory):
        assert len({treatment(memory, who) for who in group}) == 1
    matches = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert all(fact.settings["treatment"] == treatment(memory, next(iter(fact.visits))) for fact in matches)


def test_that_the_count_is_of_those_of_the_own_treatment() -> None:
    memory = together("participant", people=3)
    to_the_waitroom(memory, *"ab")
    assert treatment(memory, "p-a") != treatment(memory, "p-b")
    assert memory.last("a", MatchWaiting).waiting == memory.last("b", MatchWaiting).waiting == 1
    rooms = memory.snapshot().waitrooms
    assert sorted((room.treatment, len(room.waiting)) for room in rooms) == [("fast", 1), ("slow", 1)]


def test_that_a_game_is_as_the_treatment_says_on_every_page() -> None:
    memory = together("participant")
    to_the_waitroom(memory, *"abcd")
    for name in "abcd":
        fps = 7 if treatment(memory, f"p-{name}") == "slow" else 70
        content = memory.scene(name).content
        assert isinstance(content, GameContent)
        assert content.config.fps == memory.last(name, MatchReady).config.fps == fps


def test_that_human_partners_can_be_compared_with_a_policy() -> None:
    arms = {"human": {}, "bot": {"changes": {"one": {"policies.policy_mapping": {"a0": "human", "a1": "random"}}}}}
    memory = Memory(study=with_arms(chain_of(duel("one")), arms))
    for name in "ab":
        memory.hello(name, f"p-{name}")
        memory.finish(name)
    (bot,) = (name for name in "ab" if treatment(memory, f"p-{name}") == "bot")
    match = next(fact for fact in memory.recorded if isinstance(fact, f.MatchFormed))
    assert match.agents == {"a0": f"p-{bot}", "a1": "policy:random"}
    assert match.settings == {"treatment": "bot"}


def test_that_a_game_that_starts_again_keeps_the_treatment() -> None:
    memory = Memory(study=with_arms(chain_of(duel("one", 1)), GAME_ARMS))
    memory.hello("a", "p-a")
    memory.finish("a")
    first = memory.scene("a")
    match = next(fact for fact in memory.recorded if isinstance(fact, f.MatchFormed))
    memory.say("a", RestartMatch(visit_id=first.visit_id, match_id=match.match_id, reason="x"))
    matches = [fact for fact in memory.recorded if isinstance(fact, f.MatchFormed)]
    assert [fact.settings for fact in matches] == [{"treatment": treatment(memory, "p-a")}] * 2


def test_that_the_experimenter_cannot_mix_treatments_by_hand() -> None:
    memory = Memory(study=with_arms(chain_of(duel("one", 2)), GAME_ARMS), release="experimenter")
    to_the_waitroom(memory, *"abcd")
    of = {name: treatment(memory, f"p-{name}") for name in "abcd"}
    first, other = "a", next(name for name in "bcd" if of[name] != of["a"])
    refused = memory.reply_to(
        ReleaseGroups(request_id="r", node_path=(1,), treatment=of["a"], groups=((f"p-{first}", f"p-{other}"),))
    )
    assert "does not wait there" in refused.error
    repair = memory.act("repair", f"p-{first}", f"p-{other}", groups=((f"p-{first}", f"p-{other}"),))
    assert "different treatments" in repair.error
    assert not memory.reply_to(ReleaseGroups(request_id="s", node_path=(1,), treatment=of["a"])).error
    assert len(groups(memory)) == 1


# ------------------------------------------------------------- for each group


def test_that_a_group_draws_its_treatment_when_it_forms_and_keeps_it() -> None:
    memory = together("group")
    to_the_waitroom(memory, "a")
    assert not assigned(memory)
    to_the_waitroom(memory, "b", "c", "d")
    assert [(fact.participants, fact.by) for fact in assigned(memory)] == [
        (("p-a", "p-b"), "allocation"),
        (("p-c", "p-d"), "allocation"),
    ]
    assert treatment(memory, "p-a") == treatment(memory, "p-b") != treatment(memory, "p-c")
    fps = 7 if treatment(memory, "p-a") == "slow" else 70
    assert {memory.last(name, MatchReady).config.fps for name in "ab"} == {fps}
    exposed = [fact.participant_id for fact in memory.recorded if isinstance(fact, f.TreatmentExposed)]
    assert exposed == ["p-a", "p-b", "p-c", "p-d"]
    finish_match(memory, *"abcd")
    for name in "acbd":
        memory.finish(name)
        join(memory, name)
    second = groups(memory)[2:]
    assert all(len({treatment(memory, who) for who in group}) == 1 for group in second)
    assert len(second) == 2
    assert len(assigned(memory)) == 2
    assert fold(memory.written) == memory.run.state


def test_that_who_meets_a_group_with_a_treatment_takes_it() -> None:
    memory = together("group")
    to_the_waitroom(memory, *"ab")
    finish_match(memory, *"ab")
    memory.act("exclude", "p-b", outcome="excluded")
    memory.hello("n", "p-n")
    memory.finish("n")
    memory.act("advance", "p-n")  # to the page after the first game
    for name in "an":
        memory.finish(name)
        join(memory, name)
    assert groups(memory)[-1] == ("p-a", "p-n")
    last = assigned(memory)[-1]
    assert (last.by, last.participants, last.treatment) == ("group", ("p-n",), treatment(memory, "p-a"))
    assert views(memory)[treatment(memory, "p-a")] == (1, 0, 0)


def test_that_a_group_that_loses_somebody_is_drawn_again_and_the_others_keep_the_treatment() -> None:
    memory = together("group")
    to_the_waitroom(memory, *"ab")
    own = treatment(memory, "p-a")
    memory.act("exclude", "p-b", outcome="excluded")
    assert [fact.group_id for fact in released(memory)] == [assigned(memory)[0].group_id]
    assert views(memory)[own] == (0, 0, 1)
    assert treatment(memory, "p-a") == own


def test_that_people_of_different_treatments_wait_for_others() -> None:
    memory = together("group")
    to_the_waitroom(memory, *"abcd")
    finish_match(memory, *"abcd")
    memory.finish("a")
    join(memory, "a")
    memory.finish("c")
    join(memory, "c")
    assert len(groups(memory)) == 2
    assert memory.last("a", MatchWaiting).waiting == 1


# ------------------------------------------------------------- blind


def test_that_blind_staff_sees_letters_and_no_names_anywhere() -> None:
    memory = alone(blind=True)
    memory.lab_in()
    for name in "abcd":
        memory.hello(name, f"p-{name}")
        memory.finish(name)
    memory.act("exclude", "p-a", outcome="excluded")
    memory.batch()
    told = b"".join(msgspec.json.encode(message) for message in memory.lab)
    assert not any(word in told for word in (b"kind", b"rude", b"Rude"))
    snapshot = memory.snapshot()
    assert snapshot.session.blind
    assert {view.treatment for view in snapshot.session.treatments} == {"A", "B"}
    assert {view.treatment for view in snapshot.participants} == {"A", "B"}


def test_that_cards_of_policies_say_their_treatment_and_nothing_that_ties_it_to_a_letter() -> None:
    for blind in (False, True):
        arms = {
            name: {"changes": {"one": {"policies.policy_mapping": {"a0": "human", "a1": f"{name}.onnx"}}}}
            for name in ("left", "right")
        }
        study = with_arms(chain_of(duel("one")), arms, blind=blind)
        memory = Memory(study=study)
        for name in arms:
            card = {"name": f"{name}.onnx", "framework": "onnx"}
            fact = f.PolicyDescribed(
                at="2026-01-01T00:00:00.000Z", scene_id="one", agent="a1", treatment=name, card=card
            )
            memory.run.state.apply(fact)
        memory.hello("a", "p-a")
        memory.finish("a")
        (match,) = (fact for fact in memory.recorded if isinstance(fact, f.MatchFormed))
        figures = PolicyFigures(
            visit_id=match.visit_id, match_id=match.match_id, agent="a1", decisions=9, median_ms=1.0, p99_ms=2.0
        )
        memory.say("a", figures)
        shown = {card.treatment: card for card in memory.snapshot().policies}
        own = treatment(memory, "p-a")
        if blind:
            (card,) = memory.snapshot().policies
            assert (card.agent, card.treatment, card.name, card.decisions) == ("a1", "", "", 0)
            memory.lab_in()
            memory.ask(EndSession(request_id="e", reason="done"))
            sent = [message for message in memory.lab if isinstance(message, LabSnapshot)][-1]
            assert {card.name for card in sent.policies} == {"left.onnx", "right.onnx"}
        else:
            assert (shown[own].name, shown[own].decisions) == (f"{own}.onnx", 9)
            assert shown["right" if own == "left" else "left"].decisions == 0


def test_that_blind_staff_reads_no_policy_of_one_treatment_in_errors_nor_in_its_weight() -> None:
    arms = {
        "left": {
            "changes": {"one": {"policies.policy_mapping": {"a0": "human", "a1": "models/keen.onnx"}}},
            "weight": 3,
        },
        "right": {"changes": {"one": {"policies.policy_mapping": {"a0": "human", "a1": "lazy.py:Lazy"}}}},
    }
    memory = Memory(study=with_arms(chain_of(duel("one")), arms, blind=True))
    memory.lab_in()
    memory.hello("a", "p-a")
    memory.finish("a")
    words = "the policy keen of a1 (models/keen.onnx) and the policy Lazy (lazy.py:Lazy)"
    memory.say(
        "a", ClientError(kind="policy", message=words, traceback='File "/study/lazy.py", line 3\nkeener than lazy')
    )
    memory.batch()
    snapshot = memory.snapshot()
    told = b"".join(msgspec.json.encode(message) for message in (*memory.lab, snapshot))
    assert not any(word in told for word in (b"keen.onnx", b"lazy.py", b"Lazy", b"policy keen"))
    assert b"keener than lazy" in told, "words that only resemble a name stay"
    assert {view.weight for view in snapshot.session.treatments} == {1}
    (kept,) = (fact for fact in memory.recorded if isinstance(fact, f.ErrorReported))
    assert kept.message == words
    memory.ask(EndSession(request_id="e", reason="done"))
    assert {view.weight for view in memory.snapshot().session.treatments} == {1, 3}


def test_that_letters_are_the_same_after_a_restart_and_not_by_the_order_of_the_treatments() -> None:
    memory = alone(blind=True)
    memory.hello("a", "p-a")
    before = {view.participant_id: view.treatment for view in memory.snapshot().participants}
    memory.crash_and_restart()
    assert {view.participant_id: view.treatment for view in memory.snapshot().participants} == before
    mappings = set()
    for seed in range(8):
        other = Memory(study=with_arms(chain_of(page("middle")), blind=True), seed=seed)
        other.hello("a", "p-a")
        mappings.add((treatment(other, "p-a"), other.snapshot().participants[0].treatment))
    assert len(mappings) > 2


def test_that_names_are_shown_for_a_reason_that_is_kept() -> None:
    memory = alone(blind=True)
    memory.lab_in()
    memory.hello("a", "p-a")
    assert "why" in memory.reply_to(Unblind(request_id="u", reason=" ")).error
    assert not memory.reply_to(Unblind(request_id="v", reason="a participant fell ill")).error
    kept = [fact for fact in memory.recorded if isinstance(fact, f.ConsoleAction)]
    assert [(fact.action, fact.reason) for fact in kept] == [("unblind", "a participant fell ill")]
    shown = [message for message in memory.lab if isinstance(message, LabSnapshot)][-1]
    assert shown.participants[0].treatment == treatment(memory, "p-a")
    memory.crash_and_restart()
    assert not memory.snapshot().session.blind
    assert memory.snapshot().session.unblinded


def test_that_the_end_of_the_session_shows_the_names() -> None:
    memory = alone(blind=True)
    memory.lab_in()
    memory.hello("a", "p-a")
    memory.ask(EndSession(request_id="e", reason="done"))
    assert memory.snapshot().participants[0].treatment == treatment(memory, "p-a")
    assert "nobody is blind" in alone().reply_to(Unblind(request_id="u", reason="x")).error
