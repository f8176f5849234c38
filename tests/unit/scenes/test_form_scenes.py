"""Forms in the chain API: the calls of the vocabulary become nodes; what does not fit together is refused in words."""

import copy
import inspect
import re
from pathlib import Path

import pytest

from mug.scenes import static_scene
from mug.scenes.values import Building
from mug.study import Study, dump_study, parse_study, validate
from mug.study.model import (
    EndPage,
    MultipleChoiceForm,
    OptionBoxesForm,
    ScalesForm,
    StartPage,
    TextBoxForm,
)
from mug.study.questions import questions_of

LIKERT = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")


def built(scene):
    return scene.build_node(Building("script.py", Path("/study")))


def every_form():
    """One of each kind, with what is optional left out."""
    return [
        static_scene.TextBox("What did you <b>notice</b>?").scene("text"),
        static_scene.MultipleChoice("Please choose.", ["Which?", "And now?"], [["a", "b"], ["c", "d", "e"]]).scene(
            "mc"
        ),
        static_scene.ScalesAndTextBox("Anything else?", "How was it?", ["It was fun.", "It was hard."]).scene("scales"),
        static_scene.OptionBoxesWithScalesAndTextBox(
            ["Left", "Right"], "Why?", "How sure are you?", ["I am sure."], "Which side won?"
        ).scene("boxes"),
    ]


def test_that_the_calls_of_the_vocabulary_become_nodes():
    text, choice, scales, boxes = (built(scene) for scene in every_form())
    assert text == TextBoxForm(scene_id="text", text_box_header="What did you <b>notice</b>?", required=True)
    assert choice == MultipleChoiceForm(
        scene_id="mc",
        pre_questions_header="Please choose.",
        questions=("Which?", "And now?"),
        choices=(("a", "b"), ("c", "d", "e")),
        multi_select=False,
        images=(),
        required=True,
    )
    assert scales == ScalesForm(
        scene_id="scales",
        text_box_header="Anything else?",
        pre_scale_header="How was it?",
        scale_questions=("It was fun.", "It was hard."),
        scale_size=21,
        scale_labels=LIKERT,
    )
    assert boxes == OptionBoxesForm(
        scene_id="boxes",
        options=("Left", "Right"),
        text_box_header="Why?",
        pre_scale_header="How sure are you?",
        scale_questions=("I am sure.",),
        option_box_header="Which side won?",
        scale_size=21,
        scale_labels=LIKERT,
    )


@pytest.mark.parametrize(
    ("scene", "parameters"),
    [
        ("TextBox", ["text_box_header", "required"]),
        ("MultipleChoice", ["pre_questions_header", "questions", "choices", "multi_select", "images"]),
        (
            "ScalesAndTextBox",
            ["text_box_header", "pre_scale_header", "scale_questions", "scale_size", "scale_labels"],
        ),
        (
            "OptionBoxesWithScalesAndTextBox",
            [
                "options",
                "text_box_header",
                "pre_scale_header",
                "scale_questions",
                "option_box_header",
                "scale_size",
                "scale_labels",
            ],
        ),
    ],
)
def test_that_the_parameters_come_in_the_order_of_the_vocabulary(scene, parameters):
    known = list(inspect.signature(getattr(static_scene, scene)).parameters)
    assert known[: len(parameters)] == parameters


def test_that_a_form_shows_a_page_too_and_stands_on_its_own_when_copied():
    first = static_scene.TextBox("Why?", required=False).scene("a").display(scene_header="H", scene_body=("x", "y"))
    second = copy.deepcopy(first).scene("b", should_export_metadata=True)
    assert built(first) == TextBoxForm(
        scene_id="a", text_box_header="Why?", required=False, scene_header="H", scene_body="x\ny"
    )
    assert (built(second).scene_id, built(second).should_export_metadata) == ("b", True)


def test_that_forms_of_a_script_survive_their_study_file():
    chain = (StartPage(scene_id="s", scene_body="x"), *map(built, every_form()), EndPage(scene_id="e", scene_body="x"))
    study = Study(id="forms", chain=chain)
    text = dump_study(study)
    assert parse_study(text, Path("study.toml")) == study
    assert "scale_size" not in text  # a default is not written
    assert validate(study) == []


