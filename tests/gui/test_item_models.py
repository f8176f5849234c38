from dataclasses import replace
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gui.models.columns import SortedTable
from gui.models.export_tables import Preview, PreviewModel
from gui.models.log_lines import KEPT, FilteredLog, LogModel
from gui.models.participants import COLUMNS, ParticipantsModel
from gui.widgets.theme import Theme
from mug.protocol.lab import LogLine, ParticipantView

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal


def participant(name: str, **fields: Any) -> ParticipantView:
    return ParticipantView(participant_id=name, **{"state": "connected", **fields})


def participants(theme: Theme) -> ParticipantsModel:
    return ParticipantsModel(theme.icon, theme.colour, theme.series)


def texts(model: QAbstractItemModel, key: str) -> list[str]:
    return [model.index(row, place(key)).data() for row in range(model.rowCount())]


def place(key: str) -> int:
    return [column.key for column in COLUMNS].index(key)


def test_that_the_participants_model_keeps_qts_rules_through_every_change(theme: Theme, qtbot: QtBot) -> None:
    model = participants(theme)
    tester = QAbstractItemModelTester(model, MODE)
    sorted_model = SortedTable(model)
    sorted_tester = QAbstractItemModelTester(sorted_model, MODE)
    sorted_model.sort(place("ping"), Qt.SortOrder.DescendingOrder)
    model.update([participant("a", rtt_ms=5.0), participant("b", rtt_ms=50.0)])
    model.update([participant("b", rtt_ms=1.0), participant("c", rtt_ms=10.0)])
    assert texts(sorted_model, "id") == ["c", "a", "b"]
    model.recolour()
    model.replace_all([participant("z")])
    model.replace_all([])
    assert tester.model() is model
    assert sorted_tester.model() is sorted_model


def test_that_states_are_told_by_word_and_icon(theme: Theme) -> None:
    model = participants(theme)
    states = ["connected", "background", "lost", "finished", "excluded", "turned_away", "of_a_newer_server"]
    model.replace_all(participant(state, state=state) for state in states)
    assert len(set(texts(model, "state"))) == len(states)
    assert texts(model, "state")[2] == "Connection lost"
    assert all(model.index(row, 0).data(Qt.ItemDataRole.DecorationRole) is not None for row in range(len(states)))


def test_that_what_needs_help_sorts_to_the_top(theme: Theme) -> None:
    model = participants(theme)
    sorted_model = SortedTable(model)
    sorted_model.sort(0, Qt.SortOrder.AscendingOrder)
    model.replace_all([participant("a"), participant("b", state="finished"), participant("c", state="lost")])
    assert texts(sorted_model, "id") == ["c", "a", "b"]


def test_that_numbers_sort_as_numbers(theme: Theme) -> None:
    model = participants(theme)
    sorted_model = SortedTable(model)
    sorted_model.sort(place("stored"), Qt.SortOrder.AscendingOrder)
    model.replace_all([participant("a", frames_stored=1000), participant("b", frames_stored=99)])
    assert texts(sorted_model, "stored") == ["99", "1,000"]


def test_that_a_row_that_did_not_change_is_not_painted_again(theme: Theme, qtbot: QtBot) -> None:
    model = participants(theme)
    model.replace_all([participant("a"), participant("b")])
    with qtbot.assertNotEmitted(model.dataChanged):
        model.update([participant("a")])


def test_that_many_changed_rows_are_told_once_with_the_columns_that_differ(theme: Theme, qtbot: QtBot) -> None:
    model = participants(theme)
    model.replace_all([participant(name, rtt_ms=1.0) for name in "abc"])
    told: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row(), first.column(), last.column())))
    model.update([participant("a", rtt_ms=2.0), participant("c", rtt_ms=2.0)])
    model.update([participant("b", wants_in=True, rtt_ms=1.0)])
    ping = place("ping")
    assert told == [(0, 2, ping, ping), (1, 1, 0, 0)]


def test_that_scene_and_position_are_shown_counted_from_one(theme: Theme) -> None:
    model = participants(theme)
    model.replace_all([participant("a", scene_id="game", scene_index=2, scene_total=5, phase="playing", episode=0)])
    assert texts(model, "scene") == ["3 of 5 · game"]
    assert texts(model, "phase") == ["Playing · episode 1"]


