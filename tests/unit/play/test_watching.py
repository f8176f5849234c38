"""Watching one person's recorded match: any frame in any order is what the straight way shows, and equals the rows."""

import random
from pathlib import Path

import pytest
from play_worlds import CAR, config, counter_code, play
from watched import Watcher, straight

from mug.play.config import GameConfig
from tests.drivers.altered_records import with_changed_rows

DOOR = '''
import numpy as np
from mug.rendering import Surface


class House:
    """Coins lie until they are taken, a door comes later: lasting objects of a surface; the walls are sent but once."""

    def __init__(self):
        self.surface = Surface(100, 100)
        self.surface.rect(0, 0, 100, 5, color="#000", id="wall", persistent=True)

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.surface.reset()
        self.surface.remove("door")
        self.n, self.at = 0, 50
        for coin in range(3):
            self.surface.circle(10 + 30 * coin, 20, 4, color="#cc0", id=f"coin{coin}", persistent=True)
        return self.seen(), {}

    def seen(self):
        return np.array([self.n, self.at], dtype=float)

    def step(self, actions):
        self.n += 1
        self.at += int(actions["human"]) - 1 + int(self.rng.integers(-1, 2))
        if self.n in (25, 50, 75):
            self.surface.remove(f"coin{self.n // 25 - 1}")
        if self.n == 40:
            self.surface.rect(80, 80, 5, 15, color="#840", id="door", persistent=True)
        if self.n == 60:
            self.surface.rect(80, 80, 5, 15, color="#0a0", id="door", persistent=True)
        return self.seen(), float(self.at), False, False, {}

    def render(self):
        self.surface.circle(self.at, 50, 3, color="#00f", id="me")
        return self.surface.commit()


env = House()
'''

REMEMBERS = (
    counter_code(30)
    .replace(
        "self.n = 0\n        self.seen[:]",
        "self.past = getattr(self, 'past', 0) + self.n\n        self.n = 0\n        self.seen[:]",
    )
    .replace('float(actions["human"])', 'float(actions["human"]) + self.past')
)
"""What an episode gives depends on the one before."""

MODULE_STATE = (
    counter_code(200)
    .replace("class Counter:", "STEPS = [0]\n\n\nclass Counter:")
    .replace("        self.n += 1\n", "        self.n += 1\n        STEPS[0] += self.n\n")
    .replace('{"n": self.n}', '{"n": STEPS[0]}')
)
"""A state beside the environment, which no saved state holds."""

COUNTING = "mug_globals['steps'] = mug_globals.get('steps', 0) + 1; env.at += mug_globals['steps'] % 2"


def anywhere(pictures: dict[tuple[int, int], object], seed: int = 5, count: int = 60) -> list[tuple[int, int]]:
    return random.Random(seed).choices(list(pictures), k=count)


@pytest.mark.parametrize(
    "game",
    [
        config(CAR, num_episodes=2, max_steps=155),
        config(DOOR, num_episodes=2, max_steps=90),
        config(counter_code(95), num_episodes=2),
        config(REMEMBERS, num_episodes=3),
        config(MODULE_STATE),
        config(
            DOOR,
            num_episodes=2,
            max_steps=50,
            on_game_step_code=COUNTING,
        ),
    ],
    ids=["car", "lasting objects", "counter", "episodes that depend on each other", "state beside", "globals"],
)
def test_that_any_frame_in_any_order_is_what_the_straight_way_shows(game: GameConfig, tmp_path: Path) -> None:
    played = play(game)
    pictures = straight(game, played.bodies, tmp_path)
    watcher = Watcher(game, played.bodies, tmp_path)
    for place in anywhere(pictures):
        assert watcher.at(*place) == pictures[place], place
    assert watcher.match.told is None


def test_that_the_pictures_are_those_that_were_played(tmp_path: Path) -> None:
    game = config(CAR, max_steps=80)
    played = play(game)
    pictures = straight(game, played.bodies, tmp_path)
    for view in (view for output in played.outputs for view in output.views):
        assert view.picture.packet is not None
        [ball] = view.picture.packet["game_state_objects"]
        shown = pictures[view.episode, view.frame]
        assert shown[2] == [("car", ball)]
        assert shown[4] == view.score


def test_that_every_row_and_hash_is_compared(tmp_path: Path) -> None:
    game = config(CAR, num_episodes=2, max_steps=55)
    watcher = Watcher(game, play(game).bodies, tmp_path)
    watcher.at(0, 55)
    watcher.at(1, 55)
    assert watcher.match.compared == {0: 55, 1: 55}
    assert watcher.match.hashes == {0: 5, 1: 5}


