"""The parts of a study's file life on their own: recovery files and claims, copies, targets, the banner."""

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.design.file_banner import Answer, FileBanner
from gui.models.opened_study import OpenedStudy
from gui.models.save_target import SaveTarget
from gui.runtime import study_saving
from gui.runtime.study_copying import CopyProgress, make_folder, study_places
from gui.runtime.study_saving import ChangedOutsideError, SaveRequest, save_script, save_study
from gui.runtime.study_writing import StudyWriting, WritingProblem
from gui.runtime.unsaved_work import StudyClaim, UnsavedWork
from gui.widgets.theme import Theme
from mug.study import Study, StudyFileError, read_study
from mug.study.unsaved import UnsavedStudy
from tests.drivers.study_files import script_of

STUDY = Study(id="a", title="A")


def unsaved(path: Path, title: str = "A") -> UnsavedStudy:
    study = Study(id="a", title=title)
    return UnsavedStudy(
        path=path, source=path / "study.toml", base_sha256="", at="2026-01-02T03:04:05+00:00", study=study
    )


def test_that_only_what_a_dead_app_left_is_found(tmp_path: Path) -> None:
    dead, alive, mine = (UnsavedWork(tmp_path) for _ in range(3))
    dead.keep(unsaved(tmp_path / "x", "dead"))
    alive.keep(unsaved(tmp_path / "x", "alive"))
    mine.keep(unsaved(tmp_path / "x", "mine"))
    dead.close(keep=True)
    assert [left.unsaved.title for left in mine.left()] == ["dead"]
    assert [left.unsaved.title for left in mine.left(tmp_path / "x")] == ["dead"]
    assert mine.left(tmp_path / "y") == []
    mine.forget(mine.left()[0])
    assert mine.left() == []
    alive.close()
    mine.close()
    assert list((tmp_path / "unsaved").iterdir()) == []


def test_that_damaged_recovery_files_are_passed_over_and_stay(tmp_path: Path) -> None:
    dead, mine = UnsavedWork(tmp_path), UnsavedWork(tmp_path)
    dead.keep(unsaved(tmp_path / "x"))
    dead.close(keep=True)
    (file,) = (tmp_path / "unsaved").glob("*/*.unsaved.json")
    file.write_bytes(b"\xff\xfe{")
    assert mine.left() == []
    assert file.exists()


def test_that_a_study_has_one_app(tmp_path: Path) -> None:
    first = StudyClaim.take(tmp_path, tmp_path / "x")
    assert first.holder is None
    second = StudyClaim.take(tmp_path, tmp_path / "x")
    assert second.holder is not None
    assert second.holder["pid"] == str(os.getpid())
    assert StudyClaim.take(tmp_path, tmp_path / "y").holder is None
    first.release()
    assert StudyClaim.take(tmp_path, tmp_path / "x").holder is None


def test_that_a_state_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    assert StudyClaim.take(tmp_path / "state", tmp_path / "x").holder is None
    work = UnsavedWork(tmp_path / "state")
    assert work.left() == []
    with pytest.raises(OSError, match="state"):
        work.keep(unsaved(tmp_path / "x"))
    work.close()


def request_of(file: Path, title: str) -> SaveRequest:
    text = file.read_bytes()
    opened = OpenedStudy(
        path=file.parent,
        study=STUDY,
        folder=file.parent,
        content_hash="",
        problems=(),
        source=file,
        source_sha256=hashlib.sha256(text).hexdigest(),
    )
    return SaveRequest(Study(id="a", title=title), opened)


@pytest.mark.parametrize("form", ["folder", "script"])
def test_that_what_comes_while_the_version_before_is_kept_is_not_overwritten(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ("study.toml" if form == "folder" else "experiment.py")
    file.write_text('id = "a"\n', encoding="utf-8")

    def change(*_: object) -> None:
        file.write_text('id = "theirs"\n', encoding="utf-8")

    request = request_of(file, "Mine")
    monkeypatch.setattr(study_saving, "_write_beside", change)
    save = save_study if form == "folder" else partial(save_script, text="mine", put_aside=False)
    with pytest.raises(ChangedOutsideError):
        save(request, keep_version=change)
    assert file.read_text(encoding="utf-8") == 'id = "theirs"\n'
    assert list(tmp_path.iterdir()) == [file]


def test_that_a_script_whose_threads_never_end_is_opened(tmp_path: Path) -> None:
    script, out = tmp_path / "experiment.py", tmp_path / "out.json"
    more = "import atexit, threading\natexit.register(print, 'tidy')\n"
    more += "threading.Thread(target=threading.Event().wait).start()"
    script.write_text(script_of(more), encoding="utf-8")
    command = [sys.executable, "-m", "gui.runtime.load_study_child", str(script), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert msgspec.json.decode(out.read_bytes())["error"] == ""
    assert "tidy" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows is not told that its parent is gone")
def test_that_a_script_without_end_goes_with_a_killed_app(tmp_path: Path) -> None:
    script = tmp_path / "experiment.py"
    script.write_text("print('here', flush=True)\nwhile True:\n    pass\n", encoding="utf-8")
    child = [sys.executable, "-m", "gui.runtime.load_study_child", str(script), "--out", str(tmp_path / "out.json")]
    app = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *child], stderr=subprocess.PIPE
    )
    assert app.stderr is not None
    assert app.stderr.readline().strip() == b"here"
    app.kill()
    app.communicate(timeout=15)  # the child holds the other end of the pipe


