"""Embedded games.

Run it with ``python embedded_game.py``, or ``mug serve embedded_game.py``.
"""

from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes.stager import Stager
from mug.scenes.static_scene import CompletionCodeScene, StartScene
from mug.scenes.unity_scene import HtmlGameScene, UnityScene
from mug.server.app import run

welcome = (
    StartScene()
    .scene(scene_id="welcome")
    .display(
        scene_header="Welcome",
        scene_body="<p>You will play two small games. While you read this, the first one is loaded already.</p>",
    )
)

catch = (
    UnityScene()
    .scene(scene_id="catch")
    .display(
        scene_header="Catch the apples",
        scene_body="<p>Move the basket with the left and right arrow keys.</p>",
    )
    .webgl(build_name="catch", webgl_base_url="static/webgl", width=640, height=400, preload_game=True)
    .game(num_episodes=2, score_fn="scoring.py:score")
    .hooks(on_unity_episode_end="scoring.py:adapt")
)

reaction = (
    HtmlGameScene()
    .scene(scene_id="reaction")
    .display(scene_header="How fast are you?", scene_body="<p>Press the space bar as soon as the light is on.</p>")
    .webgl(build_name="reaction", webgl_base_url="static/games", width=640, height=360)
)

end = (
    CompletionCodeScene()
    .scene(scene_id="end")
    .display(scene_header="Thank you", scene_body="<p>Please copy your completion code.</p>")
)

stager = Stager(scenes=[welcome, catch, reaction, end])

config = ExperimentConfig().experiment(stager=stager, experiment_id="embedded_game", title="Embedded games")

if __name__ == "__main__":
    run(config)
