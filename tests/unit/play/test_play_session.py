import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from play_worlds import Played, config, counter_code, play

from mug.play.chunks import EMPTY_CHAIN, flatten_columns
from mug.play.config import ActionBinding
from mug.play.errors import EnvironmentFailedError, PlayError, PolicyFailedError
from mug.play.seeding import derive_seed, episode_seed
from mug.play.session import GameSession


def tick_often(session: GameSession, outputs: list[Any] | None = None) -> None:
    for _ in range(20):
        made = session.tick()
        if outputs is not None:
            outputs.append(made)


def test_that_the_last_transition_belongs_to_its_own_episode() -> None:
    played = play(config(counter_code(23), num_episodes=2))
    for episode in (0, 1):
        assert played.column("frame", episode) == list(range(23))
        assert [bool(v) for v in played.column("terminated.human", episode)] == [False] * 22 + [True]
        assert [info["n"] for info in played.column("infos.human", episode)] == list(range(1, 24))
    assert [e["frames"] for e in played.events("episode_ended")] == [23, 23]
    assert [e["final_observations"]["human"][0] for e in played.events("episode_ended")] == [23.0, 23.0]


def test_that_a_row_holds_the_observation_the_agent_had_when_it_acted() -> None:
    played = play(config(counter_code(12)))
    assert [observation[0] for observation in played.column("observations.human")] == list(range(12))
    assert played.events("episode_started")[0]["reset_observations"]["human"][0] == 0.0


def test_that_rows_never_share_the_environments_own_arrays() -> None:
    played = play(config(counter_code(12)), ticks=5)
    seen = played.session.world.observations["human"]
    played.session.world.env.seen[:] = -99
    assert seen[0] == 5
    played.outputs.append(played.session.flush())
    assert -99 not in [observation[0] for observation in played.column("observations.human")]


def test_that_chunks_are_seconds_and_chained() -> None:
    played = play(config(counter_code(25), fps=10))
    assert [(c.first, c.last) for c in played.chunks] == [(0, 9), (10, 19), (20, 24)]
    chain = EMPTY_CHAIN
    for chunk in played.chunks:
        assert chunk.previous_chain_hash == chain
        chain = chunk.chain_hash
    assert played.events("episode_ended")[0]["chain_hash"] == chain


def test_that_a_second_of_large_observations_is_cut_into_smaller_chunks() -> None:
    code = (
        counter_code(30)
        .replace("np.zeros(2)", "np.zeros(10_000)")
        .replace("self.seen[:] = (self.n, self.rng.random())", "self.seen[:] = self.rng.random(10_000)")
        .replace("self.seen[:] = (0, self.rng.random())", "self.seen[:] = 0")
    )
    played = play(config(code, fps=30))
    assert len(played.chunks) > 5
    assert all(len(body) <= 256_000 for body in played.bodies)
    assert played.column("frame") == list(range(30))


def test_that_the_same_match_gives_the_same_bytes_and_another_seed_does_not() -> None:
    assert play(config(fps=30)).bodies == play(config(fps=30)).bodies
    assert play(config(fps=30)).bodies != play(config(fps=30, match_seed=7)).bodies


def test_that_a_given_seed_makes_episodes_of_all_matches_begin_the_same() -> None:
    one, other = config(environment_seed=42, match_seed=1), config(environment_seed=42, match_seed=2)
    assert episode_seed(one, 3) == episode_seed(other, 3) == derive_seed(42, 3, bits=31)
    assert episode_seed(one, 3) != episode_seed(one, 4)
    assert episode_seed(config(match_seed=1), 3) != episode_seed(config(match_seed=2), 3)


def test_that_max_steps_ends_an_episode_and_says_so() -> None:
    played = play(config(max_steps=30, fps=10))
    assert played.events("episode_ended")[0]["end"] == "max_steps"
    assert not any(played.column("truncated.human"))
    assert played.outputs[-1].finished


def test_that_a_truncation_by_the_environment_is_told_from_a_termination() -> None:
    played = play(config(max_steps=1000, fps=30, action_mapping=()))
    assert played.events("episode_ended")[0]["end"] == "truncated"
    assert [bool(v) for v in played.column("truncated.human")] == [False] * 199 + [True]


