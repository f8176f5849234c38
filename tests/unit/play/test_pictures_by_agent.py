"""Environments that draw for each player: `render(agent_id)`, and `env_to_state_fn(env, agent_id)`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from play_worlds import config

from mug.play.config import ActionBinding
from mug.play.session import GameSession
from mug.play.sync_test import sync_test
from mug.play.watching import WatchedMatch
from mug.play.world import World

HIDDEN = '''
class Hidden:
    """Each of two players sees its own number only. Its agents are numbers."""

    possible_agents = (1, 2)

    def __init__(self):
        self.asked = {}
        self.last_picture = None
        self.extra = 0

    def reset(self, *, seed=None, options=None):
        self.agents = list(self.possible_agents)
        self.count = 0
        return {agent: self.count for agent in self.agents}, {}

    def step(self, actions):
        self.count += 1 + self.extra
        agents = list(self.agents)
        end = dict.fromkeys(agents, self.count >= 40)
        answer = (dict.fromkeys(agents, self.count), dict.fromkeys(agents, 1.0), end, dict.fromkeys(agents, False), {})
        if self.count >= 40:
            self.agents = []
        return answer

    def render(self, agent_id):
        self.last_picture = agent_id
        self.asked[agent_id] = self.asked.get(agent_id, 0) + 1
        BESIDE
        own = {"uuid": "own", "object_type": "text", "text": f"{agent_id!r}", "x": 0, "y": 0}
        return {"game_state_objects": [own], "removed": []}


env = Hidden()
'''


def hidden(beside: str = "pass", **changes: Any) -> Any:
    values: dict[str, Any] = {
        "human_agents": ("2",),
        "players": ("1", "2"),
        "action_mapping": (ActionBinding(keys=("a",), action=1),),
        "default_action": 0,
    }
    return config(HIDDEN.replace("BESIDE", beside), **{**values, **changes})


def text(picture: Any) -> str:
    assert picture.packet is not None
    return str(picture.packet["game_state_objects"][0]["text"])


def world_of(game: Any, tmp_path: Path) -> World:
    world = World(game, root=tmp_path, mug_globals={})
    world.reset(0)
    return world


def test_that_each_page_gets_its_own_agents_picture_with_the_environments_own_id(tmp_path: Path) -> None:
    world = world_of(hidden(), tmp_path)
    assert text(world.first_picture()) == "2"
    assert text(world.picture()) == "2"
    assert text(world.picture("1")) == "1"
    assert world.viewers == ("2", "1")
    world.close()


def test_that_peers_who_draw_other_pictures_have_the_same_state(tmp_path: Path) -> None:
    digests = []
    for own in ("1", "2"):
        world = world_of(hidden(human_agents=(own,)), tmp_path)
        world.first_picture()
        for _ in range(5):
            world.step({"1": 1, "2": 0}, {})
            assert text(world.picture()) == own
        digests.append((world.world_hash.left_out, world.world_hash.digest()))
        world.close()
    assert digests[0] == digests[1]
    assert digests[0][1] is not None
    assert "env.asked" in digests[0][0]


def test_that_one_person_sees_the_own_agents_picture_in_a_game_alone(tmp_path: Path) -> None:
    game = hidden(players=(), human_agents=("1",), policies={"2": "random"})
    session = GameSession(game, root=tmp_path)
    views = session.open().views
    session.start()
    views += session.tick().views
    assert [text(view.picture) for view in views] == ["1", "1"]
    session.close()


def test_that_env_to_state_fn_may_take_the_agent_too(tmp_path: Path) -> None:
    (tmp_path / "drawing.py").write_text(
        "def draw(env, agent_id=None):\n"
        "    return [{'uuid': 'own', 'object_type': 'text', 'text': repr(agent_id), 'x': 0, 'y': 0}]\n"
        "def draw_all(env):\n"
        "    return [{'uuid': 'all', 'object_type': 'text', 'text': 'all', 'x': 0, 'y': 0}]\n"
    )
    for function, expected in (("draw", "2"), ("draw_all", "all")):
        world = world_of(hidden(env_to_state_fn=f"drawing.py:{function}"), tmp_path)
        assert text(world.first_picture()) == expected
        assert world.viewers == (("2", "1") if function == "draw" else ("2",))
        world.close()


def test_that_images_may_be_for_each_agent(tmp_path: Path) -> None:
    code = HIDDEN.replace("BESIDE", "import numpy; return numpy.full((2, 3, 3), agent_id, numpy.uint8)")
    world = world_of(hidden().__class__(**{**vars(hidden()), "environment_code": code}), tmp_path)
    image = world.first_picture().image
    assert image is not None
    assert np.frombuffer(image.rgba, np.uint8)[0] == 2
    world.close()


def test_that_a_watcher_sees_what_the_first_player_saw(tmp_path: Path) -> None:
    match = WatchedMatch(hidden(human_agents=("1",)), root=tmp_path)
    match.go(0, 0)
    assert text(match.view().picture) == "1"
    match.close()


@pytest.mark.parametrize("drawn", ["1", "2"])
def test_that_the_sync_test_finds_a_picture_of_any_agent_that_changes_the_game(drawn: str, tmp_path: Path) -> None:
    def report(beside: str) -> Any:
        game = hidden(beside)
        return sync_test(lambda entropy: World(game, root=tmp_path, mug_globals={}, entropy=entropy), frames=80)

    assert report("pass").passed
    unsound = report(f"self.extra += agent_id == {drawn} and self.count > 3")
    assert not unsound.passed
    assert any("extra" in finding.path for finding in unsound.findings), unsound.text(30)
