"""A game with a recurrent model and a Python class in Chromium: what they did, what they are, and what it took."""

from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.models import recurrent, write
from tests.drivers.pair_driver import finish, hands, walk_in
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long]

STUDY = """\
id = "partners"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_body = "<p>Hello</p>"

[[chain]]
kind = "gym_game"
scene_id = "points"

[chain.policies]
frame_skip = 1

[chain.policies.policy_mapping]
human = "human"
walker = "ai/partners.py:Walker"

[chain.policies.policy_mapping.model]
kind = "onnx"
onnx_path = "ai/partner.onnx"
obs_input = "obs"
logit_output = "logits"
state_inputs = ["h_in"]
state_outputs = ["h_out"]
state_shape = [1, 6]

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = 1}, {keys = ["ArrowRight"], action = 2}]
default_action = 0
num_episodes = 2

[chain.rendering]
fps = 20

[chain.runtime]
environment_initialization_code_filepath = "points.py"

[[chain]]
kind = "completion_code_page"
scene_id = "end"
scene_body = "<p>Bye</p>"
"""

POINTS = """\
import numpy as np
from mug.rendering import Surface


class Points:
    possible_agents = agents = ["human", "walker", "model"]

    def __init__(self):
        self.surface = Surface(600, 400)

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.n = 0
        self.place = {a: self.rng.normal(size=4) for a in self.agents}
        return dict(self.place), {}

    def step(self, actions):
        self.n += 1
        for a, action in actions.items():
            push = np.array([(0, -1, 1)[action], 0.5, 0, 0])
            self.place[a] = 0.9 * self.place[a] + 0.1 * push + self.rng.normal(scale=0.02, size=4)
        done = dict.fromkeys(self.agents, self.n >= 60)
        return dict(self.place), dict.fromkeys(self.agents, 1.0), done, dict.fromkeys(self.agents, False), {}

    def render(self):
        for a, (x, y, _, _) in self.place.items():
            self.surface.circle(id=a, color="#336699", x=0.5 + 0.3 * float(x), y=0.5 + 0.3 * float(y), radius=0.03)
        return self.surface.commit()


env = Points()
"""

WALKER = """\
class Walker:
    def __init__(self):
        self.steps = []

    def reset(self):
        self.steps.clear()

    def compute_action(self, observation, agent_id, rng):
        self.steps.append(float(observation[0]))
        return (len(self.steps) // 5 + int(rng.integers(2))) % 3
"""


def test_that_what_policies_did_and_took_is_recorded(browser: BrowserDriver, tmp_path: Path) -> None:
    study = tmp_path / "study"
    write(study / "ai" / "partner.onnx", recurrent(4, 3, scale=2.0))
    (study / "ai" / "partners.py").write_text(WALKER)
    (study / "points.py").write_text(POINTS)
    (study / "study.toml").write_text(STUDY)
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as anna:
        anna.open("anna")
        walk_in([anna], "points")
        anna.wait_for_phase("playing")
        hands([anna], 3)
        finish([anna])
        tables = export_session(tmp_path / "data", "partners", tmp_path / "out")
    verify_records(tmp_path / "data", "partners")
    frames, policies = tables["frames"], tables["policies"].set_index("agent")
    assert len(frames) == 120
    assert step_again(tmp_path / "data", "partners", study) == 120
    for agent in ("walker", "model"):
        assert set(frames[f"status.{agent}"]) == {"policy"}
        assert frames[f"actions.{agent}"].nunique() == 3
    assert policies["name"].to_dict() == {"walker": "Walker", "model": "partner"}
    assert policies["framework"].to_dict() == {"walker": "python", "model": "onnx"}
    assert policies["file"].to_dict() == {"walker": "ai/partners.py", "model": "ai/partner.onnx"}
    assert policies.loc["model", "inputs"] == "obs float32 any×4; h_in float32 any×6"
    assert policies["decisions"].tolist() == [120, 120]
    assert (policies["median_ms"] > 0).all()
    assert policies["measured_by"].tolist() == ["page", "page"]
