"""Key bindings are recorded by pressing keys; actions and agents fit the environment that was read."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from gui.design.inspector.key_capture import KeyCapture, browser_key
from gui.models.environment_info import AgentInfo, EnvironmentInfo, SpaceInfo
from gui.models.key_names import chord_of, shown_chord
from mug.play.inputs import normal_key
from mug.study.game import GameplaySection, PoliciesSection
from mug.study.model import GymGame, KeyBinding
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)

DISCRETE = SpaceInfo(kind="Discrete", n=3, meanings=("wait", "left", "right"))
TWO = EnvironmentInfo(
    name="Two",
    agents=(AgentInfo(agent="a", action=DISCRETE), AgentInfo(agent="b", action=DISCRETE)),
    names_agents=True,
    fps=20,
)


@pytest.mark.parametrize(
    ("key", "text", "modifiers", "expected"),
    [
        (Key.Key_Left, "", NONE, "ArrowLeft"),
        (Key.Key_Up, "", NONE, "ArrowUp"),
        (Key.Key_Space, " ", NONE, " "),
        (Key.Key_A, "a", NONE, "a"),
        (Key.Key_A, "A", SHIFT, "a"),
        (Key.Key_A, "\x01", CTRL, "a"),
        (Key.Key_1, "1", NONE, "1"),
        (Key.Key_Return, "\r", NONE, "Enter"),
        (Key.Key_Enter, "\r", NONE, "Enter"),
        (Key.Key_Shift, "", SHIFT, "Shift"),
        (Key.Key_Control, "", CTRL, "Control"),
        (Key.Key_AltGr, "", ALT, "AltGraph"),
        (Key.Key_Meta, "", NONE, "Meta"),
        (Key.Key_F1, "", NONE, "F1"),
        (Key.Key_F12, "", NONE, "F12"),
        (Key.Key_Backtab, "", SHIFT, "Tab"),
        (Key.Key_Question, "?", SHIFT, "?"),
        (Key.Key_Comma, ",", NONE, ","),
        (Key.Key_Odiaeresis, "ö", NONE, "ö"),
        (Key.Key_PageDown, "", NONE, "PageDown"),
        (Key.Key_unknown, "", NONE, None),
    ],
)
def test_that_keys_have_the_names_that_browsers_give_them(
    qapp: Any, key: Qt.Key, text: str, modifiers: Qt.KeyboardModifier, expected: str | None
) -> None:
    found = browser_key(QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text))
    assert found == expected
    assert found is None or normal_key(found) == found  # as the game compares them


def test_that_shift_that_only_makes_a_sign_is_no_part_of_a_chord() -> None:
    assert chord_of(["Shift", "?"]) == ("?",)
    assert chord_of(["Shift", "a"]) == ("Shift", "a")
    assert chord_of(["a", "A", "ArrowUp"]) == ("a", "ArrowUp")
    assert shown_chord(("ArrowLeft", " ")) == "← + Space"


def game(show: ShowInspector, *bindings: KeyBinding, **sections: Any) -> InspectorDriver:
    driver = show(GymGame(scene_id="game", gameplay=GameplaySection(action_mapping=bindings), **sections))
    driver.document.select([(0,)])
    return driver


def press(qtbot: QtBot, widget: KeyCapture, *keys: Qt.Key) -> None:
    """Hold keys together, then let all of them go."""
    for key in keys:
        qtbot.keyPress(widget, key)
    for key in keys:
        qtbot.keyRelease(widget, key)


def keys_of(driver: InspectorDriver) -> list[tuple[str, ...]]:
    return [binding.keys for binding in driver.value((0,), "gameplay.action_mapping")]


def test_that_a_binding_is_recorded_by_pressing_a_chord(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    table = driver.editor("gameplay.action_mapping")
    driver.click(table.add_button)
    capture = table.entries[0].capture
    assert capture.is_recording
    press(qtbot, capture, Key.Key_Left, Key.Key_Up)
    assert keys_of(driver) == [("ArrowLeft", "ArrowUp")]
    assert capture.text() == "← + ↑"
    assert not capture.is_recording
    driver.click(capture)
    press(qtbot, capture, Key.Key_W)
    assert keys_of(driver) == [("w",)]
    driver.document.undo()
    assert capture.text() == "← + ↑"


def test_that_a_binding_is_recorded_without_the_mouse(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector, KeyBinding(keys=("a",), action=0))
    capture = driver.editor("gameplay.action_mapping").entries[0].capture
    capture.setFocus()
    qtbot.keyClick(capture, Key.Key_Return)
    assert capture.is_recording
    press(qtbot, capture, Key.Key_Tab)  # Tab is a key like any other here
    assert keys_of(driver) == [("Tab",)]
    qtbot.keyClick(capture, Key.Key_Space)
    press(qtbot, capture, Key.Key_Space)
    assert keys_of(driver) == [(" ",)]


def test_that_escape_stops_recording_and_twice_is_the_key(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector, KeyBinding(keys=("a",), action=0))
    capture = driver.editor("gameplay.action_mapping").entries[0].capture
    driver.click(capture)
    qtbot.keyClick(capture, Key.Key_Escape)
    qtbot.waitUntil(lambda: not capture.is_recording)
    assert keys_of(driver) == [("a",)]
    driver.click(capture)
    qtbot.keyClick(capture, Key.Key_Escape)
    qtbot.keyClick(capture, Key.Key_Escape)
    assert keys_of(driver) == [("Escape",)]


def test_that_leaving_stops_recording(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, KeyBinding(keys=("a",), action=0))
    capture = driver.editor("gameplay.action_mapping").entries[0].capture
    driver.click(capture)
    driver.leave()
    assert not capture.is_recording
    assert capture.text() == "A"


def test_that_the_same_keys_twice_are_said(show_inspector: ShowInspector) -> None:
    driver = game(
        show_inspector,
        KeyBinding(keys=("ArrowUp", "a"), action=0),
        KeyBinding(keys=("A", "ArrowUp"), action=1),
        KeyBinding(keys=("b",), action=1),
    )
    entries = driver.editor("gameplay.action_mapping").entries
    assert [bool(entry.words) for entry in entries] == [False, True, False]
    assert "line 1" in entries[1].words


def test_that_bindings_are_moved_copied_and_deleted(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector, KeyBinding(keys=("a",), action=0), KeyBinding(keys=("b",), action=1))
    table = driver.editor("gameplay.action_mapping")
    table.entries[1].capture.setFocus()
    qtbot.keyClick(table.entries[1].capture, Key.Key_Up, ALT)
    assert keys_of(driver) == [("b",), ("a",)]
    table.double_entry(0)
    assert driver.value((0,), "gameplay.action_mapping")[1] == KeyBinding(keys=(), action=1)
    driver.click(table.entries[0].remove_button)
    assert keys_of(driver) == [(), ("a",)]
    driver.undo_everything()
    assert keys_of(driver) == [("a",), ("b",)]


def test_that_an_action_is_chosen_where_the_environment_has_few(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(
        show_inspector, KeyBinding(keys=("a",), action=0), policies=PoliciesSection(policy_mapping={"a": "human"})
    )
    entry = driver.editor("gameplay.action_mapping").entries[0]
    assert entry.action.line.isVisible()
    driver.know_environment(TWO)
    assert entry.action.combo.isVisible()
    assert entry.action.combo.currentText() == "0: wait"
    qtbot.keyClick(entry.action.combo, Key.Key_Down)
    assert driver.value((0,), "gameplay.action_mapping")[0].action == 1
    table = driver.editor("gameplay.action_mapping")
    driver.click(table.add_button)
    assert driver.value((0,), "gameplay.action_mapping")[1].action == 0  # the first that no key gives


def test_that_an_action_that_the_environment_refuses_is_said(show_inspector: ShowInspector) -> None:
    driver = game(
        show_inspector, KeyBinding(keys=("a",), action=9), policies=PoliciesSection(policy_mapping={"a": "human"})
    )
    driver.know_environment(TWO)
    entry = driver.editor("gameplay.action_mapping").entries[0]
    assert entry.action.line.isVisible()  # no choice has this value
    assert "from 0 to 2" in entry.words


def test_that_numbers_with_commas_are_a_list_where_the_space_is_one(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, KeyBinding(keys=("a",), action=0))
    box = SpaceInfo(kind="Box", shape=(2,), low=(-1.0, -1.0), high=(1.0, 1.0))
    info = EnvironmentInfo(name="Stick", agents=(AgentInfo(agent="human", action=box),), names_agents=True)
    driver.know_environment(info)
    entry = driver.editor("gameplay.action_mapping").entries[0]
    driver.type_into(entry.action.line, "1, -0.5", anew=True)
    assert driver.value((0,), "gameplay.action_mapping")[0].action == [1, -0.5]
    assert entry.words == ""
    driver.type_into(entry.action.line, "2, 0", anew=True)
    assert "from -1 to 1" in entry.words


def test_that_agents_are_added_from_the_environment(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    row = driver.row("policies.policy_mapping")
    driver.know_environment(TWO)
    bar = driver.environment_bar("policies")
    assert bar.humans_button.text() == "Add both agents as human"
    driver.click(bar.humans_button)
    assert driver.value((0,), "policies.policy_mapping") == {"a": "human", "b": "human"}
    assert not bar.humans_button.isVisible()
    entry = row.editor.entries[1]  # type: ignore[attr-defined]  # a PoliciesEditor
    entry.who.setFocus()
    driver.qtbot.keyClick(entry.who, Key.Key_Down)
    assert driver.value((0,), "policies.policy_mapping") == {"a": "human", "b": "random"}
    driver.qtbot.keyClick(entry.who, Key.Key_Down)
    assert entry.who.currentText() == "ONNX model"
    driver.type_into(entry.policy, "best.onnx")
    assert driver.value((0,), "policies.policy_mapping") == {"a": "human", "b": "best.onnx"}
    entry.agent.setFocus()
    driver.qtbot.keyClick(entry.agent, Key.Key_Up, ALT)
    assert list(driver.value((0,), "policies.policy_mapping")) == ["b", "a"]


def test_that_a_recurrent_model_is_described_by_typing(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, policies=PoliciesSection(policy_mapping={"a": "human", "b": "bots/best.onnx"}))
    entry = driver.editor("policies.policy_mapping").entries[1]
    assert not entry.details.isVisible()
    driver.click(entry.more_button)
    lines = entry.details.lines
    driver.type_into(lines["obs_input"], "obs")
    assert any("logits" in words for words in driver.row("policies.policy_mapping").faults())
    driver.type_into(lines["logit_output"], "logits")
    assert driver.value((0,), "policies.policy_mapping")["b"] == {
        "kind": "onnx",
        "obs_input": "obs",
        "logit_output": "logits",
        "onnx_path": "bots/best.onnx",
    }
    driver.type_into(lines["state_inputs"], "h, c")
    driver.type_into(lines["state_outputs"], "h_out, c_out")
    assert any("shape" in words for words in driver.row("policies.policy_mapping").faults())
    driver.type_into(lines["state_shape"], "1, 64")
    assert driver.value((0,), "policies.policy_mapping")["b"]["state_shape"] == [1, 64]
    assert not any("shape as" in words for words in driver.row("policies.policy_mapping").faults())
    driver.type_into(entry.policy, "bots/better.onnx", anew=True)
    model = driver.value((0,), "policies.policy_mapping")["b"]
    assert (model["onnx_path"], model["state_inputs"]) == ("bots/better.onnx", ["h", "c"])


def test_that_a_shape_for_each_state_outlives_a_change_beside_it(show_inspector: ShowInspector) -> None:
    model = {
        "kind": "onnx",
        "obs_input": "obs",
        "logit_output": "logits",
        "onnx_path": "best.onnx",
        "state_inputs": ["h", "c"],
        "state_outputs": ["h_out", "c_out"],
        "state_shape": [[1, 64], [1, 32]],
    }
    driver = game(show_inspector, policies=PoliciesSection(policy_mapping={"a": "human", "b": model}))
    entry = driver.editor("policies.policy_mapping").entries[1]
    driver.type_into(entry.details.lines["obs_input"], "seen", anew=True)
    assert driver.value((0,), "policies.policy_mapping")["b"] == {**model, "obs_input": "seen"}


def test_that_a_function_is_offered_for_a_python_policy(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, policies=PoliciesSection(policy_mapping={"a": "human", "b": "cooks.py:Planner"}))
    (driver.document.folder / "cooks.py").write_text("class Planner:\n    pass\n\n\ndef still(a, b, c):\n    pass\n")
    entry = driver.editor("policies.policy_mapping").entries[1]
    entry.around.look_for_functions()
    driver.qtbot.waitUntil(lambda: len(entry.around.functions) == 2)
    driver.click(entry.choose_button)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["cooks.py:Planner", "cooks.py:still"]
    menu.actions()[1].trigger()
    menu.close()
    assert driver.value((0,), "policies.policy_mapping")["b"] == "cooks.py:still"


def test_that_a_python_policy_is_chosen_and_its_kind_is_seen_again(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, policies=PoliciesSection(policy_mapping={"a": "human", "b": "random"}))
    entry = driver.editor("policies.policy_mapping").entries[1]
    entry.who.setFocus()
    for _ in range(2):
        driver.qtbot.keyClick(entry.who, Key.Key_Down)
    assert entry.who.currentText() == "Python"
    assert driver.value((0,), "policies.policy_mapping")["b"] == "random"
    driver.type_into(entry.policy, "cooks.py:Planner")
    assert driver.value((0,), "policies.policy_mapping")["b"] == "cooks.py:Planner"
    driver.qtbot.keyClick(entry.policy, Key.Key_Tab)
    assert entry.who.currentText() == "Python"
    assert not entry.details.isVisible()


def test_that_two_agents_cannot_have_one_name(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, policies=PoliciesSection(policy_mapping={"a": "human", "b": "random"}))
    entry = driver.editor("policies.policy_mapping").entries[1]
    driver.type_into(entry.agent, "a", anew=True)
    assert driver.value((0,), "policies.policy_mapping") == {"a": "human", "b": "random"}
    assert any("already" in words for words in driver.row("policies.policy_mapping").faults())


def test_that_actions_without_keys_are_named(show_inspector: ShowInspector, tmp_path: Path) -> None:
    driver = game(
        show_inspector, KeyBinding(keys=("a",), action=0), policies=PoliciesSection(policy_mapping={"a": "human"})
    )
    driver.row("gameplay.action_mapping")
    driver.know_environment(TWO)
    assert "No keys give 1 (left), 2 (right)." in driver.environment_bar("gameplay").words.text()
