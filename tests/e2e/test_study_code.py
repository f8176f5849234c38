"""A study's own code, from a script to the data: hooks, callbacks, a PettingZoo game with a random partner."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mug.records import RecordReader, records_path
from mug.records import facts as f
from mug.records.export import export_session
from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.server_driver import ServerDriver
from tests.drivers.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

FRAMES = 25

SCRIPT = '''\
import json
from pathlib import Path

from mug.configurations.configuration_constants import InputModes, PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app
from mug.server.callback import GameCallback

LOG = Path(__file__).with_name("told.jsonl")


def tell(name, **values):
    with LOG.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"name": name, **values}) + "\\n")


class Told(GameCallback):
    def tell(self, name, game):
        tell(
            name,
            episode=game.episode_num,
            tick=game.tick_num,
            rewards=dict(game.episode_rewards),
            people=dict(game.human_players),
            scene=game.scene.scene_id,
        )

    def on_episode_start(self, game):
        self.tell("episode_start", game)

    def on_game_tick_start(self, game):
        self.tell("tick_start", game)

    def on_game_tick_end(self, game):
        self.tell("tick_end", game)

    def on_episode_end(self, game):
        self.tell("episode_end", game)

    def on_game_end(self, game):
        self.tell("game_end", game)


class Talk(static_scene.StaticScene):
    def on_connect(self, context):
        tell("on_connect", **context)
        print("a study may print on the server")
        return {"condition": "b"}

    def on_client_callback(self, context):
        tell("on_client_callback", **context)
        return {"doubled": 2 * context["data"]["number"]}


PAGE = """
<p id="answer">nothing</p>
<script>
  mug_globals.of_the_page = true;
  mug.send({number: 21});
  setInterval(() => {
    document.getElementById("answer").textContent = `${mug_globals.condition} ${mug_globals.doubled}`;
  }, 50);
</script>
"""

scenes = [
    static_scene.StartScene().scene(scene_id="start").display(scene_header="Start"),
    Talk().scene(scene_id="talk").display(scene_header="Talk", scene_body=PAGE),
    gym_scene.GymScene()
    .scene(scene_id="chase")
    .environment(env_creator="chase_env:make", env_config={"speed": 3}, seed=7)
    .rendering(fps=20, hud_text_fn=lambda game: f"step {game.tick_num}", game_width=300, game_height=200)
    .policies(policy_mapping={"1": PolicyTypes.Human, "2": PolicyTypes.Random}, frame_skip=5)
    .gameplay(
        action_mapping={"ArrowLeft": 1, "ArrowRight": 2},
        default_action=0,
        human_id="1",
        num_episodes=2,
        max_steps=25,
        input_mode=InputModes.SingleKeystroke,
        callback=Told(),
    )
    .runtime(
        run_through_pyodide=True,
        on_game_step_code="mug_globals['steps'] = mug_globals.get('steps', 0) + 1",
        packages_to_install=["numpy", "gymnasium", "pettingzoo"],
    ),
    static_scene.EndScene()
    .scene(scene_id="end")
    .display(scene_header="End")
    .redirect("http://lab.test:9/done?from=mug", append_subject_id=True),
]
config = ExperimentConfig().experiment(stager=stager.Stager(scenes=scenes), experiment_id="study-code").hosting(port=0)
app.run(config)
'''

PRESS_WHEN_PLAYING = """(keys) => {
    const look = () => {
        if (document.body.dataset.mugPhase !== "playing") return;
        watch.disconnect();
        for (const key of keys) {
            for (const type of ["keydown", "keyup"]) {
                const event = new KeyboardEvent(type, { key, code: key, bubbles: true, cancelable: true });
                document.activeElement.dispatchEvent(event);
            }
        }
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, { attributes: true });
}"""
"""The page itself presses them: the whole game lasts two and a half seconds, for which a test may be late."""

ENVIRONMENT = """\
import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from mug.rendering import Surface


class Chase(ParallelEnv):
    metadata = {"name": "chase", "render_modes": ["mug"]}

    def __init__(self, speed, render_mode=None):
        self.possible_agents = [1, 2]
        self.agents = []
        self.speed = speed
        self.render_mode = render_mode
        self.surface = Surface(300, 200)

    def observation_space(self, agent):
        return spaces.Box(-1000, 1000, (2,), np.float64)

    def action_space(self, agent):
        return spaces.Discrete(3)

    def reset(self, seed=None, options=None):
        self.agents = [1, 2]
        self.places = {1: 100.0, 2: float(np.random.default_rng(seed).integers(50, 250))}
        return self._observations(), {1: {}, 2: {}}

    def _observations(self):
        return {agent: np.array([self.places[1], self.places[2]]) for agent in (1, 2)}

    def step(self, actions):
        for agent, action in actions.items():
            self.places[agent] += (0, -self.speed, self.speed)[int(action)]
        no = {1: False, 2: False}
        return self._observations(), {1: 1.0, 2: -1.0}, no, no, {1: {"gap": self.places[1] - self.places[2]}, 2: {}}

    def render(self):
        for agent, color in ((1, "red"), (2, "blue")):
            self.surface.circle(self.places[agent], 100, 10, color=color)
        return self.surface.commit().to_dict()