def test_that_a_study_that_cannot_be_handed_on_is_no_save_without_end(tmp_path: Path, qtbot: QtBot) -> None:
    writing = StudyWriting()
    problems: list[WritingProblem] = []
    huge = Study(id="a", extra={"many": 10**5000})
    writing.script(huge, tmp_path / "experiment.py", (), lambda _text: None, problems.append)
    assert "could not begin" in problems[0].sentence
    writing.close()
    writing.script(STUDY, tmp_path / "experiment.py", (), lambda _text: None, problems.append)
    assert "No such file" in problems[1].sentence


def test_that_links_in_circles_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text("a", encoding="utf-8")
    (tmp_path / "pages" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b.html").symlink_to(tmp_path / "pages" / "a.html")
    found = [file.relative_to(tmp_path).as_posix() for _, files in study_places(tmp_path) for file in files]
    assert found == ["b.html", "pages/a.html"]


def test_that_a_copy_inside_of_itself_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "study"
    source.mkdir()
    for target in (source, source / "copy", tmp_path):
        with pytest.raises(StudyFileError, match="own folder"):
            make_folder(source, target, STUDY, {}, CopyProgress())
    assert list(source.iterdir()) == []


def test_that_a_copy_never_takes_the_place_of_something_unasked(tmp_path: Path) -> None:
    source, target = tmp_path / "study", tmp_path / "other"
    source.mkdir()
    target.mkdir()
    (target / "precious.txt").write_text("x", encoding="utf-8")
    with pytest.raises(StudyFileError):
        make_folder(source, target, STUDY, {}, CopyProgress())
    assert [path.name for path in tmp_path.iterdir()] == ["study", "other"] or (target / "precious.txt").exists()
    for number in range(2):
        aside, _ = make_folder(source, target, STUDY, {}, CopyProgress(), put_aside=True)
        assert aside is not None
        assert aside.name == ("other-before" if number == 0 else "other-before-2")
    assert (tmp_path / "other-before" / "precious.txt").exists()
    assert read_study(target / "study.toml") == STUDY


def test_that_a_folder_of_other_things_is_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "home"
    source.mkdir()
    for number in range(5_001):
        (source / f"{number}").touch()
    with pytest.raises(StudyFileError, match="other things"):
        make_folder(source, tmp_path / "copy", STUDY, {}, CopyProgress())
    assert not (tmp_path / "copy").exists()


def test_that_targets_are_judged_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()

    def problem(kind: str, name: str, parent: Path = tmp_path) -> str:
        return SaveTarget(kind=kind, parent=parent, name=name).problem()

    assert problem("folder", "new") == ""
    assert problem("script", "new.py") == ""
    assert "is a file" in problem("folder", "file")
    assert "other files" in problem("folder", "full")
    assert "not a folder" in problem("folder", "new", tmp_path / "file" / "deeper")
    assert "whole path" in problem("folder", "new", Path("relative"))
    assert "ends with .py" in problem("script", "new")
    assert "device" in problem("script", "nul.py")


def test_that_two_banners_are_in_sight_by_urgency_and_reached_by_keyboard(theme: Theme, qtbot: QtBot) -> None:
    host = QWidget()
    layout = QVBoxLayout(host)
    banner = FileBanner(theme)
    layout.addWidget(banner)
    qtbot.addWidget(host)
    host.show()
    pressed: list[str] = []
    for key, rank in (("low", 9), ("middle", 5), ("high", 1)):
        banner.say(key, f"This is {key}.", rank=rank, answers=(Answer("Do", lambda key=key: pressed.append(key)),))
    assert banner.shown() == ["high", "middle"]
    assert banner.waiting() == ["low"]
    host.activateWindow()
    qtbot.waitUntil(host.isActiveWindow)
    assert banner.focus_first()
    qtbot.keyClick(host.focusWidget(), Qt.Key.Key_Space)
    qtbot.keyClick(host.focusWidget(), Qt.Key.Key_Tab)
    qtbot.keyClick(host.focusWidget(), Qt.Key.Key_Space)
    assert pressed == ["high", "middle"]
    banner.drop("high")
    assert banner.shown() == ["middle", "low"]
    button = banner.button("middle", "Do")
    banner.say("middle", "Other words.", rank=5, answers=(Answer("Do", lambda: pressed.append("other")),))
    assert banner.button("middle", "Do") is button, "the keyboard stays where it is while words change"
    button.click()
    assert pressed[-1] == "other"
    banner.clear()
    assert not banner.isVisible()
    assert not banner.focus_first()
