"""Treatments in MUG Lab: the editor in the study's settings, line and column of the Run page, the preview."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.design.inspector.treatments_editor import TreatmentsEditor
from gui.models.participants import COLUMNS
from gui.models.treatment_fields import differences, field_choices, first_value
from gui.models.treatments import counts_of, treatment_words
from gui.run.page import RunPage
from gui.runtime.server_state import Outcome, ServerState
from mug.protocol.lab import LabBatch, LabSnapshot, ParticipantView, TreatmentView
from mug.study import content_hash, validate
from mug.study.edits import SetField
from mug.study.model import EndPage, GymGame, StartPage, StaticPage, Study, Treatments
from mug.study.treatments import ChangePlace, change_place
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector, opened_study
from tests.drivers.session_views import session_view
from tests.drivers.waiting_views import room_view

PAGE = StaticPage(scene_id="page", scene_body="a", scene_header="Words")
PLACE = {column.key: place for place, column in enumerate(COLUMNS)}
ARMS: dict[str, Any] = {"control": {}, "slow": {"title": "Slow partner", "changes": {"page": {"scene_body": "b"}}}}


@pytest.fixture
def driver(show_inspector: ShowInspector) -> InspectorDriver:
    return show_inspector(
        StartPage(scene_id="start", scene_header="Hi"), PAGE, GymGame(scene_id="game"), EndPage(scene_id="end")
    )


def editor_of(driver: InspectorDriver) -> TreatmentsEditor:
    editor = driver.editor("treatments.arms").entries
    assert isinstance(editor, TreatmentsEditor)
    return editor


def arms(driver: InspectorDriver) -> dict[str, Any]:
    return driver.study.treatments.arms


def add_two(driver: InspectorDriver) -> TreatmentsEditor:
    editor = editor_of(driver)
    driver.click(editor.add_button)
    driver.click(editor.add_button)
    return editor


def change(driver: InspectorDriver, index: int, scene: str, field: str) -> Any:
    """Pick a field of a scene by keyboard, as a person does, and return the row of the change."""
    entry: Any = editor_of(driver).entries[index]
    before = list(entry.rows)
    entry.picker.scene.setCurrentIndex(entry.picker.scene.findText(scene))
    driver.type_into(entry.picker.line, field, anew=True)
    driver.qtbot.keyClick(entry.picker.line, Qt.Key.Key_Return)
    (row,) = (row for row in entry.rows if row not in before)
    return row


# ------------------------------------------------------------- the editor


def test_that_an_empty_list_says_what_treatments_are(driver: InspectorDriver) -> None:
    editor = editor_of(driver)
    assert "Add two treatments" in editor._nothing.text()
    assert editor._nothing.isVisibleTo(editor)
    assert not editor.compare_button.isVisibleTo(editor)


def test_that_treatments_are_added_named_weighted_and_deleted(driver: InspectorDriver) -> None:
    editor = add_two(driver)
    assert list(arms(driver)) == ["control", "treatment"]
    second: Any = editor.entries[1]
    driver.type_into(second.name, "slow", anew=True)
    assert list(arms(driver)) == ["control", "slow"]
    driver.type_into(second.title.line, "Slow partner")
    second.weight.box.setFocus()
    driver.qtbot.keyClick(second.weight.box, Qt.Key.Key_Up)
    assert arms(driver)["slow"] == {"title": "Slow partner", "weight": 2}
    driver.click(second.remove_button)
    assert list(arms(driver)) == ["control"]
    driver.undo_everything()
    assert driver.study.treatments == Treatments()


def test_that_a_name_that_cannot_be_is_said_and_not_taken(driver: InspectorDriver) -> None:
    editor = add_two(driver)
    second: Any = editor.entries[1]
    driver.type_into(second.name, "control", anew=True)
    assert any("Another treatment is called" in words for words in driver.row("treatments.arms").faults())
    assert "control" in arms(driver)
    assert len(arms(driver)) == 2
    driver.type_into(second.name, "!", anew=True)
    assert any("letters" in words for words in driver.row("treatments.arms").faults())
    driver.qtbot.keyClick(second.name, Qt.Key.Key_Escape)
    assert second.name.text() == list(arms(driver))[1]


def test_that_a_field_is_changed_with_its_own_editor_and_taken_out_again(driver: InspectorDriver) -> None:
    add_two(driver)
    row = change(driver, 1, "game", "rendering.fps")
    assert arms(driver)["treatment"]["changes"] == {"game": {"rendering.fps": 10}}
    row.editor.box.setFocus()
    driver.qtbot.keyClick(row.editor.box, Qt.Key.Key_Up)
    assert arms(driver)["treatment"]["changes"]["game"]["rendering.fps"] == 11
    assert row._note.words() == "The scene itself says: 10"
    text = change(driver, 1, "page", "scene_body")
    driver.type_into(text.editor.text, "<p>Hello</p>", anew=True)
    assert arms(driver)["treatment"]["changes"]["page"]["scene_body"] == "<p>Hello</p>"
    keys = change(driver, 1, "game", "Gameplay · Keys")
    assert arms(driver)["treatment"]["changes"]["game"]["gameplay.action_mapping"] == []
    driver.click(keys.editor.add_button)
    capture = keys.editor.entries[-1].focusProxy()
    driver.qtbot.keyPress(capture, Qt.Key.Key_Q)
    driver.qtbot.keyRelease(capture, Qt.Key.Key_Q)
    found = arms(driver)["treatment"]["changes"]["game"]["gameplay.action_mapping"]
    assert [binding["keys"] for binding in found] == [["q"]]
    content_hash(driver.study)
    driver.click(keys.remove_button)
    assert "gameplay.action_mapping" not in arms(driver)["treatment"]["changes"]["game"]
    driver.undo_everything()
    assert driver.study.treatments == Treatments()


def test_that_a_field_that_is_not_there_is_said_with_what_was_meant(driver: InspectorDriver) -> None:
    editor = add_two(driver)
    picker = editor.entries[0].picker  # type: ignore[attr-defined]
    picker.scene.setCurrentIndex(picker.scene.findText("game"))
    driver.type_into(picker.line, "rendering.fsp", anew=True)
    driver.qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert any("did you mean 'rendering.fps'" in words for words in driver.row("treatments.arms").faults())
    assert arms(driver)["control"] == {}
    driver.qtbot.keyClick(picker.line, Qt.Key.Key_Escape)
    assert not any("fsp" in words for words in driver.row("treatments.arms").faults())


def test_that_problems_of_a_treatment_stand_below_and_lead_to_it(driver: InspectorDriver) -> None:
    add_two(driver)
    row = change(driver, 1, "game", "rendering.fps")
    driver.type_into(row.editor.box.lineEdit(), "0", anew=True)
    (problem,) = (p for p in driver.document.problems if p.code == "treatment_out_of_bounds")
    assert problem.field == "treatments.arms.treatment.changes.game.rendering.fps"
    assert any("must be" in words for words in driver.row("treatments.arms").faults())
    driver.leave()
    driver.panel.reveal((), problem.field)
    name = editor_of(driver).entries[1].name  # type: ignore[attr-defined]
    driver.qtbot.waitUntil(name.hasFocus)


def test_that_what_differs_is_shown_in_one_table(driver: InspectorDriver) -> None:
    add_two(driver)
    change(driver, 1, "game", "rendering.fps")
    editor = editor_of(driver)
    driver.click(editor.compare_button)
    assert editor.dialog is not None
    table = editor.dialog.findChild(QTableWidget)
    assert isinstance(table, QTableWidget)
    assert [table.horizontalHeaderItem(n).text() for n in range(4)] == ["Field", "Study", "control", "treatment"]
    assert table.item(0, 0).text().startswith("game: Rendering")
    assert table.item(0, 3).font().bold()
    assert not table.item(0, 2).font().bold()
    editor.dialog.accept()


def test_that_the_editor_fits_into_a_narrow_panel(driver: InspectorDriver) -> None:
    editor = add_two(driver)
    change(driver, 1, "game", "policies.policy_mapping")
    change(driver, 1, "page", "scene_body")
    area = editor.parentWidget()
    while not isinstance(area, QScrollArea):
        assert area is not None
        area = area.parentWidget()
    driver.panel.resize(336, 600)  # in a window of 1000 px
    assert editor.compare_button.isVisibleTo(editor)
    driver.qtbot.waitUntil(lambda: area.widget().width() <= area.viewport().width())


def test_that_every_control_has_a_name(driver: InspectorDriver) -> None:
    add_two(driver)
    change(driver, 1, "game", "rendering.fps")
    for entry in editor_of(driver).entries:
        for child in entry.findChildren(QWidget):
            if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisibleTo(entry):
                assert child.accessibleName(), type(child).__name__


def test_that_every_field_that_can_be_picked_begins_with_a_value_that_is_no_mistake() -> None:
    for scene in (PAGE, GymGame(scene_id="game")):
        for name, title in field_choices(type(scene)):
            assert isinstance(change_place(type(scene), name), ChangePlace)
            assert title
            study = Study(
                id="s",
                chain=(StartPage(scene_id="start", scene_header="x"), scene, EndPage(scene_id="end", scene_header="x")),
                treatments=Treatments(
                    arms={"a": {}, "b": {"changes": {scene.scene_id: {name: first_value(scene, name)}}}}
                ),
            )
            assert not [p for p in validate(study) if p.code in ("treatment_wrong_type", "treatment_unknown_field")]
            assert len(differences(study)) == 1


# ------------------------------------------------------------- the run page


def view(name: str, treatment: str = "") -> ParticipantView:
    return ParticipantView(participant_id=name, state="connected", treatment=treatment)


def treatments(*names: str, **fields: Any) -> dict[str, Any]:
    views = tuple(TreatmentView(treatment=name, running=2, completed=1) for name in names)
    return {"treatments": views, "treatments_per": "participant", **fields}


def shown(lab: Lab, *people: ParticipantView, **fields: Any) -> RunPage:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    run.show_snapshot(LabSnapshot(session=session_view(**fields), participants=people))
    return run


def column(run: RunPage) -> list[str]:
    model = run.participants.model
    return [model.index(row, PLACE["treatment"]).data() for row in range(model.rowCount())]


def test_that_a_session_without_treatments_shows_nothing_of_them(lab: Lab) -> None:
    run = shown(lab, view("anna"))
    assert not run.running.treatments.isVisibleTo(run)
    assert run.participants.table.isColumnHidden(PLACE["treatment"])


def test_that_treatments_have_a_column_and_a_line_with_counts(lab: Lab) -> None:
    named = treatments("slow", "fast")
    first = msgspec.structs.replace(named["treatments"][0], title="Slow partner", released=1)
    run = shown(lab, view("anna", "slow"), view("bert"), **(named | {"treatments": (first, named["treatments"][1])}))
    assert column(run) == ["Slow partner", "–"]
    assert not run.participants.table.isColumnHidden(PLACE["treatment"])
    bar = run.running.treatments
    assert bar.isVisibleTo(run)
    assert bar.words() == "Slow partner: 2 running, 1 completed   ·   fast: 2 running, 1 completed"
    assert "1 place free again" in bar._counts.toolTip()
    assert not bar.names.isVisibleTo(bar)


def test_that_blind_staff_sees_letters_until_they_say_why_they_need_the_names(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, view("anna", "B"), blind=True, **treatments("A", "B"))
    assert column(run) == ["Treatment B"]
    bar = run.running.treatments
    assert bar.words().startswith("Treatment A: 2 running")
    qtbot.mouseClick(bar.names, Qt.MouseButton.LeftButton)
    dialog = bar.dialog
    assert dialog is not None
    assert not dialog.confirm.isEnabled()
    qtbot.keyClicks(dialog.reason, "somebody fell ill")
    with qtbot.waitSignal(run.unblind_asked) as asked:
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    assert asked.args == ["somebody fell ill"]
    run.show_batch(
        LabBatch(
            session=session_view(unblinded=True, **treatments("slow", "fast")), participants=(view("anna", "fast"),)
        )
    )
    assert column(run) == ["fast"]
    assert not bar.names.isVisibleTo(bar)
    assert "it is recorded" in bar._counts.toolTip()


def test_that_each_treatment_has_its_own_waiting_room(lab: Lab) -> None:
    run = shown(lab, view("anna", "slow"), view("bert", "fast"), **treatments("slow", "fast"))
    rooms = (room_view("anna", treatment="slow"), room_view("bert", treatment="fast"))
    run.show_snapshot(
        LabSnapshot(
            session=session_view(**treatments("slow", "fast")),
            participants=(view("anna"), view("bert")),
            waitrooms=rooms,
        )
    )
    run.people.expect_matches(True)
    run.people.show_waiting()
    titles = [run.people.waiting.block(room.node_path, room.treatment).title.text() for room in rooms]  # type: ignore[union-attr]
    assert titles == ["volley  ·  slow", "volley  ·  fast"]


def test_that_words_follow_what_the_server_says() -> None:
    session = session_view(**treatments("a"))
    assert treatment_words("", session) == "–"
    assert treatment_words("x", None) == "x"
    weighted = tuple(TreatmentView(treatment=name, weight=weight) for name, weight in (("a", 1), ("b", 3)))
    words = [c.words for c in counts_of(session_view(treatments=weighted, treatments_per="group"))]
    assert "gets 25 % of the places" in words[0]
    assert "0 groups under way" in words[1]


def test_that_the_preview_menu_offers_the_treatments_that_there_are(lab: Lab, tmp_path: Path, qtbot: QtBot) -> None:
    design, document = lab.window.design, lab.document
    menu = design.preview_treatments
    chain = (StartPage(scene_id="start", scene_header="Hi"), PAGE, EndPage(scene_id="end", scene_header="x"))
    document.load(opened_study(Study(id="s", chain=chain, treatments=Treatments(arms=ARMS)), tmp_path))
    assert [action.text() for action in menu.actions()] == ["None: the study as it stands", "control", "Slow partner"]
    with qtbot.waitSignal(design.preview_treatment_chosen) as chosen:
        menu.actions()[2].trigger()
    assert chosen.args == ["slow"]
    with qtbot.waitSignal(design.preview_treatment_chosen) as chosen:
        document.push(SetField(path=(), field="treatments.arms", value={}))
    assert chosen.args == [""]
    assert not menu.menuAction().isVisible()


def test_that_changes_follow_a_scene_that_is_renamed_whatever_is_typed_on_the_way(driver: InspectorDriver) -> None:
    document = driver.document
    changes = {"page": {"scene_body": "b"}, "game": {"rendering.fps": 9}}
    document.push(SetField(path=(), field="treatments.arms", value={"a": {}, "b": {"changes": changes}}))
    before = driver.study
    for text in ("p", "", "g", "ga", "gam", "game", "games"):  # "game" is another scene
        document.push(SetField(path=(1,), field="scene_id", value=text, merge_key="typing"))
    assert arms(driver)["b"]["changes"] == {"games": {"scene_body": "b"}, "game": {"rendering.fps": 9}}
    document.undo()
    assert driver.study == before
    document.redo()
    assert set(arms(driver)["b"]["changes"]) == {"games", "game"}