def test_that_the_status_tells_keys_from_the_default() -> None:
    session = GameSession(config(), root=Path())
    outputs = [session.open(), session.start()]
    session.keys(["ArrowRight"], [])
    outputs.append(session.tick())
    session.keys([], [])
    outputs += [session.tick(), session.flush()]
    played = Played(session, outputs)
    assert played.column("status.human") == ["input", "default"]
    assert played.column("actions.human") == [2, 1]


def test_that_the_previous_action_is_repeated_until_another_and_not_into_the_next_episode() -> None:
    game = config(
        counter_code(3), action_population_method="previous_submitted_action", num_episodes=2, default_action=5
    )
    session = GameSession(game, root=Path())
    session.open()
    session.start()
    session.keys(["ArrowRight"], [])
    outputs = [session.tick()]
    session.keys([], [])
    outputs += [session.tick() for _ in range(10)]
    played = Played(session, outputs)
    assert played.column("actions.human", 0) == [2, 2, 2]
    assert played.column("status.human", 0) == ["input", "default", "default"]
    assert played.column("actions.human", 1) == [5, 5, 5]


def test_that_a_missing_default_action_is_said_before_the_game() -> None:
    with pytest.raises(PlayError, match="default_action"):
        GameSession(config(default_action=None), root=Path()).open()


def test_that_none_is_an_action_where_the_environment_has_no_action_space() -> None:
    code = counter_code(3).replace('float(actions["human"])', "0.0")
    assert play(config(code, default_action=None, action_mapping=())).column("actions.human") == [None, None, None]


def test_that_random_policies_act_by_the_match_seed_and_skip_frames() -> None:
    code = """
from gymnasium import spaces
class Two:
    possible_agents = agents = ["human", "robot"]
    action_spaces = {"human": spaces.Discrete(3), "robot": spaces.Discrete(1000)}
    def reset(self, *, seed): return {a: 0 for a in self.agents}, {}
    def step(self, actions):
        no = dict.fromkeys(self.agents, False)
        return dict.fromkeys(self.agents, 0), actions, no, no, {}
    def render(self): return []
env = Two()
"""
    game = config(
        code,
        policies={"robot": "random"},
        frame_skip=4,
        max_steps=12,
        fps=4,
        action_population_method="previous_submitted_action",
    )
    actions = play(game).column("actions.robot")
    assert actions[0:4] == [actions[0]] * 4
    assert len(set(actions)) == 3
    assert play(game).column("actions.robot") == actions
    filled = play(config(code, policies={"robot": "random"}, frame_skip=4, max_steps=8, fps=4)).column("actions.robot")
    assert filled[1:4] == [1, 1, 1]
    assert set(play(game).column("status.robot")) == {"policy"}


def test_that_a_policy_whose_file_is_not_there_is_named() -> None:
    code = counter_code(3).replace("class Counter:", "class Counter:\n    possible_agents = ['human', 'robot']")
    with pytest.raises(PolicyFailedError, match=r"agent 'robot' .* no model 'model\.onnx'"):
        play(config(code, policies={"robot": "model.onnx"}))


def test_that_the_step_code_runs_before_every_step_with_env_and_globals() -> None:
    code = (
        "mug_globals['frames'] = mug_globals.get('frames', 0) + 1\n"
        "mug_globals['seen'] = env.n\n"
        "assert interactive_gym_globals is mug_globals"
    )
    played = play(config(counter_code(4), on_game_step_code=code))
    assert played.session.mug_globals == {"frames": 4, "seen": 3}
    sent = [output.mug_globals for output in played.outputs if output.mug_globals is not None]
    assert sent[-1] == {"frames": 4, "seen": 3}


def test_that_environment_code_sees_and_changes_the_participants_globals() -> None:
    code = counter_code(2).replace("self.n += 1", "self.n += 1; mug_globals['n'] = self.n + mug_globals['start']")
    played = play(config(code, mug_globals={"start": 10}))
    assert played.session.mug_globals == {"start": 10, "n": 12}


def test_that_a_change_of_a_page_leaves_what_the_game_has_set_and_is_in_what_is_sent() -> None:
    code = counter_code(3).replace("self.n += 1", "self.n += 1; mug_globals['n'] = self.n")
    session = GameSession(config(code, mug_globals={"old": 1, "kept": 2}), root=Path())
    session.open((), None)
    session.start()
    assert session.tick().mug_globals == {"old": 1, "kept": 2, "n": 1}
    session.change_globals({"hook": "b"}, ["old", "never there"])
    assert session.mug_globals == {"kept": 2, "n": 1, "hook": "b"}
    assert session.tick().mug_globals == {"kept": 2, "n": 2, "hook": "b"}


