"""Groups that MUG Lab lets go, with the real server, and people who speak the protocol."""

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.run.action_dialog import ActionDialog
from gui.run.room_block import RoomBlock
from gui.runtime.server_state import ServerState
from gui.shell.settings import LabSettings
from mug.protocol.lab_console import ActionView
from mug.protocol.messages import MatchReady, MatchVerdict, ProbePartners, ShowScene
from tests.drivers.gui_driver import GuiDriver
from tests.drivers.pair_study import write_pair_study
from tests.drivers.probe_answers import answer_probe
from tests.drivers.server_driver import ParticipantClient

pytestmark = pytest.mark.pyodide

TRIED_WITHIN_MS = 300_000
"""Before it serves a game of several people, the server tries whether its states can be restored, in Pyodide too."""
ROOM = (1,)


def write_study(folder: Path, **matchmaking: Any) -> Path:
    study = write_pair_study(folder, fps=10)
    file = study / "study.toml"
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    game["matchmaking"] = matchmaking
    document["hosting"] = {"port": 0}
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return study


class Lobby:
    """MUG Lab with a session whose groups the experimenter lets go, and the people in its waiting room."""

    def __init__(self, driver: GuiDriver, qtbot: QtBot, stack: ExitStack) -> None:
        self.driver, self.qtbot, self._stack = driver, qtbot, stack
        self.view = driver.lab.window.run.people.waiting

    def comes(self, *names: str) -> list[ParticipantClient]:
        """Let people come and wait, one after the other."""
        people = []
        self.driver.lab.window.run.people.show_waiting()
        for name in names:
            person = self._stack.enter_context(self.driver.participant(name))
            person.enter()
            person.finish()
            person.join()
            self.driver.wait_until(lambda name=name: bool(self.driver.waiting_row(ROOM, name)))
            people.append(person)
        return people

    def state(self, name: str) -> str:
        """How somebody's waiting is shown."""
        return self.driver.waiting_row(ROOM, name).get("state", "")

    def block(self) -> RoomBlock:
        """What shows the room."""
        block = self.view.block(ROOM)
        assert block is not None
        return block

    def proposals(self) -> list[tuple[str, ...]]:
        """The groups that are shown as ready."""
        block = self.view.block(ROOM)
        return [row.group for row in block.proposals()] if block is not None else []

    def select(self, *names: str) -> None:
        """Select rows, one after the other."""
        table = self.block().table
        table.clearSelection()
        for place, name in enumerate(names):
            model = table.model()
            row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == name)
            table.scrollTo(model.index(row, 0))
            held = Qt.KeyboardModifier.ControlModifier if place else Qt.KeyboardModifier.NoModifier
            where = table.visualRect(model.index(row, 0)).center()
            self.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, held, where)


@pytest.fixture
def lobby(lab: Lab, qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lobby]:
    study = write_study(tmp_path / "study", **getattr(request, "param", {}))
    driver = GuiDriver(lab, qtbot)
    driver.open_study(study)
    driver.start(TRIED_WITHIN_MS, release="experimenter")
    with ExitStack() as stack:
        yield Lobby(driver, qtbot, stack)
    driver.stop()


def agent_of(person: ParticipantClient) -> str:
    """The agent that somebody plays in the match."""
    [agent] = person.matched().human_agents
    return str(agent)


