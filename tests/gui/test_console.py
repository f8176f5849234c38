"""The console without a server: what it filters, sorts, keeps, asks and tells."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QEvent, QPersistentModelIndex, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.action_words import ACTION_KINDS, progress_words
from gui.models.actions import ActionsModel, NewestActions
from gui.models.attention import LOST_AFTER_S, needs
from gui.models.detail_rows import DetailTable, path_rows, timeline_rows
from gui.models.participants import COLUMNS, ParticipantsModel
from gui.models.people_filter import FilteredPeople, matches_words
from gui.models.session_wish import SessionWish, desks_in, next_label, read_wish
from gui.models.stages import attendance, missing_words
from gui.run.action_dialog import ActionDialog, groups_in
from gui.run.hand_dialog import HandDialog
from gui.run.page import RunPage
from gui.run.session_dialog import NewSessionDialog
from gui.runtime.server_state import Outcome, ServerState
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme
from mug.protocol.lab import LabBatch, LabSnapshot, LogLine, ParticipantView, SessionView
from mug.protocol.lab_console import (
    Act,
    ActionTarget,
    ActionView,
    AffectedView,
    DetailView,
    NoteView,
    PathStep,
    TimelineEntry,
)
from tests.drivers.match_views import match_view
from tests.drivers.session_views import session_view

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal
PLAIN = Qt.TextFormat.PlainText
PLACE = {column.key: place for place, column in enumerate(COLUMNS)}
NOW = datetime(2026, 1, 1, 10, tzinfo=UTC)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def person(name: str, **fields: Any) -> ParticipantView:
    return ParticipantView(participant_id=name, **({"state": "connected"} | fields))


def action(name: str, *states: str, at: float = 0, **fields: Any) -> ActionView:
    targets = tuple(ActionTarget(participant_id=f"p{n}", state=state) for n, state in enumerate(states))
    return ActionView(action_id=name, **({"action": "message", "at": ago(at), "targets": targets} | fields))


def shown(lab: Lab, *people: ParticipantView, session: SessionView | None = None, **snapshot: Any) -> RunPage:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study", link="connected"))
    run.show_snapshot(LabSnapshot(session=session or session_view(), participants=people, **snapshot))
    return run


def ids(run: RunPage) -> list[str]:
    model = run.participants.table.model()
    return [str(model.index(row, PLACE["id"]).data()) for row in range(model.rowCount())]


# Models


def test_that_the_filtered_people_keep_qts_rules_while_rows_change(theme: Theme) -> None:
    model = ParticipantsModel(theme.icon, theme.colour, theme.series)
    people = FilteredPeople(model)
    testers = QAbstractItemModelTester(model, MODE), QAbstractItemModelTester(people, MODE)
    model.replace_all([person("anna", phase="playing"), person("bert", state="lost"), person("cleo", hand="")])
    people.show_only("", "attention")
    assert people.rowCount() == 2
    model.update([person("bert"), person("dora", errors=1)])
    assert people.rowCount() == 2
    people.setDynamicSortFilter(False)
    model.update([person("anna", warning="ping"), person("emil", state="lost")])
    people.setDynamicSortFilter(True)
    people.invalidate()
    assert people.rowCount() == 4
    people.show_only("dor", "all")
    assert people.rowCount() == 1
    assert all(tester.model() is not None for tester in testers)


@pytest.mark.parametrize(
    ("words", "found"),
    [("pc-07", True), ("ANNA", True), ("tag play", True), ("connected", True), ("bert", False), ("", True)],
)
def test_that_words_find_the_id_the_scene_the_state_and_the_seat(words: str, found: bool) -> None:
    view = person("anna", scene_id="tag", scene_total=3, phase="playing", seat="PC-07")
    assert matches_words(view, words) is found


def test_that_the_actions_keep_qts_rules_and_come_newest_first(theme: Theme) -> None:
    model = ActionsModel(theme.icon, theme.colour)
    newest = NewestActions(model)
    testers = QAbstractItemModelTester(model, MODE), QAbstractItemModelTester(newest, MODE)
    model.replace_all([action("a", "sent", at=60)])
    model.update([action("b", "pending", "pending", at=30), action("a", "shown", "skipped", at=60)])
    model.update([action("b", "read", at=30)])
    model.recolour()
    assert [newest.index(row, 0).data(Qt.ItemDataRole.UserRole) for row in range(2)] == [ago(30), ago(60)]
    assert newest.rowCount(newest.index(1, 0)) == 2
    assert [target.state for _view, target in model.of_participant("p0")] == ["read", "shown"]
    model.replace_all([])
    assert all(tester.model() is not None for tester in testers)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("sent",), "sent, not seen yet"),
        (("shown",), "shown"),
        (("read", "read"), "read by all 2"),
        (("read", "shown", "sent"), "shown on 2 of 3, read by 1"),
        (("sent", "skipped"), "sent, not seen yet, 1 not done"),
    ],
)
def test_that_how_far_an_action_is_is_said_in_words(states: tuple[str, ...], words: str) -> None:
    assert progress_words(action("a", *states)) == words


def test_that_the_lists_of_the_panel_keep_qts_rules(theme: Theme) -> None:
    table = DetailTable(theme.icon, theme.colour, ("Time", "What"))
    tester = QAbstractItemModelTester(table, MODE)
    first = TimelineEntry(at=ago(60), kind="joined", text="joined")
    second = TimelineEntry(at=ago(30), kind="error", text="an error", level="error", more="Traceback")
    table.show(timeline_rows(DetailView(participant_id="anna", timeline=(first,))))
    table.show(timeline_rows(DetailView(participant_id="anna", timeline=(first, second))))
    assert table.index(0, 1).data() == "an error"
    table.show([])
    assert tester.model() is table
    [row] = path_rows([PathStep(visit_id="v", scene_id="tag", kind="game", state="past", started_at=ago(90),
                                finished_at=ago(30))])  # fmt: skip
    assert row.texts[2] == "1:00"


def test_that_hands_come_first_and_who_is_lost_only_after_a_while() -> None:
    people = [
        person("anna", state="lost", since=ago(LOST_AFTER_S + 5)),
        person("bert", state="lost", since=ago(LOST_AFTER_S - 5)),
        person("cleo", errors=2),
        person("dora", hand="Help", hand_since=ago(10)),
        person("emil", state="turned_away", wants_in=True),
        person("fred", state="finished", errors=1),
    ]
    matches = [match_view("m1", "gina", "hugo", desyncs=1), match_view("m2", "ines", "jan", desyncs=1, state="void")]
    found = needs(people, matches, NOW.timestamp())
    assert [need.participant_id for need in found] == ["dora", "emil", "anna", "gina", "cleo"]


def test_that_desks_are_read_in_every_way_people_write_them() -> None:
    assert desks_in("PC-01, PC-02;PC-03") == (("PC-01", "PC-02", "PC-03"), "")
    assert desks_in("PC-08..PC-11") == (("PC-08", "PC-09", "PC-10", "PC-11"), "")
    assert desks_in("PC-08..10 PC-09") == (("PC-08", "PC-09", "PC-10"), "")
    assert desks_in("") == ((), "")
    assert "a/b" in desks_in("PC-01 a/b")[1]
    assert desks_in("PC-9..PC-1")[1]


def test_that_the_next_label_counts_on_and_wishes_survive_the_settings() -> None:
    assert (next_label("Monday 9"), next_label("S09"), next_label("Monday")) == ("Monday 10", "S10", "Monday")
    wish = SessionWish(label="a", expected=3, seats=("PC-1",), conditions={"k": "v"}, pilot=True)
    assert read_wish(wish.as_text()) == wish
    assert read_wish("nonsense") is None


def test_that_who_is_missing_before_the_start_is_named() -> None:
    session = session_view(expected=3, seats=("PC-1", "PC-2"))
    found = attendance(session, [person("anna", seat="PC-1"), person("bert", state="lost", seat="PC-2")])
    assert str(found) == "1 of 3 here"
    assert missing_words(found) == "1 of 3 participants are here. Nobody is at PC-2."
    assert missing_words(attendance(session_view(), [])) == ""


def test_that_groups_to_pair_anew_hold_everybody_once() -> None:
    names = ("anna", "bert", "cleo", "dora")
    assert groups_in("bert, anna; cleo dora", names) == ((("bert", "anna"), ("cleo", "dora")), "")
    assert groups_in("anna, bert, cleo", names)[1]
    assert groups_in("anna; bert, cleo, dora", names)[1]


# The page


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("prepared", "doors are closed"),
        ("doors_open", "waits for the start"),
        ("running", "begins"),
        ("paused", "paused"),
    ],
)
def test_that_the_head_says_what_the_stage_means_for_who_comes(lab: Lab, stage: str, words: str) -> None:
    run = shown(lab, session=session_view(stage=stage, label="Monday 1"))
    assert words in run.head.sentence.words()
    assert run.head.sentence.words().startswith("Monday 1")


def test_that_the_filter_is_found_by_keys_and_taken_back_with_escape(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, person("anna", seat="PC-07"), person("bert", phase="playing"), person("cleo"))
    lab.window.activateWindow()
    qtbot.waitUntil(lab.window.isActiveWindow)
    run.start_stop.setFocus()
    qtbot.keyClick(run.start_stop, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    words = run.participants.tools.words
    assert words.hasFocus()
    qtbot.keyClicks(words, "pc-07")
    assert ids(run) == ["anna"]
    qtbot.keyClick(words, Qt.Key.Key_Escape)
    assert ids(run) == ["anna", "bert", "cleo"]
    run.participants.show_only("playing")
    assert ids(run) == ["bert"]
    run.participants.select(["cleo"])
    assert run.participants.selected() == ["cleo"], "who is asked for is not hidden by the filter"


def test_that_rows_keep_their_places_while_the_mouse_is_at_work(lab: Lab) -> None:
    run = shown(lab, person("anna", rtt_ms=10.0), person("bert", rtt_ms=20.0))
    table = run.participants.table
    table.sortByColumn(PLACE["ping"], Qt.SortOrder.AscendingOrder)
    assert ids(run) == ["anna", "bert"]
    spot = QPointF(20, 20)
    QApplication.sendEvent(table.viewport(), QEnterEvent(spot, spot, spot))
    run.show_batch(LabBatch(participants=(person("anna", rtt_ms=90.0),)))
    assert ids(run) == ["anna", "bert"]
    QApplication.sendEvent(table.viewport(), QEvent(QEvent.Type.Leave))
    assert ids(run) == ["bert", "anna"]


def test_that_columns_hidden_by_the_menu_stay_hidden_after_a_restart(
    lab: Lab, settings: LabSettings, qapp: QApplication
) -> None:
    run = shown(lab, person("anna"))
    table = run.participants.table
    table.horizontalHeader().customContextMenuRequested.emit(table.rect().topLeft())
    menu = run.participants.findChild(QMenu)
    assert menu is not None
    for title in ("fps", "Seat"):
        next(entry for entry in menu.actions() if entry.text() == title).trigger()
    menu.close()
    assert table.isColumnHidden(PLACE["rate"])
    assert not table.isColumnHidden(PLACE["seat"])
    table.horizontalHeader().moveSection(PLACE["ping"], 0)
    lab.window.close()
    again = Lab(qapp, settings)
    try:
        kept = again.window.run.participants.table
        assert kept.isColumnHidden(PLACE["rate"])
        assert not kept.isColumnHidden(PLACE["seat"])
        assert kept.horizontalHeader().visualIndex(PLACE["ping"]) == 0
    finally:
        again.close()
        again.window.deleteLater()


def test_that_columns_come_when_somebody_has_something_there(lab: Lab) -> None:
    run = shown(lab, person("anna"))
    table = run.participants.table
    assert table.isColumnHidden(PLACE["hand"])
    run.show_batch(LabBatch(participants=(person("anna", hand="", hand_since=ago(1)),)))
    assert not table.isColumnHidden(PLACE["hand"])
    assert table.model().index(0, PLACE["hand"]).data() == "Hand raised"


def test_that_who_needs_help_is_one_click_from_the_row(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, person("anna"), person("bert", errors=2))
    chip = run.running.attention.chips[0]
    assert chip.isVisible()
    assert "2 errors" in chip.text()
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert run.participants.selected() == ["bert"]
    assert run.running.detail.participant_id == "bert"
    assert run.running.attention.isHidden(), "what was looked at is not told again"
    run.show_batch(LabBatch(participants=(person("bert", errors=3),)))
    assert run.running.attention.isVisible()


def test_that_the_panel_lists_notes_and_actions_of_the_participant(lab: Lab) -> None:
    done = action("a", "read", text="Hello", at=30)
    notes = (
        NoteView(note_id="n", at=ago(10), text="Late", participant_id="p0"),
        NoteView(note_id="m", at=ago(5), text="Fire drill"),
    )
    run = shown(lab, person("p0"), person("p1"), actions=(done,), notes=notes)
    run.people_desk.show_detail("p0")
    run.participants.select(["p1"])
    assert run.running.detail.participant_id == "p1", "the panel follows the selection"
    run.participants.select(["p0"])
    table = run.running.detail.tables["done"].model()
    assert [table.index(row, 1).data() for row in range(table.rowCount())] == ["Late", "Message · Hello"]
    run.running.detail.show_no_detail("p0", "this server does not do that yet")
    assert "cannot be shown now" in run.running.detail.status.words()


def test_that_who_else_is_affected_is_told_before_an_action(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, person("anna"), person("bert"), person("cleo", state="finished"))
    run.desk.ask("end", [])
    dialog = run.desk.dialog
    assert isinstance(dialog, ActionDialog)
    affected = (AffectedView(participant_id="bert", how="plays with anna: the game ends"),)
    left_out = ActionTarget(participant_id="cleo", state="skipped", why="has finished")
    dialog.show_preview(ActionView(action_id="x", action="end", at="", targets=(left_out,), affected=affected))
    assert "bert: plays with anna: the game ends" in dialog.affected.text()
    assert "cleo: has finished" in dialog.affected.text()
    assert not dialog.confirm.isEnabled()
    dialog.reason.setEditText("Fire alarm")
    with qtbot.waitSignal(run.desk.act_asked) as asked:
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    act, names = asked.args
    assert (act.everyone, act.participants, act.outcome, act.reason) == (True, (), "complete", "Fire alarm")
    assert names == ["anna", "bert"]
    run.desk.ask("end", ["anna"])
    assert isinstance(run.desk.dialog, ActionDialog)
    assert run.desk.dialog.reason.itemText(0) == "Fire alarm", "the last reasons are proposed"
    run.desk.dialog.reject()


def test_that_a_match_leads_to_its_players(lab: Lab) -> None:
    run = shown(lab, person("anna"), person("bert"), person("cleo"), matches=(match_view("m1", "anna", "bert"),))
    run.matches.players_asked.emit("to_waitroom", ["anna", "bert"])
    assert run.participants.selected() == ["anna", "bert"]
    assert isinstance(run.desk.dialog, ActionDialog)
    run.desk.dialog.reject()


def test_that_a_new_session_says_what_keeps_it_from_starting(lab: Lab, qtbot: QtBot) -> None:
    dialog = NewSessionDialog(lab.theme, SessionWish(), lab.window, forms_groups=False, desks=("PC-1", "PC-2"))
    dialog.open()
    assert not dialog.choices
    dialog.seats.setText("PC-1, a/b")
    assert not dialog.confirm.isEnabled()
    dialog.seats.setText("PC-1")
    dialog.expected.setText("many")
    assert not dialog.confirm.isEnabled()
    dialog.expected.setText("12")
    dialog.conditions.add("", "value without a name")
    assert not dialog.confirm.isEnabled()
    dialog.conditions.add("order", "AB")
    dialog.pilot.setChecked(True)
    assert dialog.confirm.text() == "Start pilot session"
    assert "name" in dialog.fault()
    dialog.reject()


def test_that_the_plots_are_folded_away_in_a_low_window_unless_asked_for(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, *(person(f"p{n}") for n in range(20)))
    assert run.running.plots.isVisible()
    lab.window.resize(1000, 700)
    qtbot.waitUntil(lambda: not run.running.plots.isVisible())
    table = run.participants.table
    qtbot.waitUntil(lambda: table.viewport().height() // table.rowHeight(0) >= 9)
    run.running.toggle_fold()
    assert run.running.plots.isVisible()


# What other people wrote

HTML = "<b>bold</b> & <img src=x>"


def test_that_html_in_peoples_words_is_shown_as_it_was_typed(lab: Lab) -> None:
    note = NoteView(note_id="n", at=ago(1), text=HTML, participant_id="anna")
    done = action("a", "failed", text=HTML, reason=HTML)
    line = LogLine(at=ago(1), level="error", text=HTML, participant_id="anna", traceback=HTML)
    anna = person("anna", hand=HTML, hand_since=ago(1), browser=HTML, seat="PC-01")
    run = shown(lab, anna, notes=(note,), actions=(done,), log=(line,))
    run.people_desk.show_detail("anna")
    tables = [run.participants.table.model(), run.log.model, run.running.detail.tables["done"].model()]
    tables.append(run.people.actions_view.model)
    tips = [
        str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")
        for model in tables
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    ]
    tips += [chip.toolTip() for chip in run.running.attention.chips]
    tips += [widget.toolTip() for widget in run.findChildren(QWidget)]
    assert sum("bold" in tip for tip in tips) >= 6
    assert [tip for tip in tips if "<b>" in tip or "<img" in tip] == []
    assert run.running.attention.chips[0].text() == "anna: “<b>bold</b> && <img src=x>”", "no key of the keyboard"
    assert [w for w in run.findChildren(QLabel) if "bold" in w.text() and w.textFormat() != PLAIN] == []


# Whom the words say


def test_that_all_are_as_many_as_an_action_reaches(lab: Lab) -> None:
    people = [person(f"p{n}") for n in range(3)]
    run = shown(lab, *people, person("done", state="finished", outcome="complete"))
    tools = run.participants.tools
    assert tools.buttons["pause"].toolTip().startswith("Pause: all 3 participants")
    run.people_desk.act("pause")
    dialog = run.desk.dialog
    assert isinstance(dialog, ActionDialog)
    assert any("all 3 participants" in found.text() for found in dialog.findChildren(QLabel))
    assert dialog.confirm.isEnabled()
    view = ActionView(
        action_id="",
        action="pause",
        at="",
        targets=tuple(ActionTarget(participant_id=f"p{n}", state="sent") for n in range(5)),
    )
    dialog.show_preview(view)
    assert any("all 5 participants" in found.text() for found in dialog.findChildren(QLabel)), "two came meanwhile"


@pytest.mark.parametrize("key", ACTION_KINDS)
def test_that_every_action_takes_a_reason_and_says_first_who_else_is_affected(lab: Lab, key: str) -> None:
    run = shown(lab, *(person(f"p{n}") for n in range(4)))
    done: list[Act] = []
    asked: list[Act] = []
    run.desk.act_asked.connect(lambda act, _names: done.append(act))
    run.desk.preview_asked.connect(lambda act, _dialog: asked.append(act))
    run.desk.ask(key, ["p0", "p1"])
    dialog = run.desk.dialog
    assert isinstance(dialog, ActionDialog)
    assert done == []
    assert [act.preview for act in asked] == [True] * (key != "message"), "a message concerns nobody else"
    if key == "message":
        assert dialog.text is not None
        dialog.text.setPlainText("Please wait")
    dialog.reason.setEditText("The printer")
    dialog.confirm.click()
    assert [(act.action, act.reason) for act in done] == [(key, "The printer")]


def test_that_a_refused_preview_says_so_and_keeps_the_names_as_they_are(lab: Lab) -> None:
    run = shown(lab, *(person(f"p{n}") for n in range(4)))
    run.desk.ask("repair", ["p0", "p1"])
    dialog = run.desk.dialog
    assert isinstance(dialog, ActionDialog)
    dialog.show_refusal("p0 is not at a game of several people")
    assert dialog.affected.text() == "This cannot be done: p0 is not at a game of several people"


def test_that_no_hand_is_told_of_any_more_once_the_server_has_ended(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.run.people_desk._LOOK_EVERY_S", 0.0)
    told: list[int] = []
    lab.window.run.people_desk.hands_changed.connect(told.append)
    run = shown(lab, person("anna", hand="Help", hand_since=ago(5)))
    assert told[-1] == 1
    run.people_desk.session_stopped()
    run.people_desk.show_due()
    assert told[-1] == 0
    shown(lab, person("anna", hand="Help", hand_since=ago(5)))
    assert told[-1] == 1, "the session goes on, and the hand is still up"


def test_that_the_menu_is_about_the_row_below_the_mouse(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, *(person(f"p{n}") for n in range(4)))
    run.participants.select(["p0", "p1"])
    table = run.participants.table
    table.customContextMenuRequested.emit(table.visualRect(table.model().index(3, 1)).center())
    assert run.participants.selected() == ["p3"]
    run.participants.select(["p0", "p1"])
    table.customContextMenuRequested.emit(table.visualRect(table.model().index(1, 1)).center())
    assert run.participants.selected() == ["p0", "p1"]
    menus = [menu for menu in run.participants.findChildren(QMenu) if menu.isVisible()]
    assert any("Exclude the 2 selected…" in [act.text() for act in menu.actions()] for menu in menus)
    for menu in menus:
        menu.close()


# Raised hands


def test_that_a_reply_is_not_lost_when_the_hand_is_lowered_meanwhile(lab: Lab, qtbot: QtBot) -> None:
    anna = person("anna", hand="How?", hand_since=ago(5))
    run = shown(lab, anna)
    asked: list[object] = []
    run.desk.hand_answered.connect(asked.append)
    run.desk.act_asked.connect(lambda act, _names: asked.append(act))
    run.desk.answer_hand("anna")
    dialog = run.desk.dialog
    assert isinstance(dialog, HandDialog)
    qtbot.keyClicks(dialog.text, "Like this")
    run.show_batch(LabBatch(participants=(msgspec.structs.replace(anna, hand="And where?"),)))
    assert dialog.asked.text() == "And where?", "it asks anew"
    run.show_batch(LabBatch(participants=(msgspec.structs.replace(anna, hand=None),)))
    assert "lowered" in dialog.asked.text()
    assert dialog.confirm.text() == "Send as a message"
    assert not dialog.only_lower.isEnabled()
    qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    [act] = asked
    assert isinstance(act, Act)
    assert (act.action, act.participants, act.text) == ("message", ("anna",), "Like this")


def test_that_the_reply_to_somebody_who_is_gone_says_so(lab: Lab) -> None:
    anna = person("anna", hand="How?", hand_since=ago(5))
    run = shown(lab, anna)
    run.desk.answer_hand("anna")
    dialog = run.desk.dialog
    assert isinstance(dialog, HandDialog)
    run.show_batch(LabBatch(participants=(msgspec.structs.replace(anna, state="lost", hand="How?"),)))
    assert "not connected" in dialog.about.text()


# The panel


@pytest.mark.parametrize(("width", "height"), [(1000, 700), (1440, 900)])
def test_that_nothing_is_squeezed_beside_a_long_question(lab: Lab, width: int, height: int, qtbot: QtBot) -> None:
    run = shown(lab, person("anna", hand="Why" * 90, hand_since=ago(5)))
    lab.window.resize(width, height)
    QApplication.processEvents()
    if not run.live.isVisible():
        run.running.toggle_fold()
    run.people_desk.show_detail("anna")
    detail, live = run.running.detail, run.live
    qtbot.waitUntil(lambda: detail.pages.height() >= detail.pages.sizeHint().height())
    assert detail.pages.width() >= detail.pages.sizeHint().width()
    qtbot.waitUntil(lambda: live.mode.width() >= live.mode.sizeHint().width())
    assert detail.width() < width * 0.45
    detail.close_panel()
    qtbot.waitUntil(run.log.isVisible)


def test_that_the_selected_event_stays_selected_when_another_happens(theme: Theme) -> None:
    table = DetailTable(theme.icon, theme.colour, ("Time", "What happened"))
    QAbstractItemModelTester(table, MODE)

    def show(*texts: str) -> None:
        entries = tuple(
            TimelineEntry(at=ago(100 - int(text[6:] or 0)), kind="x", text=text) for n, text in enumerate(texts)
        )
        table.show(timeline_rows(DetailView(participant_id="anna", timeline=entries)))

    words = [f"event {n}" for n in range(500)]
    show(*words)
    kept = QPersistentModelIndex(table.index(10, 1))
    assert kept.data() == "event 489"
    show(*words[2:], "event 500", "event 501")
    assert (kept.row(), kept.data()) == (12, "event 489")
    assert table.rowCount() == 500