def test_that_the_hud_function_is_given_the_game() -> None:
    code = (
        counter_code(4)
        + """
def hud(game):
    return f"{game.episode_rewards['human']:.0f} {game.tick_num} {game.fps} {game.scene.scene_id} {game.human_players}"
"""
    )
    played = play(config(code, hud_text_fn="mug_env_game:hud"))
    texts = [view.hud for output in played.outputs for view in output.views]
    assert texts[0] == "0 0 10 game {'human': 'anna'}"
    assert texts[-1] == "4 4 10 game {'human': 'anna'}"


@pytest.mark.parametrize(("carry", "last"), [(False, 3.0), (True, 6.0)])
def test_that_the_score_is_carried_over_only_when_asked(carry: bool, last: float) -> None:
    played = play(config(counter_code(3), num_episodes=2, hud_score_carry_over=carry, action_mapping=()))
    assert [view.score for output in played.outputs for view in output.views][-1] == last


def test_that_the_first_picture_stands_still_for_the_freeze() -> None:
    played = play(config(counter_code(2), num_episodes=2, reset_freeze_s=1.5))
    assert [output.wait_s for output in played.outputs] == [0.0, 1.5, 0.0, 0.0, 1.5, 0.0, 0.0]


def test_that_the_last_picture_of_an_episode_is_shown_before_the_next_begins() -> None:
    played = play(config(counter_code(2), num_episodes=2))
    shown = [(view.episode, view.frame) for output in played.outputs for view in output.views]
    assert shown == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_that_infos_keep_plain_values_and_the_rest_is_named() -> None:
    code = counter_code(2).replace(
        '{"n": self.n}',
        '{"n": np.int64(3), "ok": True, "x": float("nan"), "t": "ü", "none": None, "small": np.arange(2), '
        '"big": np.zeros(1000), "thing": object()}',
    )
    played = play(config(code))
    info = played.column("infos.human")[0]
    assert set(info) == {"n", "ok", "x", "t", "none", "small"}
    assert math.isnan(info["x"])
    assert played.events("episode_ended")[0]["infos_left_out"] == ["big", "thing"]
    assert list(flatten_columns(played.chunks[0].columns)["infos.human.small.1"]) == [1, 1]


def test_that_not_a_number_survives_in_observations_and_events_stay_json() -> None:
    code = counter_code(2).replace("self.seen[:] = (0, self.rng.random())", "self.seen[:] = (np.nan, np.inf)")
    played = play(config(code))
    assert math.isnan(played.column("observations.human")[0][0])
    started = played.events("episode_started")[0]
    assert started["reset_observations"]["human"] == ["NaN", "Infinity"]
    json.dumps(started, allow_nan=False)


def test_that_state_hashes_stand_at_every_second_and_at_the_end() -> None:
    hashes = play(config(counter_code(25), fps=10)).column("state_hash")
    assert [frame for frame, value in enumerate(hashes) if value] == [9, 19, 24]
    assert len({value for value in hashes if value}) == 3


def test_that_an_environment_without_a_canonical_state_says_why() -> None:
    code = counter_code(12).replace(
        "self.n = 0\n\n", "self.n = 0\n        import threading; self.lock = threading.Lock()\n\n", 1
    )
    played = play(config(code))
    assert set(played.column("state_hash")) == {None}
    assert "env.lock is of type _thread.lock" in played.events("episode_started")[0]["state_hash_reason"]


def test_that_what_only_render_changes_is_not_hashed() -> None:
    drawing = counter_code(12).replace(
        "    def render(self):\n", "    def render(self):\n        self.drawn = getattr(self, 'drawn', 0) + 1\n"
    )
    played = play(config(drawing))
    assert played.events("episode_started")[0]["state_hash_left_out"] == ["env.drawn"]
    assert played.column("state_hash")[-1] is not None


