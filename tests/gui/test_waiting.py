"""The waiting rooms of the Run page: what is said of who waits, and what the buttons ask the server for."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.columns import SortedTable
from gui.models.session_wish import SessionWish
from gui.models.waiting import WAITING_COLUMNS, ReleaseWish, WaitingModel, Waitrooms, by_hand_words, room_words
from gui.run.page import RunPage
from gui.run.room_block import RoomBlock
from gui.run.session_dialog import NewSessionDialog
from gui.runtime.server_state import Outcome, ServerState
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme
from mug.protocol.lab import LabBatch, LabSnapshot, ParticipantView, RejectedPairView, SessionView, WaitroomView
from tests.drivers.session_views import session_view
from tests.drivers.waiting_views import ROOM, room_view, waiting_view

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal
PLACE = {column.key: place for place, column in enumerate(WAITING_COLUMNS)}
TEN = datetime(2026, 1, 1, 10, tzinfo=UTC).timestamp()
SESSION = session_view(release="experimenter")
PAIRS = room_view("anna", "bert", "cleo", "dora", "emil", proposals=(("anna", "bert"), ("cleo", "dora")))


def model_of(theme: Theme, *names: str, **fields: Any) -> WaitingModel:
    model = WaitingModel(theme.icon, theme.colour)
    model.show([waiting_view(name, **fields) for name in names])
    return model


def texts(model: WaitingModel | SortedTable, key: str) -> list[str]:
    return [model.index(row, PLACE[key]).data() for row in range(model.rowCount())]


def shown(lab: Lab, *rooms: WaitroomView, session: SessionView = SESSION) -> RunPage:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    people = tuple(ParticipantView(participant_id=view.participant_id, state="connected") for view in PAIRS.waiting)
    run.show_snapshot(LabSnapshot(session=session, participants=people, waitrooms=rooms))
    run.people.expect_matches(True)
    run.people.show_waiting()
    return run


def block_of(run: RunPage) -> RoomBlock:
    block = run.people.waiting.block(ROOM)
    assert block is not None
    return block


def select(block: RoomBlock, *names: str) -> None:
    """Click the rows, one after the other, with Ctrl held."""
    model, selection = block.table.model(), block.table.selectionModel()
    selection.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for name in names:
        row = next(row for row in range(model.rowCount()) if model.index(row, PLACE["id"]).data() == name)
        selection.select(model.index(row, 0), flags)


def asked(run: RunPage) -> list[ReleaseWish]:
    """Collect what the server is asked for; nobody answers."""
    wishes: list[ReleaseWish] = []
    run.release_asked.disconnect()
    run.release_asked.connect(wishes.append)
    return wishes


# The rows


def test_that_the_waiting_model_keeps_qts_rules_through_every_change(theme: Theme, qtbot: QtBot) -> None:
    model = model_of(theme, "a", "b", "c", "d", "e")
    tester = QAbstractItemModelTester(model, MODE)
    sorted_model = SortedTable(model)
    sorted_tester = QAbstractItemModelTester(sorted_model, MODE)
    sorted_model.sort(PLACE["id"], Qt.SortOrder.DescendingOrder)
    model.show([waiting_view(name) for name in "cfag"])
    assert texts(model, "id") == ["a", "c", "f", "g"]
    assert texts(sorted_model, "id") == ["g", "f", "c", "a"]
    model.tick(TEN)
    model.show([waiting_view("g", state="held"), waiting_view("a", rtt_ms=4.0)])
    assert (texts(model, "id"), texts(model, "state")) == (["a", "g"], ["Waiting", "Ready to go"])
    model.recolour()
    model.show([])
    model.tick(TEN + 5)
    assert tester.model() is model
    assert sorted_tester.model() is sorted_model


def test_that_states_of_waiting_are_told_by_word_icon_and_colour(theme: Theme) -> None:
    states = ["waiting", "probing", "held", "returning", "of_a_newer_server"]
    model = WaitingModel(theme.icon, theme.colour)
    model.show([waiting_view(state, state=state) for state in states])
    assert texts(model, "state") == [
        "Waiting",
        "Measuring",
        "Ready to go",
        "Waiting for known partners",
        "Of a newer server",
    ]
    icons = [model.index(row, PLACE["state"]).data(Qt.ItemDataRole.DecorationRole) for row in range(len(states))]
    assert len({icon.cacheKey() for icon in icons}) == len(states)


def test_that_who_has_lost_the_connection_is_told_so_while_the_place_is_kept(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    gone = ParticipantView(participant_id="emil", state="lost")
    run.show_batch(LabBatch(participants=(gone,)))
    model = block_of(run).model
    assert texts(model, "state")[-1] == "Connection lost"
    assert "until the page is back" in model.index(4, PLACE["state"]).data(Qt.ItemDataRole.ToolTipRole)
    run.show_batch(LabBatch(participants=(msgspec.structs.replace(gone, state="connected"),)))
    assert texts(model, "state")[-1] == "Waiting"


def test_that_the_clocks_go_on_and_stop_at_the_end(theme: Theme) -> None:
    model = model_of(theme, "a", timeout_at="2026-01-01T10:02:00.000Z")
    model.show([*model.rows(), waiting_view("b")])
    model.tick(TEN + 65.4)
    assert (texts(model, "here"), texts(model, "left")) == (["1:05", "1:05"], ["0:54", "–"])
    assert model.index(0, PLACE["left"]).data(Qt.ItemDataRole.ForegroundRole) is None
    model.tick(TEN + 100)
    assert model.index(0, PLACE["left"]).data(Qt.ItemDataRole.ForegroundRole) == theme.colour("warning")
    model.tick(TEN + 3725)
    assert (texts(model, "here"), texts(model, "left")) == (["1:02:05", "1:02:05"], ["0:00", "–"])


def test_that_a_tick_tells_only_of_the_clocks_and_only_once_a_second(theme: Theme) -> None:
    model = model_of(theme, "a", "b")
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, _roles: told.append((first.column(), last.column())))
    for moment in (TEN, TEN + 0.3, TEN + 0.9, TEN + 1.1):
        model.tick(moment)
    assert told == [(PLACE["here"], PLACE["left"])] * 2


def test_that_rows_that_did_not_change_are_not_painted_again(theme: Theme, qtbot: QtBot) -> None:
    model = model_of(theme, "a", "b")
    with qtbot.assertNotEmitted(model.dataChanged):
        model.show([waiting_view("b"), waiting_view("a")])


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (room_view("a", needed=3), "1 of 3 needed are here"),
        (room_view("a", "b", "c"), "3 are here, a group needs 2"),
        (room_view("a", "b", probing=(("a", "b"),)), "2 are here, a group needs 2; 1 connection is being measured"),
    ],
)
def test_that_a_room_says_how_far_it_is_from_a_group(room: WaitroomView, words: str) -> None:
    assert room_words(room) == words


@pytest.mark.parametrize(
    ("chosen", "is_group", "words"),
    [
        ((), False, "Select 2"),
        (("a",), False, "select 1 more"),
        (("b", "a"), True, "In this order: b + a"),
        (("a", "b", "c"), False, "a group needs 2"),
    ],
)
def test_that_a_selection_says_what_it_lacks(chosen: tuple[str, ...], is_group: bool, words: str) -> None:
    made, said = by_hand_words(room_view("a", "b", "c"), chosen)
    assert made is is_group
    assert words in said


def test_that_a_room_without_people_is_forgotten() -> None:
    rooms = Waitrooms()
    rooms.replace_all([room_view("a", node_path=(3,)), PAIRS])
    assert [room.node_path for room in rooms.rooms()] == [ROOM, (3,)]
    assert (rooms.people(), rooms.ready()) == (6, 2)
    rooms.update([room_view(node_path=(3,))])
    assert (len(rooms.rooms()), rooms.people()) == (1, 5)


def test_that_a_change_is_told_of_the_columns_that_differ(theme: Theme) -> None:
    model = model_of(theme, "a", "b", "c")
    told: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row(), first.column(), last.column())))
    model.show([waiting_view("a"), waiting_view("b", rtt_ms=3.0), waiting_view("c", rtt_ms=4.0)])
    assert told == [(1, 2, PLACE["ping"], PLACE["ping"])]


# The view


def test_that_rooms_are_shown_only_as_often_as_one_can_read_and_only_in_sight(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    view, block = run.people.waiting, block_of(run)
    for count in range(1, 5):
        run.show_batch(LabBatch(waitrooms=(room_view(*"abcd"[:count]),)))
    assert block.model.rowCount() == 1, "the first is shown at once, and the others a little later"
    qtbot.waitUntil(lambda: block.model.rowCount() == 4)
    run.people.choice.choose("participants")
    run.show_batch(LabBatch(waitrooms=(room_view("anna", "bert", proposals=(("anna", "bert"),)),)))
    assert view.rooms.ready() == 1
    assert block.model.rowCount() == 4
    run.people.choice.choose("waiting")
    qtbot.waitUntil(lambda: block.model.rowCount() == 2)
    assert view.let_all.isEnabled()


def test_that_an_empty_waiting_room_says_what_it_is_for(lab: Lab) -> None:
    run = shown(lab)
    assert run.people.current() == "waiting"
    assert run.people.waiting.blocks() == ()
    assert not run.people.waiting.let_all.isEnabled()


def test_that_the_switch_counts_who_waits_and_the_groups_that_are_ready(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    button = next(b for b in run.people.choice.findChildren(type(run.start_stop).__base__) if "Waiting" in b.text())
    assert button.text() == "Waiting room (5)"
    assert not button.icon().isNull()
    width = button.minimumWidth()
    run.show_batch(LabBatch(waitrooms=(room_view("emil"),)))
    assert button.text() == "Waiting room (1)"
    assert button.icon().isNull()
    assert button.minimumWidth() == width, "what stands beside it would jump"


def test_that_a_proposed_group_is_let_go_by_its_own_button(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    wishes = asked(run)
    first, second = block_of(run).proposals()
    qtbot.mouseClick(second.let_go, Qt.MouseButton.LeftButton)
    wish = ReleaseWish(ROOM, (("cleo", "dora"),))
    assert wishes == [wish]
    assert not second.let_go.isEnabled()
    assert first.let_go.isEnabled()
    run.people.waiting.answered(wish, is_done=False)
    assert second.let_go.isEnabled()


def test_that_all_proposed_groups_go_with_one_shortcut_from_any_page(lab: Lab, qtbot: QtBot) -> None:
    other = room_view("fred", "gina", node_path=(4,), proposals=(("fred", "gina"),))
    run = shown(lab, PAIRS, other)
    wishes = asked(run)
    run.people.choice.choose("participants")
    lab.window.show_page("data")
    lab.window.activateWindow()
    qtbot.waitUntil(lab.window.isActiveWindow)
    qtbot.keyClick(lab.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert (lab.window.page(), run.people.current()) == ("run", "waiting")
    assert wishes == [ReleaseWish(ROOM), ReleaseWish((4,))]
    assert not any(row.let_go.isEnabled() for block in run.people.waiting.blocks() for row in block.proposals())
    qtbot.keyClick(lab.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert len(wishes) == 2, "what is on its way is not asked for again"


def test_that_a_server_that_cannot_be_reached_is_told_and_the_button_comes_back(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    row, _ = block_of(run).proposals()
    with qtbot.waitSignal(lab.session.said) as said:
        qtbot.mouseClick(row.let_go, Qt.MouseButton.LeftButton)
    assert "not connected" in said.args[0]
    assert row.let_go.isEnabled()


def test_that_buttons_come_back_only_after_the_room_has_had_time_to_change(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    asked(run)
    row, _ = block_of(run).proposals()
    qtbot.mouseClick(row.let_go, Qt.MouseButton.LeftButton)
    run.people.waiting.answered(ReleaseWish(ROOM, (("anna", "bert"),)), is_done=True)
    assert not row.let_go.isEnabled()
    qtbot.waitUntil(row.let_go.isEnabled)


def test_that_a_group_by_hand_has_the_order_of_the_selection(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    wishes, block = asked(run), block_of(run)
    assert not block.by_hand.isEnabled()
    select(block, "emil")
    assert not block.by_hand.isEnabled()
    assert "select 1 more" in block.by_hand.toolTip()
    select(block, "emil", "anna")
    assert block.hand_words.words() == "In this order: emil + anna"
    qtbot.mouseClick(block.by_hand, Qt.MouseButton.LeftButton)
    assert wishes == [ReleaseWish(ROOM, (("emil", "anna"),))]
    select(block, "emil", "anna", "bert")
    assert not block.by_hand.isEnabled()


def test_that_who_leaves_the_room_leaves_the_selection(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    block = block_of(run)
    select(block, "bert", "emil")
    assert block.by_hand.isEnabled()
    run.show_batch(LabBatch(waitrooms=(room_view("anna", "cleo", "dora", "emil"),)))
    assert block.chosen() == ("emil",)
    assert not block.by_hand.isEnabled()


def test_that_a_proposed_group_stays_in_its_place_while_others_come_and_go(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    block = block_of(run)
    again = msgspec.structs.replace(PAIRS, proposals=(("emil", "fred"), ("cleo", "dora"), ("anna", "bert")))
    run.show_batch(LabBatch(waitrooms=(again,)))
    assert [row.group for row in block.proposals()] == [("anna", "bert"), ("cleo", "dora"), ("emil", "fred")]


def test_that_many_groups_are_told_and_only_some_are_shown(lab: Lab) -> None:
    names = [f"p{number:03}" for number in range(300)]
    pairs = tuple(zip(names[::2], names[1::2], strict=True))
    run = shown(lab, room_view(*names, proposals=pairs))
    assert len(block_of(run).proposals()) == 20
    assert "and 130 more" in block_of(run).notes()
    assert "150" in run.people.waiting.let_all.text()


def test_that_rejected_pairs_are_told_with_why_and_until_when(lab: Lab) -> None:
    rejected = (
        RejectedPairView(participants=("anna", "emil"), rtt_ms=340.2, until="2026-01-01T10:01:00.000Z"),
        RejectedPairView(participants=("bert", "emil"), rtt_ms=None, until="2026-01-01T10:01:00.000Z"),
    )
    run = shown(lab, msgspec.structs.replace(PAIRS, rejected=rejected))
    first, second = block_of(run).notes().splitlines()
    assert first.startswith("anna – emil: 340 ms between them")
    assert second.startswith("bert – emil: no connection")


def test_that_the_plots_give_way_to_the_waiting_rooms_and_come_back(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    assert run.live.isHidden() or not run.live.isVisible()
    assert run.log.isVisible()
    before = run.arrangement()["run"]
    run.people.choice.choose("participants")
    assert run.live.isVisible()
    assert run.arrangement()["run"] == before


def test_that_the_mode_is_changed_after_a_word_of_what_happens(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    qtbot.mouseClick(run.people.waiting.change_mode, Qt.MouseButton.LeftButton)
    dialog = run.mode_dialog
    assert dialog is not None
    qtbot.keyClicks(dialog.reason, "late")
    with qtbot.waitSignal(run.release_mode_asked) as told:
        qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert told.args == ["automatic", "late"]
    run.show_batch(LabBatch(session=msgspec.structs.replace(SESSION, release="automatic")))
    assert run.people.waiting.let_all.isHidden()
    qtbot.mouseClick(run.people.waiting.change_mode, Qt.MouseButton.LeftButton)
    again = run.mode_dialog
    assert again is not None
    with qtbot.waitSignal(run.release_mode_asked) as told:
        qtbot.mouseClick(again.confirm, Qt.MouseButton.LeftButton)
    assert told.args == ["experimenter", ""]


def test_that_nothing_can_be_let_go_after_the_session_has_ended(lab: Lab) -> None:
    run = shown(lab, PAIRS, session=msgspec.structs.replace(SESSION, state="ended"))
    view, block = run.people.waiting, block_of(run)
    select(block, "anna", "bert")
    buttons = [view.let_all, view.change_mode, block.by_hand, *(row.let_go for row in block.proposals())]
    assert not any(button.isEnabled() for button in buttons)


def test_that_everything_in_the_waiting_room_has_a_name_and_is_reached_by_keys(lab: Lab) -> None:
    run = shown(lab, PAIRS)
    view, block = run.people.waiting, block_of(run)
    parts = [view.change_mode, view.let_all, block.table, block.by_hand, *(row.let_go for row in block.proposals())]
    assert all(part.accessibleName() for part in parts)
    assert all(part.focusPolicy() & Qt.FocusPolicy.TabFocus for part in parts)
    assert block.proposals()[0].let_go.accessibleName() == "Let anna + bert go"


def test_that_a_group_is_formed_by_keys_alone(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, PAIRS)
    wishes, block = asked(run), block_of(run)
    lab.window.activateWindow()
    qtbot.waitUntil(lab.window.isActiveWindow)
    block.table.setFocus()
    block.table.setCurrentIndex(block.table.model().index(2, 0))
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(block.table, Qt.Key.Key_Up, control)
    qtbot.keyClick(block.table, Qt.Key.Key_Up, control)
    qtbot.keyClick(block.table, Qt.Key.Key_Space)
    assert block.chosen() == ("cleo", "anna")
    qtbot.keyClick(block.table, Qt.Key.Key_Tab)
    focused = lab.window.focusWidget()
    assert focused is block.by_hand
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    assert wishes == [ReleaseWish(ROOM, (("cleo", "anna"),))]


def test_that_a_new_session_is_started_by_keys_with_the_way_that_was_chosen(lab: Lab, qtbot: QtBot) -> None:
    dialog = NewSessionDialog(lab.theme, SessionWish(release="experimenter"), lab.window)
    dialog.open()
    qtbot.waitUntil(dialog.confirm.hasFocus)
    dialog.choices["experimenter"].setFocus()
    qtbot.keyClick(dialog.choices["experimenter"], Qt.Key.Key_Down)
    assert dialog.choices["automatic"].isChecked()
    with qtbot.waitSignal(dialog.answered) as told:
        qtbot.keyClick(dialog.choices["automatic"], Qt.Key.Key_Return)
    assert told.args == [SessionWish(release="automatic")]


def test_that_the_way_chosen_last_is_proposed_and_at_first_it_is_the_experimenters(settings: LabSettings) -> None:
    assert settings.release == "experimenter"
    settings.release = "automatic"
    settings.save()
    assert LabSettings(settings.path).release == "automatic"
