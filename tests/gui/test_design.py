"""Opening studies in the real main window: folders and scripts, good and bad."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.node_looks import look_of_node
from gui.models.opened_study import OpenedStudy
from gui.places import examples
from mug.study.model import (
    CompletionCodePage,
    EndPage,
    GymGame,
    MultipleChoiceForm,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    ScalesForm,
    StartPage,
    StaticPage,
    TextBoxForm,
)

DEADLINE_MS = 60_000

GOOD = """\
format = 1
id = "orders"
title = "Orders"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "<h1>Welcome</h1>"
scene_body = "<p>Hello &amp; <b>thanks</b></p><script>alert(1)</script>"

[[chain]]
kind = "randomize_order"
keep_n = 1

[[chain.scenes]]
kind = "repeat"
n = 2

[[chain.scenes.scenes]]
kind = "static_page"
scene_id = "apple"

[[chain.scenes]]
kind = "static_page"
scene_id = "pear"

[[chain]]
kind = "end_page"
scene_id = "end"
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def opened(lab: Lab, qtbot: QtBot, path: Path) -> OpenedStudy:
    with qtbot.waitSignal(lab.studies.opened, timeout=DEADLINE_MS) as signal:
        lab.open_study(path)
    study = signal.args[0]
    assert isinstance(study, OpenedStudy)
    return study


def refused(lab: Lab, qtbot: QtBot, path: Path) -> str:
    lab.open_study(path)
    qtbot.waitUntil(lambda: bool(lab.window.design.failure()), timeout=DEADLINE_MS)
    return lab.window.design.failure()


