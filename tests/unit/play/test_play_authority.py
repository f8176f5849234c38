"""Games that the server steps: the same rows as in a browser, several people, and starting again from stored rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mug.play.authority import AuthoritySession
from mug.play.chunks import FramesChunk, decode_chunk
from mug.play.config import GameConfig
from mug.play.errors import EnvironmentFailedError, IrreproducibleError, PlayError
from mug.play.output import Output, View
from mug.play.resimulate import resimulate
from tests.unit.play.play_worlds import CAR, config, counter_code, held_at, play

TAG = '''
import numpy as np


class Tag:
    """Two move on a line; each sees both, and earns what the other's place is."""

    possible_agents = ["left", "right"]

    def __init__(self):
        self.drawn_for = []

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.at = {"left": 0.0, "right": 1.0}
        self.n = 0
        return self.seen(), {agent: {} for agent in self.at}

    def seen(self):
        return {agent: np.array([self.at["left"], self.at["right"], self.rng.random()]) for agent in self.at}

    def step(self, actions):
        self.n += 1
        for agent, action in actions.items():
            self.at[agent] += (action - 1) / 10
        mug_globals["steps"] = mug_globals.get("steps", 0) + 1
        rewards = {"left": self.at["right"], "right": self.at["left"]}
        over = dict.fromkeys(self.at, self.n >= 25)
        return self.seen(), rewards, over, dict.fromkeys(self.at, False), {agent: {} for agent in self.at}

    def render(self AGENT_ID):
        DRAWN
        return {"game_state_objects": [
            {"uuid": name, "object_type": "circle", "x": x, "y": 0.5, "radius": 0.1} for name, x in self.at.items()
        ], "removed": []}


env = Tag()


def hud(game):
    (agent, who), = game.human_players.items()
    return f"{who} is {agent}: {game.episode_rewards[agent]:.1f}"
