"""Saving a study that was opened from a Python script: asked once, and nothing of the script is ever lost."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.shell.save_dialogs import ScriptSaveDialog
from mug.study import load
from tests.drivers.study_files import StudyFilesDriver, script_of

LAMBDA = "config.entry_screening(entry_callback=lambda context: {'exclude': False})"


@pytest.fixture
def driver(lab: Lab, qtbot: QtBot, tmp_path: Path) -> StudyFilesDriver:
    return StudyFilesDriver(lab, qtbot, tmp_path)


def opened_script(driver: StudyFilesDriver, more: str = "") -> Path:
    script = driver.folder.with_name("scripted") / "experiment.py"
    script.parent.mkdir()
    script.write_text(script_of(more), encoding="utf-8")
    driver.open(script, checked=True)
    driver.edit("Edited")
    return script


def ask(driver: StudyFilesDriver) -> ScriptSaveDialog:
    driver.press_save()
    dialog = driver.lab.studies.saving.script_dialog
    assert dialog is not None
    return dialog


def choose(driver: StudyFilesDriver, key: str) -> None:
    dialog = ask(driver)
    dialog.choices[key].click()
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)


def saved(driver: StudyFilesDriver) -> None:
    driver.wait(lambda: driver.lab.document.is_clean and not driver.lab.studies.saving.is_saving)


def test_that_a_script_is_left_alone_when_asked_to(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    dialog = ask(driver)
    driver.qtbot.mouseClick(dialog.leave, Qt.MouseButton.LeftButton)
    assert script.read_text(encoding="utf-8") == script_of()
    assert [path.name for path in script.parent.iterdir() if path.suffix == ".py"] == ["experiment.py"]
    assert driver.title == "Edited"
    assert not driver.lab.document.is_clean


def test_that_a_script_is_replaced_and_the_old_one_kept_and_asked_about_once(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    choose(driver, "replace")
    saved(driver)
    assert load(script).study.title == "Edited"
    old = script.with_name("experiment.before-mug.py")
    assert old.read_text(encoding="utf-8") == script_of()
    driver.edit("Edited again")
    driver.save()
    assert load(script).study.title == "Edited again"
    assert sorted(path.name for path in script.parent.glob("*.py")) == ["experiment.before-mug.py", "experiment.py"]
    driver.settle()
    assert driver.lab.window.design.banner.shown() == []


@pytest.mark.long
def test_that_a_new_script_leaves_the_old_one(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    choose(driver, "script")
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.name.setText("2nd.py")
    assert dialog.problem()
    dialog.name.setText("second.py")
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    saved(driver)
    second = script.with_name("second.py")
    assert load(second).study.title == "Edited"
    assert script.read_text(encoding="utf-8") == script_of()
    assert driver.lab.document.opened is not None
    assert driver.lab.document.opened.path == second
    driver.edit("Edited again")
    driver.save()
    assert load(second).study.title == "Edited again"


def test_that_what_only_python_can_say_keeps_the_script_from_being_written(driver: StudyFilesDriver) -> None:
    script = opened_script(driver, LAMBDA)
    dialog = ask(driver)
    assert not dialog.choices["replace"].isEnabled()
    assert not dialog.choices["script"].isEnabled()
    shown = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    assert "screening.entry_callback (lambda in experiment.py)" in shown
    dialog.reject()
    assert script.read_text(encoding="utf-8") == script_of(LAMBDA)


@pytest.mark.long
def test_that_what_is_not_in_the_study_any_more_is_no_obstacle(driver: StudyFilesDriver) -> None:
    from mug.study.edits import SetField

    opened_script(driver, LAMBDA)
    driver.lab.document.push(SetField(path=(), field="screening.entry_callback", value=None))
    dialog = ask(driver)
    assert dialog.choices["replace"].isEnabled()
    dialog.reject()


@pytest.mark.long
def test_that_a_script_that_was_edited_by_hand_again_is_asked_about_again(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    choose(driver, "replace")
    saved(driver)
    driver.settle()
    script.write_text(script_of("# mine").replace('"Scripted"', '"By hand"'), encoding="utf-8")
    driver.wait(lambda: driver.title == "By hand" and driver.lab.document.is_clean)
    driver.settle()
    driver.edit("Edited")
    ask(driver).reject()


def test_that_a_study_folder_can_be_saved_as_a_script(driver: StudyFilesDriver) -> None:
    driver.open()
    driver.edit("Edited")
    driver.lab.studies.save_as()
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.kind.choose("script")
    dialog.place.setText(str(driver.folder))
    dialog.name.setText("experiment.py")
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    saved(driver)
    assert load(driver.folder / "experiment.py").study == driver.lab.document.study
    assert driver.on_disk().title == "Orders"


def test_that_what_a_script_cannot_say_is_listed(driver: StudyFilesDriver) -> None:
    from mug.study.edits import remove

    driver.open()
    assert driver.lab.document.study is not None
    driver.lab.document.push(remove(driver.lab.document.study, [(2,)]))
    driver.lab.studies.save_as()
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.kind.choose("script")
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    assert "Not saved" in driver.banner("save")
    assert "end page" in driver.lab.window.design.banner.text("save")
    assert not (driver.folder / "experiment.py").exists()


GAME = """\
import gymnasium
from mug.scenes.gym_scene import GymScene

