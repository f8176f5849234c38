"""The policies of the Run page: what a row says, what the whole card says, and that figures follow."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel

from gui.app import Lab
from gui.models.policies import POLICY_COLUMNS, PoliciesModel, card_rows
from gui.run.page import RunPage
from gui.runtime.server_state import Outcome, ServerState
from gui.widgets.theme import Theme, ThemeChoice
from mug.protocol.lab import LabBatch, LabSnapshot, ParticipantView
from mug.protocol.partners import PolicyCardView, PortView
from tests.drivers.session_views import session_view

PLACE = {column.key: place for place, column in enumerate(POLICY_COLUMNS)}


def onnx(**changes: object) -> PolicyCardView:
    given: dict[str, object] = {
        "scene_id": "volley",
        "agent": "agent_left",
        "name": "skilled",
        "framework": "onnx",
        "file": "policies/skilled.onnx",
        "sha256": "5f" * 32,
        "size": 21_480,
        "inputs": (PortView(name="obs", dtype="float32", shape=(-1, 12)),),
        "outputs": (PortView(name="logits", dtype="float32", shape=(-1, 6)),),
        "sampling": "sample",
        "frame_skip": 4,
        "seed": "of the match",
        **changes,
    }
    return PolicyCardView(**given)  # type: ignore[arg-type]  # fields by name


def chance() -> PolicyCardView:
    return PolicyCardView(scene_id="volley", agent="ball", name="random", framework="random", sampling="random")


def shown(lab: Lab, *cards: PolicyCardView) -> RunPage:
    run = lab.window.run
    lab.window.show_page("run")
    run.show_outcome(Outcome(ServerState.READY, study="A study"))
    people = (ParticipantView(participant_id="anna", state="connected", phase="playing"),)
    run.show_snapshot(LabSnapshot(session=session_view(), participants=people, policies=cards))
    return run


def words_of(run: RunPage) -> str:
    return "\n".join(found.text().replace("\u200b", "") for found in run.people.policies.findChildren(QLabel))


def test_that_a_row_says_what_decides_for_whom_and_how_fast(theme: Theme) -> None:
    model = PoliciesModel(theme.icon, theme.colour)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.replace_all([onnx(), chance()])
    model.update([onnx(decisions=12_345, median_ms=0.4321, p99_ms=12.3, late=3)])
    assert {key: model.index(0, place).data() for key, place in PLACE.items()} == {
        "name": "skilled",
        "kind": "ONNX model",
        "agent": "agent_left",
        "scene": "volley",
        "treatment": "all",
        "decisions": "12,345",
        "median": "0.43 ms",
        "p99": "12 ms",
        "late": "3",
    }
    assert model.index(1, PLACE["decisions"]).data() == "–"
    assert model.rowCount() == 2


def test_that_a_card_leaves_out_what_is_not_known() -> None:
    names = dict(card_rows(chance()))
    assert "File" not in names
    assert "SHA-256" not in names
    assert "Takes" not in names
    assert names["Decisions"] == "none measured yet"
    whole = dict(card_rows(onnx(recurrent=True, decisions=10, median_ms=1.0, p99_ms=2.0)))
    assert whole["Kind"] == "ONNX model, recurrent"
    assert whole["Takes"] == "obs: float32 [any, 12]"
    assert whole["Decides"] == "every 4th frame"
    assert whole["Late"] == "none"


def test_that_policies_are_offered_only_where_some_take_part(lab: Lab) -> None:
    run = shown(lab)
    run.people.choice.choose("policies")
    assert run.people.current() == "participants"
    run.show_batch(LabBatch(policies=(chance(),)))
    run.people.choice.choose("policies")
    assert run.people.current() == "policies"


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_that_the_whole_card_is_shown_follows_its_figures_and_is_copied(lab: Lab, choice: ThemeChoice) -> None:
    lab.theme.choose(choice)
    run = shown(lab, onnx(), chance())
    run.people.choice.choose("policies")
    view = run.people.policies
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    view.table.selectRow(1)
    chosen = view.selected()
    assert chosen is not None
    assert chosen.name == "skilled"
    assert "5f" * 32 in words_of(run)
    run.show_batch(LabBatch(policies=(onnx(decisions=70, median_ms=0.5, p99_ms=1.5),)))
    assert "1.50 ms" in words_of(run)
    view.copy.click()
    assert "SHA-256: " + "5f" * 32 in QApplication.clipboard().text()


def test_that_a_policy_that_blind_staff_is_not_to_know_claims_nothing(theme: Theme) -> None:
    hidden = PolicyCardView(scene_id="volley", agent="right", name="", framework="")
    model = PoliciesModel(theme.icon, theme.colour)
    model.replace_all([hidden])
    shown = {key: model.index(0, place).data() for key, place in PLACE.items()}
    assert (shown["name"], shown["kind"], shown["treatment"], shown["agent"]) == ("hidden", "–", "differs", "right")
    words = dict(card_rows(hidden))
    assert set(words) == {"Scene", "Acts for", "What it is"}
    assert "until the session is over" in words["What it is"]
