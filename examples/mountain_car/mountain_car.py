"""Mountain Car as a script in the chain API: the same study as study.toml beside it.

Run it with ``python mountain_car.py``, or ``mug serve mountain_car.py``.
"""

from mug.configurations.configuration_constants import ActionSettings, InputModes, PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, stager, static_scene
from mug.server import app

# Gymnasium's actions
PUSH_LEFT, DO_NOTHING, PUSH_RIGHT = 0, 1, 2

welcome = (
    static_scene.StartScene()
    .scene(scene_id="welcome")
    .display(scene_header="Welcome", scene_body_filepath="pages/welcome.html")
)

instructions = (
    static_scene.StaticScene()
    .scene(scene_id="instructions")
    .display(scene_header="How to play", scene_body_filepath="pages/instructions.html")
)

mountain_car = (
    gym_scene.GymScene()
    .scene(scene_id="mountain-car")
    .rendering(
        fps=30,
        game_width=600,
        game_height=400,
        background="#eaf2f8",
        hud_text_fn="mountain_car_env.py:hud_text",
    )
    .policies(policy_mapping={"human": PolicyTypes.Human})
    .gameplay(
        action_mapping={"ArrowLeft": PUSH_LEFT, "ArrowRight": PUSH_RIGHT},
        default_action=DO_NOTHING,
        action_population_method=ActionSettings.DefaultAction,
        input_mode=InputModes.PressedKeys,
        num_episodes=2,
        max_steps=600,
        reset_freeze_s=0.5,
    )
    .content(
        scene_header="Mountain Car",
        scene_body="<p>Bring the car to the flag. You have two tries.</p>",
        in_game_scene_body_filepath="pages/controls.html",
    )
    .runtime(
        environment_initialization_code_filepath="mountain_car_env.py",
        packages_to_install=["gymnasium>=1.0"],
    )
)

end = (
    static_scene.CompletionCodeScene()
    .scene(scene_id="end")
    .display(scene_header="Thank you", scene_body_filepath="pages/end.html")
)

config = (
    ExperimentConfig()
    .experiment(
        stager=stager.Stager(scenes=[welcome, instructions, mountain_car, end]),
        experiment_id="mountain-car",
        title="Mountain Car",
    )
    .hosting(port=8000)
)

if __name__ == "__main__":
    app.run(config)
