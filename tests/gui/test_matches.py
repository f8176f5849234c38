"""The matches of the Run page: what each row says, what is drawn, and what stays out of the way."""

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.columns import SortedTable
from gui.models.match_history import CAPACITY, MatchHistory, MatchTrack
from gui.models.matches import MATCH_COLUMNS, MatchesModel
from gui.models.participants import COLUMNS
from gui.run.line_legend import NamedLine, line_pen
from gui.run.page import RunPage
from gui.runtime.server_state import Outcome, ServerState
from gui.shell.settings import LabSettings
from gui.widgets.theme import Theme, ThemeChoice
from mug.protocol.lab import LabBatch, LabSnapshot, MatchView, ParticipantView, PlayerView
from tests.drivers.match_views import match_view, with_pairs, with_players
from tests.drivers.session_views import session_view

MODE = QAbstractItemModelTester.FailureReportingMode.Fatal
PLACE = {column.key: place for place, column in enumerate(MATCH_COLUMNS)}
SESSION = session_view()


def people(*names: str) -> tuple[ParticipantView, ...]:
    return tuple(ParticipantView(participant_id=name, state="connected", phase="playing") for name in names)


def shown(lab: Lab, *matches: MatchView, names: tuple[str, ...] = ("anna", "bert", "cleo", "dora")) -> RunPage:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    run.show_snapshot(LabSnapshot(session=SESSION, participants=people(*names), matches=matches))
    return run


def texts(model: MatchesModel | SortedTable, row: int = 0) -> dict[str, str]:
    return {key: model.index(row, place).data() for key, place in PLACE.items()}


def model_of(theme: Theme, *views: MatchView) -> MatchesModel:
    model = MatchesModel(theme.icon, theme.colour)
    model.replace_all(views)
    return model


def playing_with(run: RunPage) -> dict[str, str]:
    model, column = run.participants.model, [column.key for column in COLUMNS].index("match")
    return {view.participant_id: model.index(row, column).data() for row, view in enumerate(model.rows())}


# The table


def test_that_a_match_on_the_server_claims_nothing_of_peers(theme: Theme) -> None:
    view = MatchView(
        match_id="m-1",
        scene_id="lander",
        state="playing",
        formed_at="2026-01-01T10:00:00.000Z",
        players=(
            PlayerView(agent="north", participant_id="anna", stage="playing", frame=37),
            PlayerView(agent="east", participant_id="bert", stage="away", frame=37),
        ),
        frame=37,
        flags=("server_restored",),
        mode="server_authoritative",
        hz=29.7,
    )
    model = model_of(theme, view)
    shown = texts(model)
    assert shown["players"] == "anna (north) · bert (east, away)"
    assert shown["progress"] == "Episode 1 · frame 37"
    assert (shown["path"], shown["accord"]) == ("Server", "–")
    assert "29.7 Hz" in model.index(0, PLACE["progress"]).data(Qt.ItemDataRole.ToolTipRole)
    assert {shown[key] for key in ("rtt", "rollbacks", "depth", "stalled", "compared")} == {"–"}
    tip = model.index(0, PLACE["state"]).data(Qt.ItemDataRole.ToolTipRole)
    assert "started again" in tip


def test_that_a_match_says_who_plays_over_which_path_and_how_well(theme: Theme) -> None:
    view = with_players(
        match_view("m1", "anna", "bert", policies=("ball",), episode=1, frame=345, compared=1234),
        rollbacks=(3, 7),
        depth_max=(2, 5),
        stalled_ms=(0.0, 120.0),
    )
    assert texts(model_of(theme, view)) == {
        "state": "Playing",
        "number": "1",
        "players": "anna (left) · bert (right) · policy (ball)",
        "scene": "volley",
        "progress": "Episode 2 · frame 345",
        "path": "Direct",
        "rtt": "20 ms",
        "rollbacks": "7/s",
        "depth": "5",
        "stalled": "12 %",
        "compared": "1,234",
        "accord": "In sync",
    }


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("p2p", "p2p", "p2p"), "Direct"),
        (("relay", "relay", "relay"), "By the server"),
        (("p2p", "relay", "p2p"), "1 of 3 by server"),
        (("p2p", "relay", ""), "1 of 3 missing"),
        (("", "", ""), "No connection"),
        (("carrier_pigeon",) * 3, "Carrier_pigeon"),
    ],
)
def test_that_the_paths_of_all_pairs_are_told_in_one_cell(theme: Theme, paths: tuple[str, ...], words: str) -> None:
    model = model_of(theme, with_pairs(match_view("m1", "a", "b", "c"), path=paths))
    assert texts(model)["path"] == words
    tip = model.index(0, PLACE["path"]).data(Qt.ItemDataRole.ToolTipRole)
    assert [line.split(":")[0] for line in tip.splitlines()] == ["a – b", "a – c", "b – c"]


