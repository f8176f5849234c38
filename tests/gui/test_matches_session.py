"""The matches of the Run page with the real server, and two people who speak the protocol."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.run.line_legend import NamedLine
from mug.protocol.messages import MatchWaiting, ReportMatch
from mug.protocol.parts import MatchStatus, PeerStatus
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ParticipantClient

pytestmark = pytest.mark.pyodide

TRIED_WITHIN_MS = 300_000
"""Before it serves a game of several people, the server tries whether its states can be restored, in Pyodide too."""


@pytest.fixture
def running(lab: Lab, qtbot: QtBot, tmp_path: Path) -> Iterator[GuiDriver]:
    study = write_pair_study(tmp_path / "study", fps=10, reconnection_timeout_ms=500)
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[hosting]\nport = 0\n")
    driver = GuiDriver(lab, qtbot)
    driver.open_study(study)
    driver.start(TRIED_WITHIN_MS)
    yield driver
    driver.stop()


def status(person: ParticipantClient, partner: str, second: int, **fields: object) -> MatchStatus:
    """What the page of `person` says of the match in its `second`."""
    told: dict[str, object] = {
        "stage": "playing",
        "frame": 10 * second,
        "rollbacks": 4,
        "depth_mean": 1.5,
        "depth_max": 3,
        "stalled_ms": 50.0,
        "compared": 2 * second,
        "peers": (PeerStatus(agent=partner, path="p2p", rtt_ms=40.0 + second, jitter_ms=3.0, loss=0.01),),
        **fields,
    }
    return MatchStatus(match_id=person.config.match_id, **told)  # type: ignore[arg-type]


def test_that_a_match_is_watched_from_its_forming_to_its_end_and_exported(running: GuiDriver, qtbot: QtBot) -> None:
    run = running.lab.window.run
    with running.participant("anna") as anna, running.participant("bert") as bert:
        for person in (anna, bert):
            person.enter()
            person.finish()
        running.wait_until(lambda: run.present() == 2)
        run.people.choice.choose("matches")
        assert run.matches.currentIndex() == 0
        anna.join()
        anna.wait_for(MatchWaiting)
        bert.join()
        for person in (anna, bert):
            person.matched()
        running.wait_until(lambda: running.match_row(1).get("state") == "Connecting")
        assert running.match_row(1)["players"] == "anna (north) · bert (east)"
        assert (running.row("anna")["match"], running.row("bert")["match"]) == ("1 · bert", "1 · anna")

        for second in range(1, 4):
            anna.pulse(second, phase="playing", match=status(anna, "east", second))
            bert.pulse(second, phase="playing", match=status(bert, "north", second, depth_max=5, rollbacks=7))
        running.wait_until(lambda: running.match_row(1)["rtt"] == "43 ms" and running.match_row(1)["depth"] == "5")
        shown = running.match_row(1)
        assert {key: shown[key] for key in ("state", "path", "rollbacks", "stalled", "compared", "accord")} == {
            "state": "Playing",
            "path": "Direct",
            "rollbacks": "7/s",
            "stalled": "5 %",
            "compared": "6",
            "accord": "In sync",
        }
        running.wait_until(lambda: len(run.match_live.plots[0].drawn()) == 1)
        assert run.match_live.rtt_lines.lines() == (NamedLine("anna – bert", "43 ms · direct"),)

        relayed = (PeerStatus(agent="east", path="relay", rtt_ms=90.0),)
        anna.pulse(4, phase="playing", match=status(anna, "east", 4, peers=relayed, desyncs=1))
        anna.send(ReportMatch(match_id=anna.config.match_id, flag="desync", detail="frame 30", frame=30))
        running.wait_until(lambda: running.match_row(1)["accord"] == "1 desync")
        running.wait_until(lambda: running.match_row(1)["path"] == "By the server")

        network = {"table": "network", "match_id": anna.config.match_id, "agent": "north", "partner": "east"}
        row = {"episode": 0, "frame": 10, "path": "p2p", "rtt_ms": 41.0, "rollbacks": 4, "at_ms": 1000.0}
        anna.put_rows("telemetry", {**network, **row, "at": "2026-01-01T10:00:01.000Z"})
        anna.play_episode(20)
        anna.settle()
        bert.drop()
        anna.finish("partner_left")
        running.wait_until(lambda: running.match_row(1)["state"] == "Partner left")
        assert running.match_row(1)["rtt"] == "–"
        assert running.row("anna")["match"] == "–"
    running.stop()

    running.export()
    data = running.lab.window.data
    tables = data.detail.tables
    data.detail.tabs.setCurrentWidget(tables)
    running.wait_until(lambda: tables.source.count() == 2)
    tables.source.setCurrentIndex(1)
    tables.choice.setCurrentText("network")
    running.wait_until(lambda: tables.model.rowCount() == 1 and tables.wanted()[1] == "network")
    model = tables.model
    headers = [model.headerData(section, Qt.Orientation.Horizontal) for section in range(model.columnCount())]
    assert {"match_id", "rtt_ms", "rollbacks", "path"} <= set(headers)
