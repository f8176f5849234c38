"""Overcooked for two people, each in a browser: every pair cooks in two of four kitchens, drawn for the pair.

Run it with ``mug serve together.py`` and open the address in two windows. The study with partners that are no people is
study.toml beside this file.
"""

from mug.configurations.configuration_constants import ActionSettings, InputModes, PolicyTypes
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import gym_scene, scene, stager, static_scene
from mug.server import app

UP, DOWN, LEFT, RIGHT, ACT, STAY = range(6)
FPS, SECONDS = 12, 60

KITCHENS = {
    "cramped_room": "There is one pot, and little room.",
    "asymmetric_advantages": "Each of you has a side of the kitchen; the pots can be reached from both.",
    "coordination_ring": "The way around is narrow: agree on a direction.",
    "forced_coordination": "One of you has the onions and plates, the other the pots. Pass things over the middle.",
}

welcome = (
    static_scene.StartScene()
    .scene(scene_id="welcome")
    .display(scene_header="Welcome", scene_body_filepath="pages/welcome_together.html")
)

instructions = (
    static_scene.StaticScene()
    .scene(scene_id="instructions")
    .display(scene_header="How to cook", scene_body_filepath="pages/instructions.html")
)


def cook_in(layout: str, words: str) -> gym_scene.GymScene:
    """Return the round in one kitchen."""
    return (
        gym_scene.GymScene()
        .scene(scene_id=layout.replace("_", "-"))
        .environment(env_creator="overcooked_env.py:make_kitchen", env_config={"layout": layout, "seconds": SECONDS})
        .rendering(
            fps=FPS,
            game_width=720,
            game_height=480,
            background="#fbf9f4",
            hud_text_fn="overcooked_env.py:hud_text",
        )
        .policies(policy_mapping={"blue": PolicyTypes.Human, "orange": PolicyTypes.Human})
        .gameplay(
            # The space bar counts before an arrow that is held as well.
            action_mapping={" ": ACT, "ArrowUp": UP, "ArrowDown": DOWN, "ArrowLeft": LEFT, "ArrowRight": RIGHT},
            default_action=STAY,
            action_population_method=ActionSettings.DefaultAction,
            input_mode=InputModes.PressedKeys,
            num_episodes=1,
            max_steps=SECONDS * FPS,
            reset_freeze_s=1.0,
        )
        .multiplayer(input_delay="auto", dropout_policy="default_action")
        .content(
            scene_header=layout.replace("_", " ").capitalize(),
            scene_body=f"<p>{words} The round lasts one minute and begins when you are both ready.</p>",
            in_game_scene_body_filepath="pages/controls.html",
        )
        .runtime(run_through_pyodide=True, packages_to_install=["cogrid==0.3.2"])
    )


kitchens = scene.RandomizeOrder([cook_in(layout, words) for layout, words in KITCHENS.items()], keep_n=2, per="group")

end = (
    static_scene.CompletionCodeScene()
    .scene(scene_id="end")
    .display(scene_header="Thank you", scene_body_filepath="pages/end.html")
)

config = (
    ExperimentConfig()
    .experiment(
        stager=stager.Stager(scenes=[welcome, instructions, kitchens, end]),
        experiment_id="overcooked-together",
        title="Overcooked together",
    )
    .hosting(port=8000)
)

if __name__ == "__main__":
    app.run(config)