def test_that_the_slowest_pair_and_the_worst_player_are_shown(theme: Theme) -> None:
    view = with_pairs(match_view("m1", "a", "b", "c"), rtt_ms=(10.0, None, 80.0))
    assert texts(model_of(theme, view))["rtt"] == "80 ms"
    assert texts(model_of(theme, with_pairs(view, rtt_ms=None)))["rtt"] == "–"


def test_that_who_has_left_has_no_part_in_the_live_figures(theme: Theme) -> None:
    view = with_players(
        match_view("m1", "a", "b", "c"), rollbacks=(1, 2, 9), depth_max=(1, 2, 6), stalled_ms=(0.0, 20.0, 400.0)
    )
    view = with_pairs(view, path=("p2p", "relay", "relay"), rtt_ms=(20.0, 385.0, 416.0))
    told = texts(model_of(theme, with_players(view, dropped=(False, False, True))))
    assert {key: told[key] for key in ("path", "rtt", "rollbacks", "depth", "stalled")} == {
        "path": "Direct",
        "rtt": "20 ms",
        "rollbacks": "2/s",
        "depth": "2",
        "stalled": "2 %",
    }


def test_that_desyncs_are_told_by_word_and_icon(theme: Theme) -> None:
    views = [match_view("m1", "a", "b", compared=0), match_view("m2", "a", "b"), match_view("m3", "a", "b", desyncs=2)]
    model = model_of(theme, *views)
    cells = [model.index(row, PLACE["accord"]) for row in range(3)]
    assert [cell.data() for cell in cells] == ["Not compared yet", "In sync", "2 desyncs"]
    icons = {cell.data(Qt.ItemDataRole.DecorationRole).cacheKey() for cell in cells}
    assert len(icons) == 3
    assert "flagged" in cells[2].data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("state", ["completed", "partner_left", "void", "refused", "failed"])
def test_that_what_has_ended_stays_and_has_no_live_figures(theme: Theme, state: str) -> None:
    model = model_of(theme, with_players(match_view("m1", "a", "b"), depth_max=4, rollbacks=9, stalled_ms=50.0))
    model.update([msgspec.structs.replace(model.rows()[0], state=state)])
    told = texts(model)
    assert [told[key] for key in ("rtt", "rollbacks", "depth", "stalled")] == ["–"] * 4
    assert told["state"] == state.replace("_", " ").capitalize()
    muted = model.index(0, PLACE["players"]).data(Qt.ItemDataRole.ForegroundRole)
    assert muted == theme.colour("muted")


def test_that_a_state_of_a_newer_server_keeps_its_name(theme: Theme) -> None:
    assert texts(model_of(theme, match_view("m1", "a", "b", state="in_space")))["state"] == "In space"


def test_that_every_column_is_explained_and_the_terms_in_one_sentence(theme: Theme) -> None:
    model = model_of(theme)
    header = {
        column.key: model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        for place, column in enumerate(MATCH_COLUMNS)
    }
    assert all(header.values())
    assert "round-trip time" in header["rtt"]
    assert "went back" in header["rollbacks"]
    assert "how many frames" in header["depth"]