scenes.insert(1, GymScene().scene(scene_id="tag")
    .rendering(hud_text_fn=lambda game: f"Frame {game.frame}")
    .gameplay(callback=type("Recorder", (), {"on_episode_start": lambda self, game: None})())
    .runtime(environment_initialization_code="env = None"))
config.experiment(stager=Stager(scenes=scenes))
"""


def test_that_a_script_is_saved_as_a_folder_beside_it_with_references(driver: StudyFilesDriver) -> None:
    script = opened_script(driver, GAME)
    choose(driver, "folder")
    saved(driver)
    folder = script.parent
    assert script.read_text(encoding="utf-8") == script_of(GAME)
    loaded = load(folder)
    assert loaded.study.title == "Edited"
    assert loaded.study == driver.lab.document.study
    game = loaded.study.chain[1]
    assert hasattr(game, "gameplay")
    assert type(loaded.resolve_callable(game.gameplay.callback)).__name__ == "Recorder"
    assert loaded.resolve_callable(game.rendering.hud_text_fn) is not None
    opened = driver.lab.document.opened
    assert opened is not None
    assert opened.path == folder
    driver.edit("Edited again")
    driver.save()
    assert load(folder).study.title == "Edited again"
    driver.wait(lambda: driver.lab.document.opened is not None and driver.lab.document.opened.checked)
    assert not [problem for problem in driver.lab.document.problems if "tag" in str(problem) and "hud" in str(problem)]


@pytest.mark.long
def test_that_a_script_is_saved_as_a_folder_elsewhere_with_its_files(driver: StudyFilesDriver, tmp_path: Path) -> None:
    script = opened_script(driver, GAME)
    (script.parent / "helper.py").write_text("x = 1\n", encoding="utf-8")
    choose(driver, "elsewhere")
    dialog = driver.lab.studies.saving.save_as_dialog
    assert dialog is not None
    dialog.name.setText("as_a_folder")
    driver.qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    saved(driver)
    folder = tmp_path / "as_a_folder"
    assert (folder / "helper.py").exists()
    loaded = load(folder)
    assert loaded.study.title == "Edited"
    game = loaded.study.chain[1]
    assert hasattr(game, "gameplay")
    assert type(loaded.resolve_callable(game.gameplay.callback)).__name__ == "Recorder"
    assert [path.name for path in script.parent.iterdir() if path.suffix == ".toml"] == []


@pytest.mark.long
def test_that_a_folder_is_not_written_over_another_study(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    (script.parent / "study.toml").write_text("id = 'other'\n", encoding="utf-8")
    dialog = ask(driver)
    assert not dialog.choices["folder"].isEnabled()
    assert dialog.choices["elsewhere"].isChecked()
    dialog.reject()


@pytest.mark.long
def test_that_a_script_that_fails_now_cannot_become_a_folder_and_says_why(driver: StudyFilesDriver) -> None:
    script = opened_script(driver)
    driver.lab.studies._watch.stop()
    script.write_text("raise KeyError('broken meanwhile')\n", encoding="utf-8")
    choose(driver, "folder")
    assert "broken meanwhile" in driver.banner("save")
    assert not (script.parent / "study.toml").exists()
    assert driver.title == "Edited"
