"""Each page shows its own agent's picture, drawn by `render(agent_id)`: in games of browsers and of the server."""

from pathlib import Path

import numpy as np
import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.pair_driver import hands, play
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.e2e.client.png import decode

pytestmark = [pytest.mark.alone, pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long]

OWN_PICTURE = """
    def render(self, agent_id):
        own = {"north": RED, "east": BLUE}[agent_id]
        return DRAWN


def make(players):
    return Points(players)


def hud(game):
    return f"You are {next(iter(game.human_players), '')}"
"""
RED, BLUE = (200, 30, 30), (30, 30, 200)
WAYS = {
    "objects": (
        '{"game_state_objects": [{"uuid": "all", "object_type": "rect", "permanent": False, "depth": 0, '
        '"tween": False, "x": 0.0, "y": 0.0, "w": 1.0, "h": 1.0, "color": "#%02x%02x%02x" % own}], "removed": []}'
    ),
    "images": "np.full((300, 400, 3), own, dtype=np.uint8)",
}


@pytest.mark.parametrize(("mode", "way"), [("p2p", "objects"), ("server_authoritative", "images")])
def test_that_each_page_shows_its_own_agents_picture(
    browser: BrowserDriver, tmp_path: Path, mode: str, way: str
) -> None:
    study = write_pair_study(tmp_path / "points", frames=900, mode=mode)
    world = study / "points_env.py"
    before, _, _ = world.read_text(encoding="utf-8").partition("\n    def render(self):")
    own = OWN_PICTURE.replace("DRAWN", WAYS[way]).replace("RED", repr(RED)).replace("BLUE", repr(BLUE))
    world.write_text(before + own, encoding="utf-8")
    with (
        ServerDriver(study, tmp_path / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as ann,
        browser.participant(server.port) as ben,
    ):
        people = {"ann": ann, "ben": ben}
        for name, person in people.items():
            person.open(name)
        play([ann, ben], "points")
        hands([ann, ben], every_ms=0)
        for person in people.values():
            person.wait_for_frame(0, 10)
        seen = {agent_of(person): middle(person) for person in people.values()}
    assert set(seen) == {"north", "east"}
    np.testing.assert_allclose(seen["north"], RED, atol=8)
    np.testing.assert_allclose(seen["east"], BLUE, atol=8)


def agent_of(person: ParticipantDriver) -> str:
    return person.page.locator('[data-mug="hud"]').inner_text().rpartition(" ")[2]


def middle(person: ParticipantDriver) -> tuple[int, int, int]:
    """The colour in the middle of the game."""
    picture = decode(person.page.locator('[data-mug="game"]').screenshot())
    height, width, _ = picture.shape
    red, green, blue = picture[height // 2, width // 2]
    return int(red), int(green), int(blue)