def test_that_the_matches_model_keeps_qts_rules_through_every_change(theme: Theme, qtbot: QtBot) -> None:
    model = MatchesModel(theme.icon, theme.colour)
    tester = QAbstractItemModelTester(model, MODE)
    sorted_model = SortedTable(model)
    sorted_tester = QAbstractItemModelTester(sorted_model, MODE)
    sorted_model.sort(PLACE["state"], Qt.SortOrder.AscendingOrder)
    model.update([match_view("m1", "a", "b"), match_view("m2", "c", "d")])
    model.update([match_view("m2", "c", "d", state="paused"), match_view("m3", "e", "f", state="completed")])
    assert [texts(sorted_model, row)["number"] for row in range(3)] == ["2", "1", "3"]
    model.recolour()
    model.replace_all([match_view("m9", "a", "b")])
    model.replace_all([])
    assert tester.model() is model
    assert sorted_tester.model() is sorted_model


def test_that_a_match_that_looks_as_before_is_not_painted_again(theme: Theme, qtbot: QtBot) -> None:
    model = model_of(theme, match_view("m1", "a", "b"), match_view("m2", "c", "d"))
    with qtbot.assertNotEmitted(model.dataChanged):
        model.update([with_players(match_view("m1", "a", "b"), frame=999)])
    told: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row(), first.column(), last.column())))
    model.update([with_pairs(view, rtt_ms=33.0) for view in model.rows()])
    assert told == [(0, 1, PLACE["rtt"], PLACE["rtt"])]


def test_that_matches_are_numbered_as_they_were_formed(theme: Theme) -> None:
    model = model_of(theme, match_view("m2", "c", "d"), match_view("m1", "a", "b"))
    model.update([match_view("m3", "e", "f")])
    assert [model.number_of(match_id) for match_id in ("m1", "m2", "m3", "m4")] == [1, 2, 3, 0]


# What is kept for the plots


def test_that_a_track_keeps_the_newest_moments_in_order() -> None:
    view = match_view("m1", "a", "b")
    track = MatchTrack(view)
    count = 2 * CAPACITY + 1234
    for second in range(count):
        track.append(float(second), with_pairs(view, rtt_ms=float(second)))
    assert len(track) == CAPACITY
    assert np.array_equal(track.at_s, np.arange(count - CAPACITY, count, dtype=float))
    assert np.array_equal(track.of_pairs("rtt")[0], track.at_s)
    assert track.of_players("depth").shape == (2, CAPACITY)


def test_that_a_short_match_takes_little_memory() -> None:
    view = match_view("m1", "a", "b")
    track = MatchTrack(view)
    for second in range(200):
        track.append(float(second), with_pairs(view, rtt_ms=float(second)))
    base = track.at_s.base
    assert base is not None
    assert base.nbytes < 24_000


def test_that_moments_from_the_past_and_repetitions_are_dropped() -> None:
    history, view = MatchHistory(), match_view("m1", "a", "b")
    assert history.add([view], 10.0) == {"m1"}
    assert history.add([msgspec.structs.replace(view, frame=9)], 10.1) == set()
    assert history.add([with_pairs(view, rtt_ms=5.0)], 9.0) == set()
    assert history.add([view], 11.5) == {"m1"}
    track = history.track("m1")
    assert track is not None
    assert track.at_s.tolist() == [10.0, 11.5]