def make(speed, **options):
    return Chase(speed, **options)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "study_code"
    folder.mkdir()
    (folder / "chase_env.py").write_text(ENVIRONMENT, encoding="utf-8")
    file = folder / "study.py"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


def errors(server: ServerDriver) -> list[f.ErrorReported]:
    with RecordReader(records_path(server.data_dir, "study-code")) as reader:
        return [
            fact
            for head in reader.sessions()
            for fact in reader.facts(head.session_id, ("error_reported",))
            if isinstance(fact, f.ErrorReported)
        ]


def told_by(script: Path) -> list[dict[str, Any]]:
    """What the study's own code wrote down."""
    lines = script.with_name("told.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    (file,) = (folder / "data").glob(f"*description-{name}_data.csv")
    with file.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def test_that_hooks_callbacks_and_a_random_partner_work_from_the_script_to_the_data(
    browser: BrowserDriver, script: Path, tmp_path: Path
) -> None:
    with ServerDriver(script, tmp_path / "data") as server, browser.participant(server.port) as person:
        person.open("", "?subject_id=ann.b-1&PROLIFIC_PID=5f1e&batch=2")
        person.wait_for_scene("start")
        person.press_continue()
        person.wait_for_scene("talk")
        # What the hooks answer is there for the page's script, beside what the page itself has set.
        person.page.frame_locator("iframe").get_by_text("b 42").wait_for()
        person.press_continue()
        person.wait_for_scene("chase")
        person.page.evaluate(PRESS_WHEN_PLAYING, ["ArrowLeft", "ArrowLeft", "ArrowRight"])
        person.press_continue()
        person.wait_for_phase("ended")
        person.page.get_by_text("Everything is saved.").wait_for()
        with person.page.expect_request("**/done*") as asked:
            person.press_continue()
        assert asked.value.url == "http://lab.test:9/done?from=mug&subject_id=ann.b-1"
        assert [line for line in person.console if "snapshot" in line] == [], "Python boots from its memory snapshot"
        assert person.page_errors == []
        # The server calls the study's code beside taking in the rows, so it may be behind.
        until(lambda: any(row["name"] == "game_end" for row in told_by(script)), lambda: f"the last call\n{server.log}")
    assert errors(server) == []

    told = told_by(script)
    of_scene = [row for row in told if row["name"].startswith("on_")]
    assert [row["name"] for row in of_scene] == ["on_connect", "on_client_callback"]
    for row in of_scene:
        assert (row["subject_id"], row["scene_id"], row["experiment_id"]) == ("ann.b-1", "talk", "study-code")
        assert row["params"] == {"subject_id": "ann.b-1", "batch": "2"}
    assert of_scene[0]["resumed"] is False
    assert of_scene[1]["data"] == {"number": 21}

    game: list[dict[str, Any]] = [row for row in told if not row["name"].startswith("on_")]
    expected: list[tuple[str, int, int]] = []
    for episode in range(2):
        expected.append(("episode_start", episode, 0))
        for tick in range(FRAMES):
            expected += [("tick_start", episode, tick), ("tick_end", episode, tick + 1)]
        expected.append(("episode_end", episode, FRAMES))
    expected.append(("game_end", 1, FRAMES))
    assert [(row["name"], row["episode"], row["tick"]) for row in game] == expected
    assert all(row["people"] == {"1": "ann.b-1"} and row["scene"] == "chase" for row in game)
    ends = [row["rewards"] for row in game if row["name"] == "episode_end"]
    assert ends == [{"1": float(FRAMES), "2": -float(FRAMES)}] * 2

    _assert_exported(server, tmp_path / "export")


def _assert_exported(server: ServerDriver, folder: Path) -> None:
    path = records_path(server.data_dir, "study-code")
    with RecordReader(path) as reader:
        (head,) = reader.sessions()
    export_session(path, head.session_id, folder)
    (participant,) = table(folder, "participants")
    assert participant["globals.condition"] == "b"
    assert participant["globals.doubled"] == "42"
    assert participant["globals.steps"] == str(2 * FRAMES)
    assert participant["globals.of_the_page"] == "true"
    frames = table(folder, "frames")
    assert [(row["episode"], row["frame"]) for row in frames] == [
        (str(episode), str(frame)) for episode in range(2) for frame in range(FRAMES)
    ]
    places = {agent: [float(row[f"observations.1.{agent}"]) for row in frames] for agent in (0, 1)}
    for index, row in enumerate(frames):
        assert row["status.2"] == "policy"
        if row["frame"] == str(FRAMES - 1):
            continue
        for position, agent in enumerate(("1", "2")):
            moved = (0, -3, 3)[int(row[f"actions.{agent}"])]
            assert places[position][index + 1] == places[position][index] + moved
        assert float(row["infos.1.gap"]) == places[0][index + 1] - places[1][index + 1]
    inputs = [row["actions.1"] for row in frames if row["status.1"] == "input"]
    assert inputs == ["1", "1", "2"], "each press of a key is one action, in order"
    decisions = [row["actions.2"] for row in frames if int(row["frame"]) % 5 == 0]
    assert len(set(decisions)) > 1, "the random partner does not do the same all the time"
    between = {row["actions.2"] for row in frames if int(row["frame"]) % 5 != 0}
    assert between == {"0"}, "between its decisions the partner takes the default action"
