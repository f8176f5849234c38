"""MUG Lab's window and the file of a study, in the words of the person who edits it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.opened_study import OpenedStudy
from mug.study import Study, read_study
from mug.study.edits import SetField
from mug.study.model import EndPage, StartPage, StaticPage

__all__ = ["DEADLINE_MS", "STUDY", "StudyFilesDriver", "long_study", "script_of"]

DEADLINE_MS = 60_000

STUDY = """\
# Written by hand.
format = 1
id = "orders"
title = "Orders"  # for people

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"
scene_body = "<p>Hello</p>"

[[chain]]
kind = "static_page"
scene_id = "rules"
scene_body_filepath = "pages/rules.html"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thanks"
scene_body = "<p>Goodbye</p>"
"""

_SCRIPT = """\
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes.stager import Stager
from mug.scenes.static_scene import EndScene, StartScene
from mug.server import app

# A comment of the researcher.
scenes = [
    StartScene().scene(scene_id="a").display(scene_header="A", scene_body="x"),
    EndScene().scene(scene_id="b").display(scene_header="B", scene_body="y"),
]
config = ExperimentConfig().experiment(stager=Stager(scenes=scenes), experiment_id="scripted", title="Scripted")
{more}
app.run(config)
"""


def script_of(more: str = "") -> str:
    """Return a script in the chain API, with some lines of one's own before it runs."""
    return _SCRIPT.format(more=more)


def long_study(scenes: int) -> Study:
    """Return a study with many pages."""
    body = "x" * 200
    pages = [StaticPage(scene_id=f"page_{number}", scene_header="A page", scene_body=body) for number in range(scenes)]
    return Study(id="long", chain=(StartPage(scene_id="start"), *pages, EndPage(scene_id="end")))


class StudyFilesDriver:
    """Opens, edits, saves; reads banners and presses their buttons.

    Attributes:
        lab: The app.
        folder: A study's folder.
        file: Its ``study.toml``.
    """

    def __init__(self, lab: Lab, qtbot: QtBot, place: Path) -> None:
        self.lab, self.qtbot = lab, qtbot
        self.folder = place / "orders"
        (self.folder / "pages").mkdir(parents=True)
        (self.folder / "pages" / "rules.html").write_text("<p>Rules</p>", encoding="utf-8")
        self.file = self.folder / "study.toml"
        self.file.write_text(STUDY, encoding="utf-8")

    def wait(self, condition: Callable[[], bool], deadline_ms: int = DEADLINE_MS) -> None:
        """Let the app work until something holds."""
        self.qtbot.waitUntil(condition, timeout=deadline_ms)

    def open(self, path: Path | None = None, *, checked: bool = False) -> OpenedStudy:
        """Open a study and wait until it is there, or until it is checked, too."""
        wanted = path or self.folder
        self.lab.open_study(wanted)

        def is_there() -> bool:
            opened = self.lab.document.opened
            return opened is not None and opened.path == wanted.resolve() and (opened.checked or not checked)

        self.wait(is_there)
        assert self.lab.document.opened is not None
        return self.lab.document.opened

    def refused(self, path: Path) -> str:
        """Open something that is no study; return the sentence."""
        self.lab.open_study(path)
        self.wait(lambda: bool(self.lab.window.design.failure()))
        return self.lab.window.design.failure()

    def edit(self, title: str) -> None:
        """Change the study's title."""
        assert self.lab.document.push(SetField(path=(), field="title", value=title))

    @property
    def title(self) -> str | None:
        """The title as it is edited."""
        assert self.lab.document.study is not None
        return self.lab.document.study.title

    def save(self) -> None:
        """Press Ctrl+S and wait until the file says what is open."""
        self.press_save()
        self.wait(lambda: self.lab.document.is_clean and not self.lab.studies.saving.is_saving)

    def press_save(self) -> None:
        """Press Ctrl+S."""
        self.in_front()
        self.qtbot.keyClick(self.lab.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def in_front(self) -> None:
        """Let the window have the keyboard, as after a dialog."""
        self.lab.window.activateWindow()
        self.wait(self.lab.window.isActiveWindow)

    def on_disk(self) -> Study:
        """Return the study as its file says it."""
        return read_study(self.file)

    def banner(self, key: str) -> str:
        """Wait for a banner; return its sentence."""
        self.wait(lambda: key in self.lab.window.design.banner.shown())
        return self.lab.window.design.banner.text(key)

    def has_banner(self, key: str) -> bool:
        """Say whether a banner is there, in sight or waiting."""
        return bool(self.lab.window.design.banner.text(key))

    def answer(self, key: str, text: str) -> None:
        """Press a button of a banner."""
        self.banner(key)
        self.qtbot.mouseClick(self.lab.window.design.banner.button(key, text), Qt.MouseButton.LeftButton)

    def settle(self) -> None:
        """Wait until nothing is loaded, checked or saved any more."""
        self.wait(lambda: not self.lab.loading.is_busy and not self.lab.studies.saving.is_saving)

    def come_back_to_the_window(self) -> None:
        """Let the app be told that it is in front again."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