def test_that_a_pair_that_is_told_later_has_a_hole_before() -> None:
    history, view = MatchHistory(), match_view("m1", "a", "b", "c")
    history.add([with_players(msgspec.structs.replace(view, pairs=view.pairs[1:]), depth_max=(1, 2, 3))], 1.0)
    history.add([view], 2.0)
    track = history.track("m1")
    assert track is not None
    assert np.isnan(track.of_pairs("rtt")[0]).tolist() == [True, False]
    assert track.of_pairs("rtt")[2].tolist() == [20.0, 20.0]
    assert track.of_players("depth")[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_that_the_lines_of_who_has_left_end() -> None:
    view = match_view("m1", "a", "b", "c")
    history = MatchHistory()
    history.add([view], 10.0)
    history.add([with_players(view, dropped=(False, False, True))], 11.0)
    track = history.track("m1")
    assert track is not None
    assert np.isnan(track.of_pairs("rtt")[:, 1]).tolist() == [False, True, True]
    assert np.isnan(track.of_players("depth")[:, 1]).tolist() == [False, False, True]


def test_that_no_two_lines_are_apart_by_colour_alone(theme: Theme) -> None:
    pens = [line_pen(theme, place, 1.0) for place in range(6)]
    assert len({pen.style() for pen in pens[:5]}) == 5
    assert len({(pen.style(), pen.color().name()) for pen in pens}) == 6


# The page


def test_that_a_study_for_one_person_shows_nothing_of_matches(lab: Lab) -> None:
    run = shown(lab)
    offered = [button.text() for button in run.people.choice.findChildren(QPushButton) if button.isVisible()]
    assert offered == ["Participants", "Actions"]
    assert run.participants.isVisible()
    assert run.participants.table.isColumnHidden([column.key for column in COLUMNS].index("match"))
    assert run.live.isVisible()


def test_that_before_the_first_match_it_is_said_what_will_be_here(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab)
    run.people.expect_matches(True)
    run.people.choice.choose("matches")
    assert run.matches.isVisible()
    assert run.matches.currentIndex() == 0
    run.show_batch(LabBatch(matches=(match_view("m1", "anna", "bert"),)))
    assert run.matches.table.isVisible()
    assert run.match_live.match_id == "m1"


def test_that_the_columns_of_one_scenes_matches_fit_the_window(lab: Lab, qtbot: QtBot) -> None:
    lab.window.resize(1280, 800)
    run = shown(lab, match_view("m1", "anna", "bert"))
    run.people.choice.choose("matches")
    table = run.matches.table
    qtbot.waitUntil(lambda: table.isVisible() and table.viewport().width() > 1000)
    assert table.isColumnHidden(PLACE["scene"])
    assert not table.horizontalScrollBar().isVisible()
    run.show_batch(LabBatch(matches=(match_view("m2", "cleo", "dora", scene_id="tag"),)))
    assert not table.isColumnHidden(PLACE["scene"])


def test_that_a_code_to_scan_is_shown_only_where_others_can_reach_it(lab: Lab) -> None:
    run = shown(lab, names=())
    words = [text for text in _words(run.people) if "address" in text]
    assert words == ["Open the address in browser windows on this machine, one for each participant:"]
    session = msgspec.structs.replace(SESSION, addresses=("http://192.168.1.5:8000/",))
    run.show_snapshot(LabSnapshot(session=session, participants=(), matches=()))
    assert any("scan the code" in text for text in _words(run.people))


def _words(widget: QWidget) -> list[str]:
    return [found.text() for found in widget.findChildren(QLabel) if found.isVisible()]


def test_that_participants_are_shown_with_their_match_and_partners(lab: Lab) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"))
    run.show_batch(LabBatch(matches=(match_view("m2", "cleo", "dora"),)))
    assert playing_with(run) == {"anna": "1 · bert", "bert": "1 · anna", "cleo": "2 · dora", "dora": "2 · cleo"}
    lost = with_players(match_view("m1", "anna", "bert"), dropped=(False, True))
    over = match_view("m2", "cleo", "dora", state="completed")
    run.show_batch(LabBatch(matches=(lost, over)))
    assert playing_with(run) == {"anna": "1", "bert": "–", "cleo": "–", "dora": "–"}


def test_that_a_participant_leads_to_the_match(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"), match_view("m2", "cleo", "dora"))
    table = run.participants.table
    row = next(row for row in range(4) if table.model().index(row, 1).data() == "dora")
    table.setCurrentIndex(table.model().index(row, 1))
    table.setFocus()
    table.customContextMenuRequested.emit(table.visualRect(table.model().index(row, 1)).center())
    menu = run.participants.findChild(QMenu)
    assert menu is not None
    next(action for action in menu.actions() if "match" in action.text()).trigger()
    assert run.people.current() == "matches"
    assert run.match_live.match_id == "m2"
    assert run.match_live.isVisible()


def test_that_the_selected_match_is_drawn_live(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"), match_view("m2", "cleo", "dora"))
    run.people.choice.choose("matches")
    run.matches.select("m2")
    view = with_players(with_pairs(match_view("m2", "cleo", "dora"), rtt_ms=77.0), depth_max=(3, 6), rollbacks=(2, 8))
    qtbot.waitUntil(lambda: run.match_live.repaints > 0)
    run.show_batch(LabBatch(matches=(view,)))

    def is_drawn() -> bool:
        rtt, depth = (plot.drawn() for plot in run.match_live.plots)
        return len(rtt) == 1 and rtt[0][1][-1:].tolist() == [77.0] and [y[-1] for _x, y in depth] == [3.0, 6.0]

    qtbot.waitUntil(is_drawn)
    assert run.match_live.rtt_lines.lines() == (NamedLine("cleo – dora", "77 ms · direct"),)
    assert run.match_live.depth_lines.lines() == (
        NamedLine("cleo", "2/s · depth 3"),
        NamedLine("dora", "8/s · depth 6"),
    )


def test_that_figures_wait_a_moment_and_news_do_not(lab: Lab, qtbot: QtBot) -> None:
    view = match_view("m1", "anna", "bert")
    run = shown(lab, view)
    model = run.matches.model
    for rtt_ms in (30.0, 31.0, 32.0):
        run.show_batch(LabBatch(matches=(with_pairs(view, rtt_ms=rtt_ms),)))
    qtbot.waitUntil(lambda: texts(model)["rtt"] == "32 ms")
    changes: list[object] = []
    model.dataChanged.connect(lambda first, _last: changes.append(first))
    for frame in range(20):
        run.show_batch(LabBatch(matches=(with_pairs(view, rtt_ms=40.0 + frame),)))
    assert len(changes) <= 1
    track = run.match_live.history.track("m1")
    assert track is not None
    assert track.of_pairs("rtt")[0, -1] == 59.0
    run.show_batch(LabBatch(matches=(with_pairs(msgspec.structs.replace(view, state="paused"), rtt_ms=80.0),)))
    assert (texts(model)["state"], texts(model)["rtt"]) == ("Paused", "80 ms")


def test_that_a_match_out_of_sight_is_not_repainted(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"))
    run.people.choice.choose("matches")
    qtbot.waitUntil(lambda: run.match_live.repaints > 0)
    run.people.choice.choose("participants")
    before, live = run.match_live.repaints, run.live.repaints
    run.show_batch(LabBatch(matches=(with_pairs(match_view("m1", "anna", "bert"), rtt_ms=5.0),)))
    qtbot.waitUntil(lambda: run.live.repaints > live)
    assert run.match_live.repaints == before


def test_that_an_ended_match_stands_still_at_its_end(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"))
    run.people.choice.choose("matches")
    qtbot.waitUntil(lambda: run.match_live.repaints > 0)
    run.show_batch(LabBatch(matches=(match_view("m1", "anna", "bert", state="partner_left", flags=("partner_left",)),)))
    before = run.match_live.repaints
    qtbot.waitUntil(lambda: run.match_live.repaints > before)
    assert run.match_live.state.text() == "Partner left"
    after = run.match_live.repaints
    run.match_live._drawn_s = 0.0  # long ago: a match that goes on would be drawn now
    run.match_live.draw_due()
    assert run.match_live.repaints == after
    track = run.match_live.history.track("m1")
    assert track is not None
    assert len(track) == 1


def test_that_a_new_snapshot_of_the_same_session_keeps_selection_and_lines(lab: Lab) -> None:
    first, second = match_view("m1", "anna", "bert"), match_view("m2", "cleo", "dora")
    run = shown(lab, first, second)
    run.people.choice.choose("matches")
    run.matches.select("m2")
    run.show_snapshot(LabSnapshot(session=SESSION, participants=people("anna"), matches=(first, second)))
    assert run.match_live.match_id == "m2"
    assert run.match_live.history.track("m2") is not None
    other = msgspec.structs.replace(SESSION, session_id="s2")
    run.show_snapshot(LabSnapshot(session=other, participants=people("anna")))
    assert run.match_live.match_id == ""
    assert run.match_live.history.track("m2") is None
    assert run.people.current() == "participants"
    assert run.live.isVisible()


def test_that_trouble_is_told_beside_the_choice_in_words(lab: Lab) -> None:
    run = shown(lab, match_view("m1", "anna", "bert", state="paused"), match_view("m2", "cleo", "dora", desyncs=1))
    said = run.people.choice.accessibleName(), [label.text() for label in run.people.findChildren(type(run.sentence))]
    assert "1 match paused, 1 match with desyncs" in said[1]


def test_that_the_matches_are_reached_with_the_keyboard_alone(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"), match_view("m2", "cleo", "dora"))
    run.people.choice.choose("matches")
    lab.window.activateWindow()
    run.start_stop.setFocus()
    for _ in range(20):
        widget = QApplication.focusWidget()
        assert widget is not None
        if widget is run.matches.table:
            break
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    table = run.matches.table
    assert QApplication.focusWidget() is table
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert run.match_live.match_id == "m2"


def test_that_a_matchs_id_can_be_copied(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, match_view("m1", "anna", "bert"))
    run.people.choice.choose("matches")
    table = run.matches.table
    spot = QPoint(20, table.rowViewportPosition(0) + 5)
    table.customContextMenuRequested.emit(spot)
    menu = run.matches.findChild(QMenu)
    assert menu is not None
    action = next(action for action in menu.findChildren(QAction) if "id" in action.text())
    action.trigger()
    assert QApplication.clipboard().text() == "m1"
    menu.close()


def test_that_columns_and_splitters_are_remembered(lab: Lab, settings: LabSettings) -> None:
    header = lab.window.run.matches.table.horizontalHeader()
    header.moveSection(0, 3)
    lab.window.close()
    again = LabSettings(settings.path)
    assert again.state("matches") == header.saveState()
    for key in ("run", "live", "participants"):
        assert not again.state(key).isEmpty()


def test_that_both_looks_have_every_icon_of_a_match(theme: Theme) -> None:
    try:
        for choice in (ThemeChoice.DARK, ThemeChoice.LIGHT):
            theme.choose(choice)
            states = ("connecting", "playing", "paused", "completed", "partner_left", "void", "refused", "failed")
            paths = ("p2p", "relay", "")
            views = [match_view(state, "a", "b", state=state) for state in states]
            views += [with_pairs(match_view(f"path {path}", "a", "b"), path=path) for path in paths]
            model = model_of(theme, *views)
            for row in range(model.rowCount()):
                icon = model.index(row, PLACE["state"]).data(Qt.ItemDataRole.DecorationRole)
                assert not icon.isNull()
                assert model.index(row, PLACE["path"]).data(Qt.ItemDataRole.DecorationRole) is not None
    finally:
        theme.choose(ThemeChoice.LIGHT)


def test_that_a_player_who_comes_back_is_told_so_in_the_table_and_beside_the_plot(lab: Lab, qtbot: QtBot) -> None:
    view = with_players(match_view("m1", "anna", "bert", flags=("returned",)), stage=("playing", "returning"))
    run = shown(lab, view)
    assert texts(run.matches.model)["players"] == "anna (left) · bert (right, coming back)"
    tip = run.matches.model.index(0, PLACE["state"]).data(Qt.ItemDataRole.ToolTipRole)
    assert "Flags: a player came back" in tip
    run.people.choice.choose("matches")
    qtbot.waitUntil(lambda: bool(run.match_live.depth_lines.lines()))
    assert run.match_live.depth_lines.lines()[1].value == "coming back"


def test_that_a_stage_of_a_newer_server_keeps_its_own_name(lab: Lab, qtbot: QtBot) -> None:
    run = shown(lab, with_players(match_view("m1", "anna", "bert"), stage=("playing", "doing_a_handstand")))
    run.people.choice.choose("matches")
    qtbot.waitUntil(lambda: bool(run.match_live.depth_lines.lines()))
    assert run.match_live.depth_lines.lines()[1].value == "doing a handstand"
