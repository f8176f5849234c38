"""The Data page with real records: found, looked at, annotated, exported, withdrawn from."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.export_settings import ExportSettings
from gui.models.quality_rows import PeopleModel, QualityModel
from gui.shell.settings import LabSettings
from mug.data import read_export, read_manifest
from mug.records import RecordWriter
from mug.records.annotations import read_annotations
from mug.records.scratch import make_scratch, remove_old_scratch
from mug.records.verify import verify
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.withdrawn_session import SECRETS, record_pair

DEADLINE_MS = 60_000


@pytest.fixture
def records(settings: LabSettings) -> Path:
    with RecordedSession(settings.data_dir, "s-pilot-like"):
        pass
    return record_pair(settings.data_dir, session_id="s1")


@pytest.fixture
def data(records: Path, lab: Lab, qtbot: QtBot) -> "DataHand":
    return DataHand(lab, qtbot)


class DataHand:
    """What a user does on the Data page."""

    def __init__(self, lab: Lab, qtbot: QtBot) -> None:
        self.lab, self.page, self._qtbot = lab, lab.window.data, qtbot
        lab.window.show_page("data")
        self.until(lambda: len(self.page.library.model.rows()) == 2)
        self.choose("s1")

    def until(self, holds: object) -> None:
        self._qtbot.waitUntil(holds, timeout=DEADLINE_MS)

    def choose(self, session_id: str) -> None:
        self.page.select(session_id)
        self.until(lambda: bool(self.page.detail.overview.verdict.text()))

    def tab(self, name: str) -> QWidget:
        tabs = self.page.detail.tabs
        [place] = [place for place in range(tabs.count()) if tabs.tabText(place) == name]
        tabs.setCurrentIndex(place)
        return tabs.widget(place)

    def press(self, button: QWidget) -> None:
        self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def exported(self) -> Path:
        self.until(lambda: "complete" in self.page.notice.text())
        return Path(self.page.notice.text().partition(": ")[2].splitlines()[0])


def test_that_quality_is_shown_match_by_match(data: DataHand) -> None:
    overview = data.page.detail.overview
    data.until(lambda: overview.model.rowCount() == 2)
    assert overview.verdict.text() == "Look"
    assert "1 error" in overview.reasons.text()
    match = overview.model.rows()[0]
    assert (match.match_id, match.frames, match.verdict) == ("m1", 70, "good")
    figures = {key: found.text() for key, found in overview.figures.items()}
    assert figures["people"] == "2 of 2"
    assert (figures["lost"], figures["excluded"], figures["desyncs"]) == ("0", "0", "0")
    assert all(found.toolTip() for found in overview.figures.values())
    assert not overview.replay.isEnabled()
    overview.table.selectRow(0)
    asked: list[tuple[str, str]] = []
    data.page.replay_asked.connect(lambda summary, match_id: asked.append((summary.session_id, match_id)))
    data.until(overview.replay.isEnabled)
    data.press(overview.replay)
    assert asked == [("s1", "m1")]


def test_that_tables_are_looked_at_before_any_export(data: DataHand) -> None:
    tables = data.page.detail.tables
    data.tab("Tables")
    data.until(lambda: tables.model.rowCount() == 2)
    assert tables.choice.currentText() == "participants"
    tables.choice.setCurrentText("frames")
    data.until(lambda: "rows" in tables.rows.text() and tables.model.rowCount() == 75)
    assert tables.rows.text().startswith("75 rows")
    tables.columns.setText("rewards.B")
    shown = [place for place in range(tables.model.columnCount()) if not tables.table.isColumnHidden(place)]
    assert len(shown) == 1
    assert "1 shown" in tables.rows.text()
    assert not list(Path(data.lab.settings.data_dir / "exp").glob("exports"))


def test_that_an_export_is_remembered_with_its_options_and_verified(data: DataHand, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    data.press(data.page.detail.options)
    dialog = data.page.export_dialog
    assert dialog is not None
    dialog.checks["parquet"].setChecked(True)
    dialog.checks["drop_texts"].setChecked(True)
    dialog.people.item(1).setCheckState(Qt.CheckState.Unchecked)
    dialog.place.setText(str(place))
    data.press(dialog.confirm)
    folder = data.exported()
    assert folder.parent == place
    assert read_manifest(folder)["options"]["participants"] == ["ann"]
    assert list((folder / "data").glob("*.parquet"))
    again = ExportSettings.from_text(data.lab.settings.export_settings("exp"))
    assert (again.parquet, again.drop_texts, again.participants, again.place) == (True, True, (), str(place))
    exports = data.page.detail.exports
    data.tab("Exports")
    data.until(lambda: exports.selected() is not None)
    assert "no free texts" in exports.model.rows()[0].kind
    data.press(exports.verify)
    data.until(lambda: "Nothing is wrong" in exports.notice.text())
    [table] = (folder / "data").glob("*_description-visits_data.csv")
    table.write_text(table.read_text(encoding="utf-8").replace("m1", "mX"), encoding="utf-8")
    data.press(exports.verify)
    data.until(lambda: "visits" in exports.notice.text())


def test_that_a_second_export_waits_its_turn(data: DataHand) -> None:
    export = data.lab.records
    data.page.ask_export()
    data.page.select("s-pilot-like")
    data.page.ask_export()
    data.page.ask_export()  # the same again: nothing more
    folders = data.lab.settings.data_dir / "exp" / "exports"
    data.until(lambda: len(list(folders.glob("*/provenance/manifest.json"))) == 2)
    data.until(lambda: not data.page.detail.work.isVisibleTo(data.page))
    assert export is not None


def test_that_a_place_that_cannot_be_written_is_told_in_words(data: DataHand, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    data.page.export_asked.emit(data.page.selected(), ExportSettings(place=str(taken)))
    data.until(lambda: bool(data.page.notice.text()))
    assert str(taken) in data.page.notice.text()
    assert not data.page.detail.work.isVisibleTo(data.page)


def test_that_tags_and_notes_are_kept_and_found(data: DataHand, settings: LabSettings) -> None:
    detail = data.page.detail
    QTest.keyClicks(detail.tags.entry, "Vienna")
    QTest.keyClick(detail.tags.entry, Qt.Key.Key_Return)
    data.until(lambda: any(one.tags == ("Vienna",) for one in data.page.library.model.rows()))
    detail.overview.notes.setPlainText("The projector failed")
    data.until(lambda: any(one.notes for one in data.page.library.model.rows()))
    assert read_annotations(settings.data_dir, "exp")[False, "s1"].tags == ("Vienna",)
    data.page.library.search.setText("vienna projector")
    assert [one.session_id for one in data.page.library.model.rows()] == ["s1"]
    data.page.library.search.setText("nowhere")
    assert data.page.library.model.rows() == ()
    data.page.library.show_all()
    data.choose("s1")
    data.press(detail.tags.chip("Vienna"))
    data.until(lambda: all(one.tags == () for one in data.page.library.model.rows()))


def test_that_a_withdrawal_asks_for_reason_and_id_and_is_done(data: DataHand, records: Path) -> None:
    people = data.page.detail.people
    data.tab("Participants")
    people.select("ann")
    data.press(people.withdraw)
    dialog = data.page.withdraw_dialog
    assert dialog is not None
    assert not dialog.confirm.isEnabled()
    QTest.keyClicks(dialog.reason, "asked by mail")
    QTest.keyClicks(dialog.typed, "an")
    assert not dialog.confirm.isEnabled()
    QTest.keyClicks(dialog.typed, "n")
    with RecordWriter.open(records):  # a session runs
        data.press(dialog.confirm)
        data.until(lambda: "stop the server" in dialog.notice.text())
    data.press(dialog.confirm)
    data.until(lambda: "The data are removed" in data.page.notice.text())
    assert "Copies elsewhere" in data.page.notice.text()
    data.until(lambda: any(person.withdrawn == "removed" for person in people.model.rows()))
    raw = records.read_bytes()
    assert not [secret for secret in SECRETS if secret.encode() in raw]
    assert verify(records).problems == []


def test_that_a_withdrawal_tells_of_exports_in_other_places(data: DataHand, tmp_path: Path) -> None:
    data.page.export_asked.emit(data.page.selected(), ExportSettings(place=str(tmp_path / "elsewhere")))
    folder = data.exported()
    people = data.page.detail.people
    data.tab("Participants")
    people.select("ann")
    data.press(people.withdraw)
    dialog = data.page.withdraw_dialog
    assert dialog is not None
    QTest.keyClicks(dialog.reason, "-by mail")
    QTest.keyClicks(dialog.typed, "ann")
    data.press(dialog.confirm)
    data.until(lambda: "The data are removed" in data.page.notice.text())
    assert f"{folder}: an export that was made before" in data.page.notice.text()


def test_that_what_a_killed_app_left_for_a_look_is_removed() -> None:
    left = Path(tempfile.mkdtemp(prefix="mug-look-1-1-"))  # no process 1 began in 1970
    (left / "frames.csv").write_text("what somebody did", encoding="utf-8")
    own = make_scratch("look")
    try:
        remove_old_scratch()
        assert not left.exists()
        assert own.is_dir()
    finally:
        own.rmdir()


def test_that_what_was_said_of_an_export_goes_with_its_session(data: DataHand) -> None:
    data.page.ask_export()
    data.exported()
    exports = data.page.detail.exports
    data.until(lambda: exports.selected() is not None)
    data.press(exports.verify)
    data.until(lambda: "Nothing is wrong" in exports.notice.text())
    data.choose("s-pilot-like")
    assert exports.notice.text() == ""


def test_that_the_withdrawal_dialog_has_room_for_all_its_words(data: DataHand) -> None:
    people = data.page.detail.people
    data.tab("Participants")
    people.select("ann")
    data.press(people.withdraw)
    dialog = data.page.withdraw_dialog
    assert dialog is not None
    layout = dialog.layout()
    assert layout is not None
    assert dialog.height() >= layout.totalHeightForWidth(dialog.width())
    dialog.show_failure("a session runs on these records; " * 6)
    data.until(lambda: dialog.height() >= layout.totalHeightForWidth(dialog.width()))
    dialog.reject()


def test_that_nothing_of_a_cancelled_export_stays(data: DataHand, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    data.page.export_asked.emit(data.page.selected(), ExportSettings(place=str(out)))
    data.until(lambda: out.is_dir() and any(out.glob(".*.partial-*")))
    data.page.cancel_asked.emit()
    data.until(lambda: "cancelled" in data.page.notice.text())
    data.until(lambda: list(out.iterdir()) == [])


def test_that_a_place_may_begin_with_the_home_folder(
    data: DataHand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    data.page.export_asked.emit(data.page.selected(), ExportSettings(place="~/mine"))
    assert data.exported().parent == tmp_path / "mine"


def test_that_the_page_can_be_used_by_keys_alone(data: DataHand, qapp: QApplication) -> None:
    window, page = data.lab.window, data.page
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    data.until(page.library.search.hasFocus)
    QTest.keyClicks(page.library.search, "s1")
    QTest.keyClick(page.library.search, Qt.Key.Key_Down)
    assert page.library.table.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    data.until(lambda: page.export_dialog is not None)
    dialog = page.export_dialog
    assert dialog is not None
    QTest.keyClick(dialog.tables, Qt.Key.Key_Space)  # the first table is left out
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    folder = data.exported()
    assert "participants" not in read_export(folder)
    page.detail.tabs.tabBar().setFocus()
    QTest.keyClick(page.detail.tabs.tabBar(), Qt.Key.Key_Right)
    assert page.detail.tabs.currentWidget() is page.detail.tables
    data.until(lambda: page.detail.tables.model.rowCount() > 0)
    QTest.keyClick(page.detail.tables.choice, Qt.Key.Key_Down)
    data.until(lambda: page.detail.tables.choice.currentText() == "visits" and page.detail.tables.model.rowCount() == 4)


def test_that_columns_and_splitters_are_kept(data: DataHand, settings: LabSettings, qtbot: QtBot) -> None:
    page = data.page
    page.library.table.setColumnWidth(1, 211)
    page.detail.overview.table.setColumnWidth(1, 177)
    kept = page.arrangement()
    from gui.data.page import DataPage

    again = DataPage(data.lab.theme)
    qtbot.addWidget(again)
    again.restore(lambda name: kept.get(name, page.arrangement()[name]))
    assert again.library.table.columnWidth(1) == 211
    assert again.detail.overview.table.columnWidth(1) == 177


def test_that_an_empty_data_folder_says_what_to_do_next(lab: Lab, qtbot: QtBot) -> None:
    page = lab.window.data
    lab.window.show_page("data")
    qtbot.waitUntil(lambda: not page.library.search.isVisibleTo(page), timeout=DEADLINE_MS)
    [go] = [button for button in page.findChildren(QPushButton) if button.text() == "Go to Run"]
    assert go.isVisibleTo(page)
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert lab.window.page() == "run"


def test_that_every_control_has_a_name(data: DataHand) -> None:
    data.press(data.page.detail.options)
    for root in (data.page, data.page.export_dialog):
        assert root is not None
        for widget in root.findChildren(QWidget):
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisibleTo(root):
                interface = QAccessible.queryAccessibleInterface(widget)
                inside = isinstance(widget.parent(), QLineEdit) or widget.objectName().startswith("qt_")
                assert inside or interface.text(QAccessible.Text.Name), widget


@pytest.mark.parametrize("model", ["quality", "people"])
def test_that_the_models_keep_qts_rules(data: DataHand, model: str) -> None:
    shown: QAbstractItemModel = QualityModel(data.lab.theme.icon, data.lab.theme.colour)
    if model == "people":
        shown = PeopleModel(data.lab.theme.icon, data.lab.theme.colour)
    QAbstractItemModelTester(shown, QAbstractItemModelTester.FailureReportingMode.Fatal)
    quality = data.page.detail.overview.model.rows() if model == "quality" else data.page.detail.people.model.rows()
    assert isinstance(shown, QualityModel | PeopleModel)
    shown.show(quality)  # type: ignore[arg-type]
    shown.recolour()
    assert shown.rowCount() == 2


def test_that_settings_that_cannot_be_understood_are_as_at_first() -> None:
    for text in ("", "{", "[]", json.dumps({"tables": [1], "parquet": "yes", "new": 1})):
        assert ExportSettings.from_text(text) == ExportSettings()
    chosen = ExportSettings(tables=("frames",), anonymise=True, participants=("ann",))
    assert ExportSettings.from_text(chosen.as_text()) == ExportSettings(tables=("frames",), anonymise=True)
    assert chosen.arguments() == ["--tables", "frames", "--participants", "ann", "--anonymise"]
    assert chosen.sentence == "1 table, 1 participant, CSV, anonymised"
    assert os.environ["QT_QPA_PLATFORM"]


def test_that_a_session_without_games_says_so_in_place_of_an_empty_table(data: DataHand) -> None:
    overview = data.page.detail.overview
    data.choose("s-pilot-like")
    data.until(lambda: overview.figures["people"].text() == "0 of 0")
    assert not overview.table.isVisible()
    data.choose("s1")
    data.until(overview.table.isVisible)