def test_that_questions_have_ids_that_the_researcher_can_choose():
    named = static_scene.ScalesAndTextBox("More?", None, ["Fun", "Hard"], question_ids=["fun", "hard"]).scene("s")
    assert [question.question_id for question in questions_of(built(named))] == ["fun", "hard", "text"]
    boxes = every_form()[3]
    assert [question.question_id for question in questions_of(built(boxes))] == ["option", "q1", "text"]


def scales(**values):
    return static_scene.ScalesAndTextBox("Text", "Before", **{"scale_questions": ["A", "B"], **values})


def choice(**values):
    return static_scene.MultipleChoice("Before", **{"questions": ["A", "B"], "choices": ["x", "y"], **values})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: static_scene.TextBox("  "), ValueError, r"TextBox\(text_box_header=…\) is empty: write"),
        (lambda: static_scene.TextBox(None), TypeError, r"TextBox\(text_box_header=…\) must be a text"),
        (lambda: static_scene.TextBox("Why?", required="yes"), TypeError, r"TextBox\(required=…\)"),
        (lambda: choice(questions=[]), ValueError, "at least one question"),
        (lambda: choice(questions="AB"), TypeError, "must be a list of text"),
        (lambda: choice(questions=["A", " "]), ValueError, r"questions=…\)\[1\] is an empty question"),
        (lambda: choice(questions=["A", "A"]), ValueError, r"questions=…\)\[1\] is 'A', as questions\[0\]"),
        (lambda: choice(choices=["x"]), ValueError, "at least two"),
        (lambda: choice(choices=["x", "x"]), ValueError, "say the choice once"),
        (lambda: choice(choices=["x", ["y", "z"]]), ValueError, "mixes texts and lists"),
        (lambda: choice(choices=[["x", "y"]]), ValueError, "1 lists for 2 questions"),
        (lambda: choice(choices=[1, 2]), TypeError, "must be a list of text"),
        (lambda: choice(images=["a.png"]), ValueError, "1 pictures for 2 questions"),
        (lambda: choice(images=[["a.png"], []]), ValueError, r"images=…\)\[0\] holds 1 pictures for 2 choices"),
        (lambda: choice(images=["https://x.org/a.png", ""]), ValueError, "static_files"),
        (lambda: choice(question_ids=["one"]), ValueError, "1 ids for 2 questions"),
        (lambda: choice(question_ids=["one", "one"]), ValueError, "give each its own"),
        (lambda: choice(question_ids=["one", "text"]), ValueError, "names the text box"),
        (lambda: choice(question_ids=["one", "a b"]), ValueError, "letters, digits"),
        (lambda: scales(scale_size=1), ValueError, r"scale_size=…\) is 1; it must be from 2 to 101"),
        (lambda: scales(scale_size=3), ValueError, "5 labels for 3 points"),
        (lambda: scales(scale_labels=["only"]), ValueError, "at least two"),
        (lambda: scales(scale_labels=[["a", "b"]]), ValueError, "1 lists for 2 questions"),
        (
            lambda: static_scene.OptionBoxesWithScalesAndTextBox(["a"], "T", "S", ["q"], "O"),
            ValueError,
            r"OptionBoxesWithScalesAndTextBox\(options=…\) holds one choice",
        ),
    ],
)
def test_that_what_does_not_fit_together_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_that_one_box_to_tick_is_a_question_of_several_answers():
    form = built(static_scene.MultipleChoice(None, ["Consent"], ["I agree"], multi_select=True).scene("c"))
    (question,) = questions_of(form)
    assert (question.kind, question.levels) == ("choices", ("I agree",))


def test_that_the_script_and_the_file_of_the_how_to_are_one_scene():
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "ask-questions.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (toml,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    names = {}
    exec(code, names)
    (scene,) = parse_study(f'format = 1\nid = "a"\n{toml}', Path("study.toml")).chain
    assert built(names["workload"]) == scene
