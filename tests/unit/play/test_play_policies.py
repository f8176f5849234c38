"""Policies in one player's game: what they decide, remember, and say when they cannot."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_worlds import RECURRENT, STATEFUL, Game, config, write_study

from mug.play.actors import Actors
from mug.play.browser import BrowserGame
from mug.play.chunks import decode_chunk
from mug.play.config import GameConfig
from mug.play.errors import IrreproducibleError, PolicyFailedError
from mug.play.inputs import STATUS_LATE, STATUS_POLICY
from mug.play.models import use_models
from mug.play.output import Output
from mug.play.session import GameSession
from mug.play.world import World
from mug.policies.native import run_models_here
from tests.drivers.models import (
    acting,
    feed_forward,
    infinite,
    not_a_number,
    not_onnx,
    recurrent,
    sequences,
    slow,
    truncated,
    write,
)


@pytest.fixture(autouse=True)
def models() -> Iterator[None]:
    run_models_here()
    yield
    use_models(None)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"))


def played(game: GameConfig, root: Path, ticks: int = 100) -> tuple[list[int], list[bytes], Output]:
    """Play a game to its end: what "r" did, the recorded chunks, the last output."""
    session = GameSession(game, root=root)
    try:
        session.open()
        session.start()
        bodies: list[bytes] = []
        for tick in range(ticks):
            session.keys(["x"] if tick % 3 == 0 else ["y"] if tick % 7 == 0 else [], [])
            output = session.tick()
            bodies += [chunk.body for chunk in output.chunks]
            if output.finished:
                break
        else:
            output = session.flush()
            bodies += [chunk.body for chunk in output.chunks]
    finally:
        session.close()
    actions = [int(a) for body in bodies for a in decode_chunk(body).columns["actions.r"]]
    return actions, bodies, output


# ------------------------------------------------------------------ what they decide and remember


@pytest.mark.parametrize("policy", STATEFUL.values(), ids=STATEFUL)
def test_that_the_same_seed_and_keys_give_the_same_actions(study: Path, policy: Any) -> None:
    first, second = played(config(policy), study), played(config(policy), study)
    assert first[1] == second[1]
    assert len(set(first[0])) > 1
    assert played(config(policy, match_seed=78), study)[0] != first[0]


@pytest.mark.parametrize("policy", STATEFUL.values(), ids=STATEFUL)
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_that_frames_taken_back_leave_no_trace_in_a_policy(study: Path, policy: Any, data: st.DataObject) -> None:
    game = config(policy, length=9, frame_skip=data.draw(st.sampled_from([1, 1, 3])))
    keys = data.draw(st.lists(st.integers(0, 2), min_size=6, max_size=24))
    backs = data.draw(st.lists(st.tuples(st.integers(0, len(keys) - 1), st.integers(1, 7)), max_size=6))
    straight = Game(game, study)
    try:
        expected = [straight.step(key) for key in keys]
    finally:
        straight.close()
    trial = Game(game, study)
    try:
        made = []
        for place, key in enumerate(keys):
            for at, depth in backs:
                if at != place or trial.world.ended is not None:
                    continue
                saved = trial.save()
                for wrong in range(depth):
                    if trial.world.ended is not None:
                        break
                    trial.step((key + 1 + wrong) % 3)
                trial.load(saved)
                trial.load(saved)
            made.append(trial.step(key))
    finally:
        trial.close()
    assert made == expected


def test_that_a_model_s_state_is_zeros_again_in_every_episode(study: Path) -> None:
    game = config({**RECURRENT, "sampling": "argmax"}, environment_seed=5, num_episodes=1)
    one = Game(game, study)
    two = Game(game, study)
    try:
        first = [one.step(1) for _ in range(20)]
        for _ in range(7):
            two.step(2)
        two.world.reset(0)
        two.actors.begin_episode()
        assert [two.step(1) for _ in range(20)] == first
    finally:
        one.close()
        two.close()


def test_that_a_policy_decides_every_nth_frame(study: Path) -> None:
    actions = played(config("partners.py:Learner", frame_skip=4, length=16, num_episodes=1), study)[0]
    assert all(action == 1 for frame, action in enumerate(actions) if frame % 4)
    repeated = config(
        "partners.py:Learner",
        frame_skip=4,
        length=16,
        num_episodes=1,
        action_population_method="previous_submitted_action",
    )
    actions, _, output = played(repeated, study)
    assert all(action == actions[frame - frame % 4] for frame, action in enumerate(actions))
    assert output.policy_figures[0]["decisions"] == 4


@pytest.mark.parametrize(
    "policy", ["partners.py:Learner", "partners.py:Own", RECURRENT, "one"], ids=["class", "own", "recurrent", "named"]
)
def test_that_a_page_that_comes_back_finds_what_the_policy_remembered(study: Path, policy: Any) -> None:
    game = config(policy, length=35)
    _, whole, _ = played(game, study)
    session = GameSession(game, root=study)
    session.open()
    session.start()
    bodies, tail = [], None
    for tick in range(58):
        session.keys(["x"] if tick % 3 == 0 else ["y"] if tick % 7 == 0 else [], [])
        output = session.tick()
        bodies += [chunk.body for chunk in output.chunks]
        tail = output.tail or tail
    session.close()
    again = GameSession(game, root=study)
    again.open(bodies, tail)
    again.start()
    for tick in range(58, 100):
        again.keys(["x"] if tick % 3 == 0 else ["y"] if tick % 7 == 0 else [], [])
        output = again.tick()
        bodies += [chunk.body for chunk in output.chunks]
        if output.finished:
            break
    again.close()
    assert bodies == whole


def test_that_a_policy_that_decides_otherwise_than_is_recorded_does_not_reproduce(study: Path, tmp_path: Path) -> None:
    game = config(RECURRENT, length=35, num_episodes=1)
    _, bodies, _ = played(game, study, ticks=25)
    write_study(tmp_path)
    write(tmp_path / "rnn.onnx", recurrent(4, 5, seed=9, scale=2.0))
    session = GameSession(game, root=tmp_path)
    with pytest.raises(IrreproducibleError, match="'rnn' of agent 'r' decided otherwise at frame"):
        session.open(bodies)
    session.close()


def test_that_a_policy_cannot_change_what_is_recorded(study: Path) -> None:
    _, bodies, _ = played(config("partners.py:changes", num_episodes=1), study)
    columns = decode_chunk(bodies[0]).columns
    seen = [value for name in columns if name.startswith("observations.") for value in np.ravel(list(columns[name]))]
    assert seen
    assert 7.0 not in seen


def test_that_two_agents_of_one_class_do_not_share_an_object(study: Path) -> None:
    code = config("random").environment_code or ""
    code = code.replace('["a", "r"]', '["a", "r", "s"]').replace(
        '"r": gym.spaces.Discrete(5)}', '"r": gym.spaces.Discrete(5), "s": gym.spaces.Discrete(5)}'
    )
    code = code.replace('"r": self.seen}', '"r": self.seen, "s": self.seen}').replace(
        '"r": 1.0}', '"r": 1.0, "s": 1.0}'
    )
    alone = played(
        config("partners.py:Own", environment_code=code, policies={"r": "partners.py:Own", "s": "random"}), study
    )
    both = played(
        config("partners.py:Own", environment_code=code, policies={"r": "partners.py:Own", "s": "partners.py:Own"}),
        study,
    )
    assert alone[0] == both[0]


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ("fixed", {"policy_inference_fn": "partners.py:infer"}),
        ("one", {"load_policy_fn": "partners.py:load", "policy_inference_fn": "partners.py:infer"}),
        ("two", {"load_policy_fn": "partners.py:load"}),
    ],
)
def test_that_named_policies_are_loaded_and_asked(study: Path, policy: str, settings: dict[str, Any]) -> None:
    actions = played(config(policy, **settings), study)[0]
    assert (set(actions) == {2}) == (policy == "fixed")


def test_that_models_of_other_forms_are_asked(study: Path, tmp_path: Path) -> None:
    write(tmp_path / "acting.onnx", acting(4, 5))
    write(tmp_path / "seq.onnx", sequences(4, 5))
    assert len(set(played(config("acting.onnx"), tmp_path)[0])) >= 1
    policy = {**RECURRENT, "onnx_path": "seq.onnx", "fixed_inputs": {"seq_lens": [1]}}
    assert len(set(played(config(policy), tmp_path)[0])) > 1


# ------------------------------------------------------------------ what they say when they cannot


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("missing.onnx", r"no model 'missing\.onnx'"),
        ("cut.onnx", r"'cut\.onnx' \(\d+ bytes\) is no ONNX model"),
        ("page.onnx", r"'page\.onnx' .* is no ONNX model"),
        ("rnn.onnx", r"several inputs \('obs', 'h_in'\).*obs_input"),
        ("wide.onnx", r"7 numbers, more than wanted: .*Discrete\(5\) has 5 actions"),
        ("narrow.onnx", r"3 numbers, fewer than wanted"),
        (
            "other.onnx",
            r"the observation has 4 numbers.*does not fit the model's input 'obs' \(float32, shape \(any, 6\)\)",
        ),
        ("nan.onnx", r"holds NaN"),
        ("inf.onnx", r"holds infinity"),
        ({**RECURRENT, "obs_input": "osb"}, r"no input 'osb' \(did you mean 'obs'\?\); it has 'obs', 'h_in'"),
        ({**RECURRENT, "logit_output": "logit"}, r"no output 'logit' \(did you mean 'logits'\?\)"),
        ({**RECURRENT, "state_shape": [5]}, r"state_shape is \(5,\), but the model's state input is 'h_in'"),
        ({**RECURRENT, "state_shape": None}, r"state_shape is None"),
        ({**RECURRENT, "state_outputs": []}, r"come in pairs"),
        ({**RECURRENT, "fixed_inputs": {"seq": 1}}, r"no input 'seq'"),
        (
            {**RECURRENT, "state_inputs": [], "state_outputs": []},
            r"'h_in' gets nothing: give its value in fixed_inputs",
        ),
        ("partners.py:Nobody", r"has no function 'Nobody'"),
        ("nowhere.py:Walker", r"no file 'nowhere\.py'"),
        ("partners.py:outside", r"it gave 5, which is no action of the agent's space Discrete\(5\)"),
        ("partners.py:nothing", r"it gave None"),
        ("partners.py:fraction", r"it gave 1\.5"),
        ("partners.py:raises", r"IndexError: .*\(partners\.py, line \d+\)"),
        ("partners.py:wrong_arguments", r"must take \(observation, agent_id, rng\)"),
        ("partners.py:NeedsArguments", r"must be made without arguments"),
        ("nobody", r"nobody knows the policy 'nobody' of agent 'r'"),
    ],
)
def test_that_a_policy_that_cannot_act_is_named_before_the_first_frame(
    study: Path, tmp_path: Path, policy: Any, says: str
) -> None:
    write_study(tmp_path)
    for name, data in {
        "cut": truncated(),
        "page": not_onnx(),
        "wide": feed_forward(4, 7),
        "narrow": feed_forward(4, 3),
        "other": feed_forward(6, 5),
        "nan": not_a_number(4, 5),
        "inf": infinite(4, 5),
    }.items():
        write(tmp_path / f"{name}.onnx", data)
    with pytest.raises(PolicyFailedError, match=says) as caught:
        played(config(policy), tmp_path)
    assert (caught.value.agent, caught.value.stage, caught.value.frame) == ("r", "policy", -1)


def test_that_a_model_that_fails_later_names_the_frame_and_loses_no_row(tmp_path: Path) -> None:
    write(tmp_path / "nan.onnx", not_a_number(4, 5, above=3.0))
    game = config("nan.onnx", environment_seed=6, length=200, num_episodes=1)
    session = GameSession(game, root=tmp_path)
    session.open()
    session.start()
    rows = 0

    def play_on() -> None:
        nonlocal rows
        for _ in range(200):
            session.keys(["x"], [])
            rows += _rows(session.tick())

    try:
        with pytest.raises(PolicyFailedError, match="holds NaN") as caught:
            play_on()
        rows += _rows(session.flush())
    finally:
        session.close()
    assert caught.value.frame == rows > 0


def _rows(output: Output) -> int:
    return sum(chunk.meta["last"] - chunk.meta["first"] + 1 for chunk in output.chunks)


# ------------------------------------------------------------------ how long they take


def test_that_a_policy_slower_than_a_frame_is_counted_and_told_once(study: Path, tmp_path: Path) -> None:
    write(tmp_path / "slow.onnx", slow(4, 5, size=128, rounds=20))
    game = config("slow.onnx", fps=10_000, num_episodes=1)
    session = GameSession(game, root=tmp_path)
    session.open()
    session.start()
    events, output = [], Output()
    while not output.finished:
        output = session.tick()
        events += [event for event in output.events if event.name == "policy_slow"]
    session.close()
    assert [(event.data["agent"], event.data["policy"]) for event in events] == [("r", "slow")]
    assert events[0].data["ms"] > events[0].data["frame_ms"]
    [figures] = output.policy_figures
    assert figures["decisions"] == 20
    assert 0 < figures["late"] <= 20
    assert figures["median_ms"] <= figures["p99_ms"]


def test_that_a_browser_is_told_the_figures_at_the_end(study: Path) -> None:
    game = BrowserGame(lambda low, high, ms: None, lambda: None, folder=str(study))
    values = {**config("partners.py:Learner", length=5, num_episodes=1).__dict__, "action_mapping": []}
    assert "failed" not in json.loads(game.load(json.dumps(values)))
    game.start()
    answers = [json.loads(game.tick()) for _ in range(5)]
    game.close()
    assert [answer["policies"] for answer in answers[:4]] == [[]] * 4
    [figures] = answers[4]["policies"]
    assert (figures["agent"], figures["policy"], figures["decisions"]) == ("r", "Learner", 5)


def test_that_a_server_s_game_does_not_wait_for_a_policy(study: Path) -> None:
    game = config("partners.py:gated", num_episodes=1)
    world = World(game, root=study, mug_globals={})
    try:
        world.reset(0)
        actors = Actors(game, world.agent_env, world, deadline_s=0.02)
        actors.begin_episode()
        open_gate = world.workspace.callable("partners.py:GATE.set", "the gate")
        statuses = []
        for frame in range(6):
            if frame == 3:
                open_gate()
            actions, how = actors.decide(0, frame, world.observations, {})
            statuses.append((how["r"], int(actions["r"])))
            world.step(actions, how)
        assert statuses[:3] == [(STATUS_LATE, 1)] * 3
        while statuses[-1][0] == STATUS_LATE:
            actions, how = actors.decide(0, world.next_frame, world.observations, {})
            statuses.append((how["r"], int(actions["r"])))
        assert statuses[-1] == (STATUS_POLICY, 3)
        [figures] = actors.figures()
        assert figures.late >= 3
        assert len(actors.take_slow()) == 1
        actors.close()
    finally:
        world.close()


def test_that_a_late_answer_leaves_no_trace(study: Path) -> None:
    from mug.play.policies_deadline import PatientPolicy

    class Counter:
        remembers = True

        def __init__(self) -> None:
            self.n = 0
            self.wait: Any = None

        def reset(self, episode: int) -> None:
            self.n = 0

        def decide(self, episode: int, frame: int, observation: Any) -> int:
            if self.wait is not None:
                self.wait.wait(60)
            self.n += 1
            return self.n

        def save(self) -> int:
            return self.n

        def load(self, saved: int) -> None:
            self.n = saved

    import threading

    inner = Counter()
    policy = PatientPolicy(inner)
    assert policy.ask(0, 0, None)
    assert policy.wait(60)
    assert policy.answer() == 1
    inner.wait = threading.Event()
    assert policy.ask(0, 1, None)
    assert not policy.wait(0)
    assert not policy.ask(0, 2, None), "it is busy"
    assert policy.save() == 1
    policy.reset(1)
    inner.wait.set()
    assert policy.decide(1, 0, None) == 1, "an episode began meanwhile, and the late answer is forgotten"
    policy.close()


def test_that_a_policy_s_figures_do_not_hold_the_time_of_another_that_is_waited_for_first() -> None:
    import threading

    from mug.play.policies_deadline import PatientPolicy
    from mug.play.policies_seats import answers_in_time

    now, looks, measured = [0.0], [0], threading.Event()

    def clock() -> float:
        return now[0]

    def quick_clock() -> float:
        looks[0] += 1
        if looks[0] == 2:  # before and after its decision
            measured.set()
        return 0.0

    class Policy:
        remembers = False

        def __init__(self, seconds: float) -> None:
            self.seconds = seconds

        def reset(self, episode: int) -> None:
            pass

        def decide(self, episode: int, frame: int, observation: Any) -> int:
            if self.seconds:
                assert measured.wait(30)
            now[0] += self.seconds
            return 1

        def save(self) -> None:
            pass

        def load(self, saved: None) -> None:
            pass

    class Seat:
        def __init__(self, agent: str, seconds: float, clock: Any) -> None:
            self.agent = agent
            self.patient = PatientPolicy(Policy(seconds), clock)
            self.counted: list[float] = []

        def count(self, ms: float, episode: int, frame: int, *, missed: bool = False) -> None:
            assert not missed
            self.counted.append(ms)

        def answer(self, episode: int, frame: int) -> Any:
            return self.patient.answer()

    slow, quick = Seat("slow", 5.0, clock), Seat("quick", 0.0, quick_clock)
    seats: list[Any] = [(slow, True), (quick, True)]
    assert answers_in_time(seats, 0, 0, {}, deadline_s=30.0, clock=clock) == {"slow": 1, "quick": 1}
    assert (slow.counted, quick.counted) == ([5000.0], [0.0])
    for seat in (slow, quick):
        seat.patient.close()


def test_that_figures_need_no_memory_for_each_decision() -> None:
    from mug.play.policies_times import DecisionTimes

    times = DecisionTimes(10.0)
    for n in range(1, 1001):
        times.add(n / 100)
    assert times.add(25.0)
    figures = times.figures("r", "name")
    assert figures.median_ms == pytest.approx(5.0, rel=0.03)
    assert figures.p99_ms == pytest.approx(9.9, rel=0.03)
    assert (figures.decisions, figures.late) == (1001, 1)


def test_that_a_stand_in_does_not_go_on_with_the_person_s_action(study: Path) -> None:
    game = replace(
        config("random"),
        human_agents=(),
        players=("a",),
        dropout_policy="policy",
        dropout_agent_policy="partners.py:nothing",
    )
    with pytest.raises(PolicyFailedError, match="'nothing' of agent 'a' failed before the first frame"):
        Game(game, study)