def test_that_proposed_groups_wait_until_all_are_let_go(lobby: Lobby, qtbot: QtBot) -> None:
    driver, run = lobby.driver, lobby.driver.lab.window.run
    assert run.session is not None
    assert run.session.release == "experimenter"
    people = lobby.comes("anna", "bert", "cleo", "dora", "emil")
    driver.wait_until(lambda: len(lobby.proposals()) == 2)
    assert lobby.proposals() == [("anna", "bert"), ("cleo", "dora")]
    driver.wait_until(lambda: lobby.state("dora") == "Ready to go")
    assert (lobby.state("anna"), lobby.state("emil")) == ("Ready to go", "Waiting")
    assert not any(isinstance(message, MatchReady) for person in people for message in person.received)

    driver.lab.window.activateWindow()
    driver.wait_until(driver.lab.window.isActiveWindow)
    qtbot.keyClick(driver.lab.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    for person in people[:4]:
        person.matched()
    driver.wait_until(lambda: driver.match_row(2) != {} and len(lobby.block().model.rows()) == 1)
    assert {driver.match_row(1)["players"], driver.match_row(2)["players"]} == {
        "anna (north) · bert (east)",
        "cleo (north) · dora (east)",
    }


def test_that_a_group_by_hand_is_refused_in_words_and_goes_in_the_order_of_the_selection(
    lobby: Lobby, qtbot: QtBot
) -> None:
    driver = lobby.driver
    anna, _bert, cleo = lobby.comes("anna", "bert", "cleo")
    cleo.drop()
    driver.wait_until(lambda: lobby.state("cleo") == "Connection lost")
    lobby.select("cleo", "anna")
    with qtbot.waitSignal(driver.lab.session.said) as said:
        qtbot.mouseClick(lobby.block().by_hand, Qt.MouseButton.LeftButton)
        assert not lobby.block().by_hand.isEnabled()
    assert "cleo is not connected" in said.args[0]
    assert lobby.proposals() == [("anna", "bert")]

    cleo.come_back()
    cleo.join()
    driver.wait_until(lambda: lobby.state("cleo") == "Waiting")
    assert lobby.block().chosen() == ("cleo", "anna")
    qtbot.mouseClick(lobby.block().by_hand, Qt.MouseButton.LeftButton)
    assert (agent_of(cleo), agent_of(anna)) == ("north", "east")
    driver.wait_until(lambda: [view.participant_id for view in lobby.block().model.rows()] == ["bert"])
    assert lobby.proposals() == []


def test_that_held_groups_go_when_the_mode_becomes_automatic_and_all_is_in_the_data(lobby: Lobby, qtbot: QtBot) -> None:
    driver, run = lobby.driver, lobby.driver.lab.window.run
    people = lobby.comes("anna", "bert", "cleo", "dora")
    driver.wait_until(lambda: len(lobby.proposals()) == 2)
    qtbot.mouseClick(lobby.block().proposals()[1].let_go, Qt.MouseButton.LeftButton)
    for person in people[2:]:
        person.matched()
    driver.wait_until(lambda: lobby.proposals() == [("anna", "bert")])
    qtbot.mouseClick(lobby.view.change_mode, Qt.MouseButton.LeftButton)
    assert run.mode_dialog is not None
    qtbot.keyClicks(run.mode_dialog.reason, "the lab closes")
    qtbot.mouseClick(run.mode_dialog.confirm, Qt.MouseButton.LeftButton)
    for person in people[:2]:
        person.matched()
    driver.wait_until(lambda: run.session is not None and run.session.release == "automatic")
    driver.wait_until(lambda: lobby.view.blocks() == ())
    driver.stop()

    [file] = driver.export().glob("**/*console_data.csv")
    with file.open(encoding="utf-8", newline="") as rows:
        console = list(csv.DictReader(rows))
    actions = {row["action"]: row for row in console}
    assert json.loads(actions["release_groups"]["detail"])["groups"] == [["cleo", "dora"]]
    assert actions["release_set"]["reason"] == "the lab closes"
    assert json.loads(actions["release_set"]["detail"]) == {"mode": "automatic"}


def test_that_players_are_sent_back_paired_anew_and_ended_from_the_window(lobby: Lobby, qtbot: QtBot) -> None:
    driver, run = lobby.driver, lobby.driver.lab.window.run
    anna, bert, cleo, dora = people = lobby.comes("anna", "bert", "cleo", "dora")
    driver.wait_until(lambda: len(lobby.proposals()) == 2)
    run.let_groups_go()
    first = [person.matched() for person in people]
    together = {config.match_id for config in first}
    assert len(together) == 2
    partner = next(p for p, config in zip(people[1:], first[1:], strict=True) if config.match_id == first[0].match_id)

    def view_of(reason: str) -> ActionView:
        return next(view for view in run.people.actions_view.model.views() if view.reason == reason)

    def act(key: str, *names: str, reason: str, affected: str) -> ActionView:
        run.people.choice.choose("participants")
        run.participants.select(names)
        run.people_desk.act(key)
        dialog = run.desk.dialog
        assert isinstance(dialog, ActionDialog)
        driver.wait_until(lambda: "Asking who" not in dialog.affected.text())
        assert affected in dialog.affected.text()
        assert dialog.reason is not None
        dialog.reason.setEditText(reason)
        qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
        driver.wait_until(lambda: all(t.state != "sending" for t in view_of(reason).targets))
        return view_of(reason)

    back = act("to_waitroom", "anna", reason="Too slow", affected=f"{partner.subject_id}:")
    assert [target.participant_id for target in back.targets if target.state != "skipped"] == ["anna"]
    anna.wait_for(ShowScene, lambda shown: shown.action_id == back.action_id)
    assert partner.wait_for(MatchVerdict).policy, "its game is over by the study's own rule"
    anna.join()
    run.people.show_waiting()
    driver.wait_until(lambda: bool(driver.waiting_row(ROOM, "anna")))
    other = next(person for person in (bert, cleo, dora) if person is not partner)
    last = next(person for person in (bert, cleo, dora) if person not in {partner, other})
    mixed = act("repair", "anna", str(other.subject_id), reason="Friends", affected=f"{last.subject_id}:")
    other.wait_for(ShowScene, lambda shown: shown.action_id == mixed.action_id)
    other.join()
    other.matched()
    assert anna.matched().match_id == other.matched().match_id
    assert anna.matched().match_id not in together
    driver.wait_until(lambda: not any(t.state == "sent" for t in view_of("Friends").targets))
    ended = act("end", "anna", reason="Time is up", affected=f"{other.subject_id}:")
    assert anna.closed().action_id == ended.action_id
    driver.wait_until(lambda: driver.row("anna")["state"] == "Finished")


@pytest.mark.parametrize("lobby", [{"max_rtt": 100}], indirect=True)
def test_that_measuring_and_a_rejected_pair_are_seen(lobby: Lobby) -> None:
    driver = lobby.driver
    anna, bert = lobby.comes("anna", "bert")
    for person in (anna, bert):
        person.wait_for(ProbePartners)
    driver.wait_until(lambda: (lobby.state("anna"), lobby.state("bert")) == ("Measuring", "Measuring"))
    for person in (anna, bert):
        answer_probe(person, 340.0)
    driver.wait_until(lambda: "anna – bert: 340 ms between them" in lobby.block().notes())
    assert lobby.proposals() == []
    assert lobby.state("anna") == "Waiting"
    seen = len(anna.received)
    [cleo] = lobby.comes("cleo")
    for person in (anna, cleo):
        answer_probe(person, 20.0, after=seen if person is anna else 0)
    driver.wait_until(lambda: lobby.proposals() == [("anna", "cleo")])


@pytest.mark.long
def test_that_only_a_new_session_asks_who_lets_groups_go(
    lab: Lab, qtbot: QtBot, settings: LabSettings, tmp_path: Path
) -> None:
    driver = GuiDriver(lab, qtbot)
    driver.open_study(write_study(tmp_path / "study"))
    qtbot.mouseClick(lab.window.run.start_stop, Qt.MouseButton.LeftButton)
    driver.wait_until(lambda: lab.session.new_session_dialog is not None)
    dialog = lab.session.new_session_dialog
    assert dialog is not None
    assert dialog.choices["experimenter"].isChecked(), "what MUG Lab proposes"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert lab.control.outcome.state is ServerState.STOPPED

    driver.start(TRIED_WITHIN_MS, release="experimenter")
    with driver.participant("anna") as anna:
        anna.enter()
        driver.wait_until(lambda: lab.window.run.present() == 1)
        first = lab.window.run.session
        driver.stop()
    settings.release = "automatic"
    qtbot.mouseClick(lab.window.run.start_stop, Qt.MouseButton.LeftButton)
    driver.wait_until(lambda: lab.session.resume_dialog is not None)
    assert lab.session.new_session_dialog is None
    resume = lab.session.resume_dialog
    assert resume is not None
    qtbot.waitUntil(resume.go_on.hasFocus)
    qtbot.keyClick(resume.go_on, Qt.Key.Key_Return)
    driver.wait_running(TRIED_WITHIN_MS)
    again = lab.window.run.session
    assert first is not None
    assert again is not None
    assert (again.session_id, again.release) == (first.session_id, "experimenter")
    driver.stop()