def test_that_a_study_is_shown_as_nested_cards(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    study = opened(lab, qtbot, write(tmp_path / "study", GOOD))
    assert study.title == "Orders"
    cards = lab.window.design.editor.canvas.items_by_path()
    assert list(cards) == [(0,), (1,), (1, 0), (1, 0, 0), (1, 1), (2,)]
    outer, inner = cards[(1, 0)], cards[(1, 0, 0)]
    assert outer.sceneBoundingRect().contains(inner.sceneBoundingRect().center())
    assert cards[(0,)].words()[0].startswith("Start page Welcome")
    assert "Hello & thanks" in cards[(0,)].look.summary
    assert "alert" not in cards[(0,)].look.summary


def test_that_problems_are_listed_and_lead_to_their_card(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    text = GOOD.replace('kind = "end_page"\nscene_id = "end"', 'kind = "static_page"\nscene_id = "last"')
    study = opened(lab, qtbot, write(tmp_path / "study", text))
    assert study.errors
    editor = lab.window.design.editor
    shown = editor.problems.list.problems()
    assert len(shown) == len(study.problems)
    assert "error" in editor.problems.state.text()
    at = next(row for row, problem in enumerate(shown) if problem.path)
    index = editor.problems.list.model().index(at, 0)
    editor.problems.list.scrollTo(index)
    place = editor.problems.list.visualRect(index).topLeft() + QPoint(60, 14)
    qtbot.mouseClick(editor.problems.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert lab.document.selection == (shown[at].path,)
    assert editor.canvas.items_by_path()[shown[at].path].errors == 1
    assert not lab.window.run.start_stop.isEnabled()


@pytest.mark.parametrize("path", [*examples()], ids=lambda path: path.name)
def test_that_every_example_opens_without_errors(lab: Lab, qtbot: QtBot, path: Path) -> None:
    assert opened(lab, qtbot, path).errors == ()


def test_that_a_script_is_run_in_a_process_of_its_own(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    script = tmp_path / "script.py"
    script.write_text(
        "import os, pathlib\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        "print('a script may print')\n"
        "from mug.configurations.experiment_config import ExperimentConfig\n"
        "from mug.scenes.stager import Stager\n"
        "from mug.scenes.static_scene import StartScene, EndScene\n"
        "from mug.server import app\n"
        "stager = Stager(scenes=[StartScene().scene(scene_id='a').display(scene_header='A', scene_body='x'),\n"
        "                        EndScene().scene(scene_id='b').display(scene_header='B', scene_body='y')])\n"
        "app.run(ExperimentConfig().experiment(stager=stager, experiment_id='scripted'))\n",
        encoding="utf-8",
    )
    study = opened(lab, qtbot, script)
    assert study.study.id == "scripted"
    import os

    assert int(marker.read_text()) != os.getpid()


def test_that_an_unknown_path_is_said_in_words(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    assert "nowhere" in refused(lab, qtbot, tmp_path / "nowhere")


def test_that_broken_toml_is_said_with_its_place(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    sentence = refused(lab, qtbot, write(tmp_path / "study", 'id = "x\n'))
    assert "study.toml" in sentence
    assert "line 1" in sentence


def test_that_a_script_that_raises_is_said_and_the_open_study_stays(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    opened(lab, qtbot, write(tmp_path / "study", GOOD))
    script = tmp_path / "broken.py"
    script.write_text("x = 1\nraise KeyError('stager')\n", encoding="utf-8")
    sentence = refused(lab, qtbot, script)
    assert "broken.py" in sentence
    assert "KeyError" in sentence
    assert len(lab.window.design.editor.canvas.items_by_path()) == 6


def test_that_a_script_that_ends_the_process_is_said(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    script = tmp_path / "leaves.py"
    script.write_text("import os\nos._exit(3)\n", encoding="utf-8")
    assert "leaves.py" in refused(lab, qtbot, script)


def test_that_a_reload_shows_what_was_edited(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    folder = write(tmp_path / "study", GOOD)
    opened(lab, qtbot, folder)
    write(folder, GOOD.replace('scene_id = "apple"', 'scene_id = "plum"'))
    cards = lab.window.design.editor.canvas.items_by_path
    lab.studies.reload()
    qtbot.waitUntil(lambda: "plum" in cards()[(1, 0, 0)].words()[0], timeout=DEADLINE_MS)


def test_that_an_opened_study_is_among_the_recent_ones(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    folder = write(tmp_path / "study", GOOD)
    opened(lab, qtbot, folder)
    assert lab.settings.recent[0] == folder


@pytest.mark.parametrize(
    "node",
    [
        StartPage(scene_id="a"),
        StaticPage(scene_id="a", scene_body_filepath="pages/a.html"),
        EndPage(scene_id="a", redirect_url="https://example.org"),
        CompletionCodePage(scene_id="a"),
        TextBoxForm(scene_id="a", text_box_header="Why?"),
        MultipleChoiceForm(scene_id="a", questions=("Which?", "And?"), choices=("x", "y")),
        ScalesForm(scene_id="a", scale_questions=("It was fun.",), text_box_header="More?"),
        OptionBoxesForm(
            scene_id="a",
            options=("x", "y"),
            option_box_header="Which?",
            scale_questions=("It was fun.",),
            text_box_header="More?",
        ),
        GymGame(scene_id="a"),
        Repeat(n=3, scenes=()),
        RandomizeOrder(scenes=(), per="group"),
    ],
    ids=lambda node: node.kind,
)
def test_that_every_kind_of_node_has_a_look(node: StaticPage | GymGame | Repeat | RandomizeOrder) -> None:
    look = look_of_node(node)
    assert look.kind
    assert look.title
    assert look.summary


def test_that_a_form_is_known_by_what_it_asks() -> None:
    looks = [
        look_of_node(MultipleChoiceForm(scene_id="a", questions=("<b>Which</b>?", "And?"), choices=("x", "y"))),
        look_of_node(ScalesForm(scene_id="a", scale_questions=("Fun",), text_box_header="More?")),
        look_of_node(TextBoxForm(scene_id="a", text_box_header="Why?", scene_header="Last")),
    ]
    assert [(look.kind, look.title, look.summary) for look in looks] == [
        ("Multiple choice", "a", "2 questions: Which?"),
        ("Scales", "a", "1 scale: Fun · text box"),
        ("Text box", "Last", "Why?"),
    ]


def test_that_the_thorough_check_follows_and_leaves_the_cards(lab: Lab, qtbot: QtBot, tmp_path: Path) -> None:
    text = GOOD.replace('scene_id = "apple"', 'scene_id = "apple"\nscene_body_filepath = "pages/missing.html"')
    first = opened(lab, qtbot, write(tmp_path / "study", text))
    assert not first.checked
    cards = lab.window.design.editor.canvas.items_by_path()
    with qtbot.waitSignal(lab.studies.opened, timeout=DEADLINE_MS) as signal:
        pass
    second = signal.args[0]
    assert isinstance(second, OpenedStudy)
    assert second.checked
    assert any("missing.html" in problem.message for problem in second.problems)
    assert lab.window.design.editor.canvas.items_by_path() == cards
    assert cards[(1, 0, 0)].errors == 1