def test_that_the_log_keeps_qts_rules_and_only_so_many_lines(theme: Theme, qtbot: QtBot) -> None:
    model = LogModel(theme.icon, theme.colour)
    tester = QAbstractItemModelTester(model, MODE)
    filtered = FilteredLog(model)
    filtered_tester = QAbstractItemModelTester(filtered, MODE)
    line = LogLine(at="2026-01-01T00:00:00.000Z", level="info", text="one")
    model.append(msgspec.structs.replace(line, text=str(number)) for number in range(KEPT + 600))
    assert model.rowCount() == KEPT
    assert model.lines()[-1].text == str(KEPT + 599)
    filtered.show_from("error")
    assert filtered.rowCount() == 0
    model.append([msgspec.structs.replace(line, level="error", text="broken")])
    assert [filtered.index(0, 2).data()] == ["broken"]
    filtered.show_from("info")
    assert filtered.rowCount() == KEPT + 1
    model.replace_all([])
    assert tester.model() is model
    assert filtered_tester.model() is filtered


def test_that_a_line_names_its_participant(theme: Theme) -> None:
    model = LogModel(theme.icon, theme.colour)
    model.append([LogLine(at="nonsense", level="warning", text="connection lost", participant_id="p1")])
    assert model.index(0, 0).data() == "nonsense"
    assert model.index(0, 2).data() == "p1: connection lost"
    assert model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole) == "Warning"


def test_that_the_preview_keeps_qts_rules_with_ragged_rows(qtbot: QtBot) -> None:
    model = PreviewModel()
    tester = QAbstractItemModelTester(model, MODE)
    preview = Preview(("a", "b"), (("1", "2"), ("3",)), False)
    model.show(preview)
    assert [model.index(1, column).data() for column in range(2)] == ["3", ""]
    model.show(replace(preview, rows=()))
    assert tester.model() is model


def test_that_the_end_of_a_participation_is_told_with_its_reason(theme: Theme) -> None:
    model = participants(theme)
    ends = [
        ("finished", "complete", "", "Finished", "Complete"),
        ("finished", "screened_out", "browser", "Turned away", "Turned away: browser"),
        ("excluded", "excluded", "ping", "Excluded", "Excluded: ping"),
        ("finished", "partner_left", "partner_left", "Partner left", "Partner left"),
        ("finished", "no_partner", "waitroom_timeout", "No partner", "No partner came"),
        ("finished", "technical", "", "Technical", "Technical"),
        ("finished", "of_a_newer_server", "some_reason", "Finished", "Of a newer server: some reason"),
    ]
    model.replace_all(
        participant(outcome, state=state, outcome=outcome, outcome_reason=why) for state, outcome, why, *_ in ends
    )
    assert texts(model, "state") == [end[3] for end in ends]
    assert texts(model, "phase") == [end[4] for end in ends]


def test_that_a_warning_is_told_by_icon_and_word_and_goes_again(theme: Theme) -> None:
    model = participants(theme)
    model.replace_all([participant("a", phase="playing", episode=0, warning="tab")])
    cell = model.index(0, place("phase"))
    assert cell.data() == "Playing · episode 1 · warned: other tab"
    assert cell.data(Qt.ItemDataRole.DecorationRole) is not None
    assert cell.data(Qt.ItemDataRole.ForegroundRole) == theme.colour("warning")
    model.update([participant("a", phase="playing", episode=0)])
    assert (cell.data(), cell.data(Qt.ItemDataRole.DecorationRole)) == ("Playing · episode 1", None)


def test_that_unanswered_pings_are_told_beside_the_ping(theme: Theme) -> None:
    model = participants(theme)
    model.replace_all([participant("a", rtt_ms=43.2, lost_probes=3), participant("b", rtt_ms=5.0)])
    assert texts(model, "ping") == ["43 ms · 3 lost", "5 ms"]


def test_that_somebody_who_is_being_checked_is_here(theme: Theme) -> None:
    model = participants(theme)
    model.replace_all([participant("a", state="screening", rtt_ms=8.0)])
    assert (texts(model, "state"), texts(model, "ping")) == (["Being checked"], ["8 ms"])