def test_that_going_back_does_not_begin_at_the_reset(tmp_path: Path) -> None:
    game = config(CAR, max_steps=100)
    watcher = Watcher(game, play(game).bodies, tmp_path)
    watcher.at(0, 99)
    assert watcher.match.kept == [(0, 20), (0, 40), (0, 60), (0, 80)]
    steps: list[int] = []
    watcher.match.go(0, 85, lambda: steps.append(1) is None)
    assert len(steps) == 6, "one state is loaded, five frames are stepped"


def test_that_rows_come_while_somebody_watches(tmp_path: Path) -> None:
    game = config(CAR, max_steps=60)
    bodies = play(game).bodies
    watcher = Watcher(game, bodies[:2], tmp_path)
    assert watcher.match.go(0, 50)
    assert watcher.match.place == (0, 20)
    watcher.match.rows.add(bodies[2])
    watcher.match.rows.add(bodies[2])
    assert watcher.match.go(0, 50)
    assert watcher.match.place == (0, 30)
    assert watcher.match.rows.problem == ""


def test_that_a_slice_of_time_is_enough_for_a_step(tmp_path: Path) -> None:
    game = config(CAR, max_steps=30)
    watcher = Watcher(game, play(game).bodies, tmp_path)
    slices = 0
    while not watcher.match.go(0, 30, lambda: False):
        slices += 1
    assert slices == 30, "a reset and thirty steps"


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("rewards.human", 99.0, "rewards.human"),
        ("actions.human", 2, "rewards.human"),
        ("state_hash", "0" * 32, "state_hash"),
    ],
)
def test_that_a_changed_row_is_told_by_frame_and_column_and_stays_told(
    column: str, value: object, told: str, tmp_path: Path
) -> None:
    game = config(counter_code(60))
    bodies = play(game, ticks=60).bodies

    def change(columns: dict[str, list[object]]) -> None:
        row = 9 if column == "state_hash" else 4
        columns[column][row] = value if columns[column][row] != value else 0

    watcher = Watcher(game, with_changed_rows(bodies, change), tmp_path)
    watcher.at(0, 60)
    difference = watcher.match.told
    assert difference is not None
    assert (difference.frame, difference.column) == (19 if column == "state_hash" else 14, told)
    watcher.at(0, 3)
    assert watcher.match.told == difference


def test_that_rows_that_do_not_follow_each_other_are_told(tmp_path: Path) -> None:
    game = config(counter_code(30))
    first, second, third = play(game).bodies
    watcher = Watcher(game, [first, third], tmp_path)
    assert watcher.match.rows.problem == "Rows 10 to 19 of round 1 are not stored."
    changed = with_changed_rows([first, second], lambda columns: columns["rewards.human"].__setitem__(0, 5.0))
    watcher = Watcher(game, [first, changed[1], third], tmp_path)
    assert "do not follow each other at frame 20" in watcher.match.rows.problem
    watcher = Watcher(game, [first, second[:-1] + bytes([second[-1] ^ 1])], tmp_path)
    assert "cannot be read" in watcher.match.rows.problem


def test_that_an_environment_that_fails_again_is_told_and_earlier_frames_are_still_seen(tmp_path: Path) -> None:
    game = config(counter_code(60))
    bodies = play(game, ticks=60).bodies
    broken = counter_code(60).replace(
        "        self.n += 1\n", "        self.n += 1\n        assert self.n < 33, 'too far'\n"
    )
    watcher = Watcher(config(broken), bodies, tmp_path)
    assert watcher.match.go(0, 50)
    assert watcher.match.place == (0, 32)
    assert watcher.match.told is not None
    assert "too far" in watcher.match.told.again
    assert watcher.at(0, 10)[:2] == (0, 10)


def test_that_sums_of_rewards_and_what_is_no_key_are_known_by_frame(tmp_path: Path) -> None:
    game = config(counter_code(30), num_episodes=2)
    rows = Watcher(game, play(game).bodies, tmp_path).match.rows
    rewards = [rows.row(0, frame).rewards["human"] for frame in range(30)]
    assert [rows.rewards(0, frame).get("human", 0.0) for frame in range(31)] == [
        sum(rewards[:frame]) for frame in range(31)
    ]
    runs = [(run.status, run.first, run.last) for run in rows.runs(0)]
    statuses = [rows.row(0, frame).statuses["human"] for frame in range(30)]
    for status, first, last in runs:
        assert statuses[first : last + 1] == [status] * (last - first + 1)
    assert sum(last - first + 1 for _, first, last in runs) == sum(status != "input" for status in statuses)
