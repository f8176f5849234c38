"""Watching a match of several people: what every page recorded after its rollbacks is stepped again, in any order."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from match_worlds import FRESH_CHANCE, GLOBAL_CHANCE, LOCK, arena, cars_config, match_config
from matches import PROFILES, on_all, play
from watched import Watcher, straight

from mug.play.config import GameConfig
from tests.drivers.match_net import Play


def bad_network(config: GameConfig) -> GameConfig:
    return replace(config, network_conditions=on_all(config, PROFILES["mobile_4g"]))


@pytest.mark.parametrize(
    "config",
    [
        match_config(arena(("a", "b"), 150), num_episodes=2),
        match_config(arena(("a", "b", "r"), 150), policies={"r": "random"}),
        match_config(arena(("a", "b"), 100, LOCK)),
        match_config(arena(("a", "b"), 100, FRESH_CHANCE)),
        match_config(arena(("a", "b"), 100, GLOBAL_CHANCE), num_episodes=2),
        cars_config(max_steps=150),
    ],
    ids=["two rounds", "with a policy", "no hash", "fresh chance", "numpy's own generator", "cars"],
)
def test_that_a_match_with_rollbacks_is_watched_in_any_order(config: GameConfig, tmp_path: Path) -> None:
    net = play(bad_network(config))
    assert min(page.rollbacks for page in net.pages) > 3
    watched = replace(config, human_agents=config.players[:1], subject_id="anna")
    bodies = net.pages[0].bodies
    pictures = straight(watched, bodies, tmp_path)
    watcher = Watcher(watched, bodies, tmp_path)
    for place in random.Random(3).choices(list(pictures), k=40):
        assert watcher.at(*place) == pictures[place], place
    assert watcher.match.told is None
    last = max(pictures)
    assert pictures[last][4] == pytest.approx(watcher.match.rows.rewards(*last)[config.players[0]])


@pytest.mark.parametrize("policy", ["default_action", "policy"])
def test_that_a_player_who_left_is_watched_with_what_took_the_place(policy: str, tmp_path: Path) -> None:
    config = match_config(arena(("a", "b"), 150), dropout_policy=policy, dropout_agent_policy="random")
    net = play(config, plays={1: Play(dead_ms=2500.0)}, lost_after_ms=500.0)
    watched = replace(config, human_agents=("a",), subject_id="anna")
    pictures = straight(watched, net.pages[0].bodies, tmp_path)
    assert (0, 150) in pictures
    rows = Watcher(watched, net.pages[0].bodies, tmp_path).match.rows
    last = [run for run in rows.runs(0) if run.agent == "b"][-1]
    assert last.status == {"default_action": "dropped", "policy": "policy"}[policy]
    assert last.last == 149


def test_that_a_match_with_a_page_that_came_back_is_watched(tmp_path: Path) -> None:
    config = match_config(arena(("a", "b"), 200))
    net = play(config, plays={1: Play(reloads=[(2500.0, 1500.0)])})
    for page in net.pages:
        assert straight(replace(config, human_agents=("a",)), page.bodies, tmp_path)
