"""The questionnaire as a script in the chain API: the same study as study.toml beside it.

Run it with ``python questionnaire.py``, or ``mug serve questionnaire.py``.
"""

from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import scene, stager, static_scene
from mug.server import app

welcome = (
    static_scene.StartScene()
    .scene(scene_id="welcome")
    .display(
        scene_header="Welcome",
        scene_body="<p>We ask you a few questions about video games. It takes about three minutes.</p>",
    )
)

habits = (
    static_scene.MultipleChoice(
        pre_questions_header=None,
        questions=["How often do you play video games?", "With whom do you play most often?"],
        choices=[
            ["Never", "A few times a year", "A few times a month", "A few times a week", "Every day"],
            ["Alone", "With people in the same room", "With people over the network"],
        ],
        question_ids=["how_often", "with_whom"],
    )
    .scene(scene_id="habits")
    .display(scene_header="You and games")
)

devices = (
    static_scene.MultipleChoice(
        pre_questions_header=None,
        questions=["Which of these have you used to control a game?"],
        choices=["Keyboard", "Gamepad", "Touch screen", "None of them"],
        multi_select=True,
        images=[["pictures/keyboard.svg", "pictures/gamepad.svg", "pictures/touch.svg", ""]],
    )
    .scene(scene_id="devices")
    .display(scene_header="You and games")
)

mood = (
    static_scene.ScalesAndTextBox(
        text_box_header="Is there anything that distracts you?",
        pre_scale_header="<p>How do you feel right now?</p>",
        scale_questions=["I am awake.", "I am in a good mood."],
        scale_size=5,
        question_ids=["awake", "good_mood"],
    )
    .scene(scene_id="mood")
    .display(scene_header="At this moment")
)

comparison = (
    static_scene.OptionBoxesWithScalesAndTextBox(
        options=["Playing against others", "Playing with others", "Playing alone"],
        text_box_header="Why?",
        pre_scale_header="<p>Think of the last game that you played.</p>",
        scale_questions=[
            "How mentally demanding was it?",
            "How hurried or rushed was the pace?",
            "How hard did you have to work?",
        ],
        option_box_header="What do you like better?",
        scale_labels=["Very low", "Medium", "Very high"],
    )
    .scene(scene_id="comparison")
    .display(scene_header="Looking back")
)

comments = (
    static_scene.TextBox("What should a good game have?")
    .scene(scene_id="comments")
    .display(scene_header="Before you go")
)

end = (
    static_scene.CompletionCodeScene()
    .scene(scene_id="end")
    .display(scene_header="Thank you", scene_body="<p>Your answers are saved.</p>")
)

config = (
    ExperimentConfig()
    .experiment(
        stager=stager.Stager(
            scenes=[welcome, habits, devices, scene.RepeatScene(mood, n=2), comparison, comments, end],
        ),
        experiment_id="questionnaire",
        title="Questionnaire",
    )
    .hosting(port=8000)
    .static_files(["pictures"])
)

if __name__ == "__main__":
    app.run(config)