def test_that_an_error_in_step_names_the_studys_file_and_line(tmp_path: Path) -> None:
    code = counter_code(5).replace("self.n += 1", "self.n += 1; 1 / (3 - self.n)")
    session = GameSession(config(code, environment_filename="envs/counter.py"), root=tmp_path)
    session.open()
    session.start()
    with pytest.raises(EnvironmentFailedError) as caught:
        tick_often(session)
    line = code.splitlines().index("        self.n += 1; 1 / (3 - self.n)") + 1
    assert f'File "envs/counter.py", line {line}, in step' in caught.value.traceback
    assert "self.n += 1; 1 / (3 - self.n)" in caught.value.traceback
    assert "mug/play" not in caught.value.traceback
    assert caught.value.stage == "step"
    assert f"ZeroDivisionError: division by zero (envs/counter.py, line {line})" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_package", "No module named 'no_such_package' (environment.py, line 1)"),
        ("x = 1\nenv = (", "environment.py, line 2"),
        ("x = 1", "left no environment"),
        ("env = 3", "without a method 'reset'"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_that_an_environment_that_does_not_load_is_a_sentence(code: str, words: str) -> None:
    with pytest.raises(PlayError) as caught:
        GameSession(config(code), root=Path()).open()
    assert words in str(caught.value)


def test_that_rows_before_a_failure_can_be_handed_over() -> None:
    code = counter_code(30).replace("self.n += 1", "self.n += 1\n        if self.n == 14: raise RuntimeError('broken')")
    session = GameSession(config(code), root=Path())
    outputs = [session.open(), session.start()]
    with pytest.raises(EnvironmentFailedError, match="broken"):
        tick_often(session, outputs)
    outputs.append(session.flush())
    assert Played(session, outputs).column("frame") == list(range(13))


@pytest.mark.parametrize(
    ("space", "default", "bound"),
    [
        ("spaces.MultiDiscrete([3, 3])", [1, 1], [0, 2]),
        ("spaces.Box(-1.0, 1.0, (2,))", [0.0, 0.0], [1.0, -0.5]),
        (
            "spaces.Dict({'a': spaces.Discrete(2), 'b': spaces.Box(0.0, 1.0, (1,))})",
            {"a": 0, "b": [0.0]},
            {"a": 1, "b": [0.5]},
        ),
    ],
)
def test_that_any_kind_of_action_is_played_recorded_and_played_again(space: str, default: Any, bound: Any) -> None:
    code = f"""
from gymnasium import spaces
class Any:
    action_space = {space}
    def reset(self, *, seed): self.n = 0; return 0, {{}}
    def step(self, actions):
        assert self.action_space.contains(actions["human"]), actions
        self.n += 1
        return self.n, 0, self.n == 15, False, {{}}
    def render(self): return []
env = Any()
"""
    game = config(code, default_action=default, action_mapping=(ActionBinding(keys=("ArrowLeft",), action=bound),))
    whole = play(game)
    part = play(game, ticks=13)
    assert play(game, stored=part.bodies, tail=part.tail, first_tick=13).bodies == whole.bodies[len(part.bodies) :]
    flat = flatten_columns(whole.chunks[0].columns)
    assert sum(name.startswith("actions.human") for name in flat) == 2


def test_that_a_scene_leaves_a_clean_interpreter(tmp_path: Path) -> None:
    import builtins
    import sys

    (tmp_path / "helper_of_study.py").write_text("value = 1\n")
    sys.path.insert(0, str(tmp_path))
    try:
        played = play(config("import helper_of_study\n" + counter_code(2)), root=tmp_path)
        assert "helper_of_study" in sys.modules
        assert sys.modules["mug_env_game"].env is played.session.world.env
        played.session.close()
        assert "helper_of_study" not in sys.modules
        assert "mug_env_game" not in sys.modules
        assert not hasattr(builtins, "mug_globals")
    finally:
        sys.path.remove(str(tmp_path))


def test_that_env_creator_is_found_in_a_file_and_gets_its_config(tmp_path: Path) -> None:
    (tmp_path / "world.py").write_text(
        counter_code(2).replace("env = Counter(2)", "def make(length): return Counter(length)")
    )
    played = play(config(None, env_creator="world.py:make", env_config={"length": 6}), root=tmp_path)
    assert played.column("frame") == list(range(6))
    with pytest.raises(PlayError, match=r"no file 'missing\.py'"):
        play(config(None, env_creator="missing.py:make"), root=tmp_path)


def test_that_the_environments_classes_can_be_pickled() -> None:
    import pickle

    played = play(config(counter_code(9)), ticks=3)
    assert pickle.loads(pickle.dumps(played.session.world.env)).n == 3


def test_that_clocks_and_unseeded_chance_are_the_matchs() -> None:
    code = (
        counter_code(8)
        .replace("self.n += 1", "self.n += 1; import time, random")
        .replace(
            'float(actions["human"])',
            "time.time() % 1000 + random.Random().random() + np.random.default_rng().random()"
            " + np.random.rand() + random.random()",
        )
    )
    assert play(config(code)).column("rewards.human") == play(config(code)).column("rewards.human")
    assert play(config(code)).column("rewards.human") != play(config(code, match_seed=3)).column("rewards.human")


def test_that_an_image_becomes_rgba_bytes() -> None:
    code = counter_code(2).replace(
        'return {"game_state_objects": [], "removed": []}', "return np.full((4, 6, 3), 200, dtype=np.uint8)"
    )
    picture = play(config(code)).outputs[0].views[0].picture
    assert picture.packet is None
    assert picture.image is not None
    assert (picture.image.width, picture.image.height) == (6, 4)
    assert np.frombuffer(picture.image.rgba, np.uint8).reshape(4, 6, 4)[0, 0].tolist() == [200, 200, 200, 255]


def test_that_pixels_of_a_state_function_become_relative() -> None:
    code = (
        counter_code(2)
        + """
def state(env):
    return [{"object_type": "circle", "uuid": "c", "x": 300, "y": 100, "radius": 60},
            {"object_type": "line", "points": [(0, 0), (600, 400)]}]
"""
    )
    game = config(code, env_to_state_fn="mug_env_game:state", location_representation="pixels")
    packet = play(game).outputs[0].views[0].picture.packet
    assert packet is not None
    circle, line = packet["game_state_objects"]
    assert (circle["x"], circle["y"], circle["radius"]) == (0.5, 0.25, 0.1)
    assert line["points"] == [[0.0, 0.0], [1.0, 1.0]]
    assert (circle["permanent"], circle["depth"], circle["tween_duration"]) == (False, 0, None)


def test_that_an_environment_that_draws_nothing_is_told_what_to_do() -> None:
    code = counter_code(2).replace('return {"game_state_objects": [], "removed": []}', "return None")
    with pytest.raises(PlayError, match="render_mode='mug'"):
        play(config(code))


def test_that_assets_of_a_surface_are_found_behind_wrappers() -> None:
    code = """
import gymnasium
from mug.play import SingleAgent
from mug.rendering import Surface

class Drawn(gymnasium.Wrapper):
    def __init__(self):
        super().__init__(gymnasium.make("MountainCar-v0"))
        self.surface = Surface(600, 400)
        self.surface.register_image("flag", path="static/flag.png")

    def render(self):
        self.surface.image("flag", 10, 10, 20, 20)
        return self.surface.commit().to_dict()

env = SingleAgent(Drawn())
"""
    played = play(config(code, max_steps=12))
    (spec,) = played.session.world.asset_specs()
    assert spec["name"] == "flag"
    packet = played.outputs[-1].views[-1].picture.packet
    assert packet is not None
    assert packet["game_state_objects"][0]["object_type"] == "sprite"
    assert not any("surface" in name for name in played.events("episode_started")[0]["state_hash_left_out"])


def test_that_a_screen_as_observation_is_told_by_its_digest_and_stored_whole_in_its_rows() -> None:
    code = counter_code(3).replace("return self.seen,", "return np.full((210, 160, 3), self.n, dtype=np.uint8),")
    played = play(config(code))
    (started,), (ended,) = played.events("episode_started"), played.events("episode_ended")
    for told in (started["reset_observations"]["human"], ended["final_observations"]["human"]):
        assert set(told) == {"sha256", "bytes"}
        assert told["bytes"] > 210 * 160 * 3
    assert len(json.dumps(started)) < 10_000
    assert np.asarray(played.column("observations.human")[0]).shape == (210, 160, 3)


def test_that_a_second_of_rows_is_handed_over_before_its_picture_fails() -> None:
    code = counter_code(30).replace("def render(self):", "def render(self):\n        assert self.n < 10")
    session = GameSession(config(code, fps=10), root=Path())
    outputs = [session.open(), session.start()]
    with pytest.raises(EnvironmentFailedError, match="AssertionError"):
        tick_often(session, outputs)
    played = Played(session, [*outputs, session.flush()])
    assert played.column("frame") == list(range(10))