'''


def tag_code(*, by_agent: bool = False) -> str:
    drawn = "self.at = {**self.at}; self.drawn_for.append(agent_id)" if by_agent else "self.drawn_for.append(None)"
    return TAG.replace(" AGENT_ID", ", agent_id" if by_agent else "").replace("DRAWN", drawn)


def two(code: str = "", **changes: Any) -> GameConfig:
    changes = {"human_agents": (), "players": ("left", "right"), "num_episodes": 2, **changes}
    return config(code or tag_code(), mode="server_authoritative", **changes)


class Played:
    def __init__(self, game: GameConfig, stored: Sequence[bytes] = (), dropped: Sequence[str] = ()) -> None:
        self.session = AuthoritySession(game, root=Path())
        for agent in dropped:
            self.session.drop(agent)
        self.n = 0
        self.outputs: list[Output] = [self.session.open(stored), self.session.start()]

    def go(self, ticks: int = 1000, before: Callable[[int], None] | None = None) -> "Played":
        for tick in range(ticks):
            if self.outputs[-1].finished:
                break
            if before is not None:
                before(tick)
            self.outputs.append(self.session.tick())
        return self

    def keys(self, agent: str, held: Sequence[str], pressed: Sequence[str] = (), *, hidden: bool = False) -> None:
        self.session.take_keys(agent, self.n, list(held), list(pressed), hidden=hidden)
        self.n += 1

    @property
    def bodies(self) -> list[bytes]:
        return [chunk.body for output in self.outputs for chunk in output.chunks]

    @property
    def chunks(self) -> list[FramesChunk]:
        return [decode_chunk(body) for body in self.bodies]

    def column(self, name: str, episode: int = 0) -> list[Any]:
        return [value for chunk in self.chunks if chunk.episode == episode for value in list(chunk.columns[name])]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event.data for output in self.outputs for event in output.events if event.name == name]

    def last(self) -> dict[str, View]:
        return {view.agent: view for view in next(output.views for output in reversed(self.outputs) if output.views)}


@pytest.mark.parametrize("code", [CAR, counter_code(23)])
def test_that_one_person_has_the_same_rows_and_events_as_in_the_browser(code: str) -> None:
    game = config(code, num_episodes=2)
    browser = play(game)
    server = Played(config(code, num_episodes=2, human_agents=(), players=("human",)))
    server.go(before=lambda tick: server.keys("human", held_at(tick)))
    assert server.bodies == browser.bodies
    for name in ("episode_started", "episode_ended"):
        assert server.events(name) == browser.events(name)
    assert len(server.outputs) == len(browser.outputs)


def test_that_two_people_act_by_the_keys_of_their_own_pages() -> None:
    played = Played(two(num_episodes=1))

    def keys(tick: int) -> None:
        if tick == 2:
            played.keys("left", ["ArrowRight"])
        if tick == 4:
            played.keys("right", [], ["ArrowLeft"])
        if tick == 6:
            played.keys("left", ["ArrowRight"], hidden=True)

    played.go(before=keys)
    assert played.column("actions.left")[:8] == [1, 1, 2, 2, 2, 2, 1, 1]
    assert played.column("status.left")[:8] == ["default"] * 2 + ["input"] * 4 + ["hidden"] * 2
    assert played.column("actions.right")[3:7] == [1, 0, 1, 1]
    assert played.session.keys_taken("left") == 2
    assert played.session.keys_taken("right") == 1
    assert resimulate(played.session.config, played.bodies, root=Path()).difference is None


def test_that_a_message_of_keys_that_is_not_newer_is_left_aside() -> None:
    played = Played(two())
    played.session.take_keys("left", 5, ["ArrowRight"], [])
    played.session.take_keys("left", 5, [], [])
    played.session.take_keys("left", 4, [], [])
    played.session.take_keys("nobody", 9, [], [])
    played.go(1)
    assert played.outputs[-1].views[0].frame == 1
    assert played.session.world.observations["left"][0] == pytest.approx(0.1)
    played.session.new_page("left")
    played.session.take_keys("left", 0, ["ArrowLeft"], [])
    played.go(1)
    assert played.session.world.observations["left"][0] == pytest.approx(0.0)
    assert played.session.keys_taken("left") == 0


def test_that_each_key_press_is_one_action_where_the_study_says_so() -> None:
    played = Played(two(input_mode="single_keystroke", num_episodes=1))
    played.keys("left", ["ArrowRight"], ["ArrowRight", "ArrowLeft"])
    played.go()
    assert played.column("actions.left")[:4] == [2, 0, 1, 1]


def test_that_each_player_has_a_score_and_words_of_their_own() -> None:
    subjects = {"left": "anna", "right": "ben"}
    played = Played(two(num_episodes=1, hud_text_fn="environment.py:hud", subjects=subjects)).go()
    views = played.last()
    assert set(views) == {"left", "right"}
    assert views["left"].hud == "anna is left: 25.0"
    assert views["left"].score == pytest.approx(25.0)
    assert views["right"].hud == "ben is right: 0.0"
    assert views["left"].picture is views["right"].picture


def test_that_one_picture_is_drawn_for_all_and_one_for_each_where_the_environment_asks() -> None:
    for_all = Played(two(num_episodes=1)).go()
    assert len(for_all.session.world.env.drawn_for) == 26
    for_each = Played(two(tag_code(by_agent=True), num_episodes=1)).go()
    assert for_each.session.world.env.drawn_for == ["left", "right"] * 26
    assert for_each.last()["left"].picture is not for_each.last()["right"].picture


def test_that_a_person_whose_page_is_gone_acts_neutrally_until_it_is_back() -> None:
    played = Played(two(num_episodes=1, action_population_method="previous_submitted_action"))

    def happens(tick: int) -> None:
        if tick == 1:
            played.keys("left", ["ArrowRight"])
        if tick == 3:
            played.session.away("left")
        if tick == 6:
            played.session.back("left")
            played.session.new_page("left")
            played.session.take_keys("left", 0, ["ArrowLeft"], [])

    played.go(before=happens)
    assert played.column("actions.left")[:8] == [1, 2, 2, 1, 1, 1, 0, 0]
    assert played.column("status.left")[:8] == ["default", "input", "input", *["hidden"] * 3, "input", "input"]


@pytest.mark.parametrize(
    ("policy", "statuses"), [("default_action", {"dropped"}), ("policy", {"policy"})], ids=["neutral", "policy"]
)
def test_that_a_person_who_is_out_acts_as_the_study_says(policy: str, statuses: set[str]) -> None:
    code = tag_code().replace(
        "env = Tag()", "import gymnasium\nTag.action_space = gymnasium.spaces.Discrete(3)\nenv = Tag()"
    )
    takes_over = "random" if policy == "policy" else None
    game = two(code, num_episodes=1, dropout_policy=policy, dropout_agent_policy=takes_over)
    played = Played(game)
    played.go(before=lambda tick: played.session.drop("right") if tick == 5 else None)
    assert set(played.column("status.right")[:5]) == {"default"}
    assert set(played.column("status.right")[5:]) == statuses
    again = Played(game, played.bodies[:2], dropped=["right"]).go()
    assert again.bodies == played.bodies[2:]


@pytest.mark.parametrize("ticks", [0, 7, 10, 24, 25, 26, 33, 100])
def test_that_a_match_goes_on_from_its_stored_rows_as_if_nothing_had_been(ticks: int) -> None:
    def keys(played: Played, first: int) -> Callable[[int], None]:
        def press(tick: int) -> None:
            for agent, shift in (("left", 0), ("right", 5)):
                played.keys(agent, held_at(first + tick + shift))

        return press

    whole = Played(two())
    whole.go(before=keys(whole, 0))
    first = Played(two())
    first.go(ticks, before=keys(first, 0))
    stored = first.bodies
    again = Played(two(), stored)
    frames = sum(chunk.last - chunk.first + 1 for chunk in first.chunks)
    between = int(frames >= 25)  # a tick begins the second episode
    between = between if frames > 25 else 0
    again.go(before=keys(again, frames + between))
    assert [*stored, *again.bodies] == whole.bodies
    assert again.session.mug_globals == whole.session.mug_globals == {"steps": 50}


def test_that_rows_that_were_handed_over_early_are_gone_on_from() -> None:
    first = Played(two()).go(14)
    stored = [*first.bodies, *(chunk.body for chunk in first.session.flush().chunks)]
    assert [decode_chunk(body).last for body in stored] == [9, 13]
    again = Played(two(), stored).go()
    assert (again.chunks[0].first, again.chunks[0].last) == (14, 19)
    assert resimulate(two(), [*stored, *again.bodies], root=Path()).difference is None
    assert (
        again.column("observations.left", 1)[-1].tolist()
        == Played(two()).go().column("observations.left", 1)[-1].tolist()
    )


def test_that_each_stored_frame_that_is_stepped_again_is_a_sign_of_life() -> None:
    stored = Played(two()).go(12).bodies
    signs: list[int] = []
    session = AuthoritySession(two(), root=Path(), stepped_again=lambda: signs.append(1))
    session.open(stored)
    assert len(signs) == 10


def test_that_stored_rows_that_come_out_otherwise_are_refused() -> None:
    stored = Played(two()).go(12).bodies
    other = two(tag_code().replace("(action - 1) / 10", "(action - 1) / 10 + 0.5"))
    with pytest.raises(IrreproducibleError, match="frames 0 to 9"):
        Played(other, stored)


def test_that_rows_before_a_failure_are_handed_over() -> None:
    failing = tag_code().replace("self.n += 1", "self.n += 1\n        assert self.n < 14, 'too far'")
    played = Played(two(failing))
    with pytest.raises(EnvironmentFailedError, match="too far"):
        played.go()
    played.outputs.append(played.session.flush())
    assert [(chunk.first, chunk.last) for chunk in played.chunks] == [(0, 9), (10, 12)]


def test_that_a_game_without_people_is_refused() -> None:
    with pytest.raises(PlayError, match=r"config\.players"):
        AuthoritySession(config(), root=Path())
