"""Typing, undoing, mistakes, problems, several nodes, finding and the keyboard in the property panel."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QLabel,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.design.inspector.field_row import FieldRow
from gui.design.inspector.inputs import ancestors
from mug.study.edits import SetField, insert
from mug.study.game import EnvironmentSection, GameplaySection, RenderingSection
from mug.study.model import GymGame, KeyBinding, MultipleChoiceForm, RandomizeOrder, StartPage, StaticPage
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector

Key = Qt.Key


def pages(show: ShowInspector) -> InspectorDriver:
    driver = show(
        StaticPage(scene_id="one"), StaticPage(scene_id="two", scene_header="Two"), StartPage(scene_id="three")
    )
    driver.document.select([(0,)])
    return driver


def game(show: ShowInspector, **sections: Any) -> InspectorDriver:
    driver = show(GymGame(scene_id="game", **sections), StaticPage(scene_id="page"))
    driver.document.select([(0,)])
    return driver


# --- typing ---------------------------------------------------------------------------------------------------------


def test_that_a_word_is_one_step_and_the_next_visit_another(show_inspector: ShowInspector) -> None:
    driver = pages(show_inspector)
    text = driver.editor("scene_header").text
    driver.type_into(text, "Hello")
    assert driver.value((0,), "scene_header") == "Hello"
    assert driver.document.stack.count() == 1
    driver.leave()
    driver.type_into(text, "!")
    assert driver.document.stack.count() == 2
    driver.document.undo()
    assert driver.value((0,), "scene_header") == "Hello"
    assert text.toPlainText() == "Hello"
    driver.document.undo()
    assert driver.value((0,), "scene_header") is None
    assert text.toPlainText() == ""


def test_that_the_cursor_stays_while_a_word_is_changed_in_its_middle(
    show_inspector: ShowInspector, qtbot: QtBot
) -> None:
    driver = pages(show_inspector)
    line = driver.editor("scene_id").line
    driver.type_into(line, "abcd", anew=True)
    line.setCursorPosition(2)
    qtbot.keyClicks(line, "XY")
    assert line.text() == "abXYcd"
    assert line.cursorPosition() == 4
    assert driver.value((0,), "scene_id") == "abXYcd"


def test_that_undo_in_a_field_undoes_the_document(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = pages(show_inspector)
    line = driver.editor("scene_id").line
    driver.type_into(line, "abc", anew=True)
    qtbot.keyClick(line, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.value((0,), "scene_id") == "one"
    assert line.text() == "one"
    qtbot.keyClick(line, Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert driver.value((0,), "scene_id") == "abc"


def test_that_an_emptied_text_is_not_given(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = pages(show_inspector)
    driver.document.select([(1,)])
    text = driver.editor("scene_header").text
    driver.type_into(text, "", anew=True)
    qtbot.keyClick(text, Key.Key_Delete)
    assert driver.value((1,), "scene_header") is None
    assert text.placeholderText() == "not given"


def test_that_a_change_elsewhere_comes_into_the_editor(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    box = driver.editor("rendering.fps").box
    assert box.lineEdit().placeholderText() == "10"
    driver.document.push(SetField(path=(0,), field="rendering.fps", value=60))
    assert box.lineEdit().text() == "60"
    driver.document.undo()
    assert box.lineEdit().text() == ""


# --- numbers and mistakes ---------------------------------------------------------------------------------------------


def test_that_a_number_out_of_bounds_is_kept_and_said(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    driver.type_into(driver.editor("gameplay.num_episodes").box, "0", anew=True)
    assert driver.value((0,), "gameplay.num_episodes") == 0
    driver.leave()
    assert driver.editor("gameplay.num_episodes").box.lineEdit().text() == "0"
    assert any("must be from 1" in words for words in driver.row("gameplay.num_episodes").faults())


def test_that_what_is_no_number_stays_and_is_said_and_not_taken(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    editor = driver.editor("gameplay.reset_freeze_s")
    driver.type_into(editor.box, "1e", anew=True)
    row = driver.row("gameplay.reset_freeze_s")
    assert driver.value((0,), "gameplay.reset_freeze_s") == 1.0
    assert "not a number" in row.faults()[0]
    driver.leave()
    assert editor.box.lineEdit().text() == "1e"
    driver.type_into(editor.box, "-1")
    assert driver.value((0,), "gameplay.reset_freeze_s") == 0.1
    assert row.faults() == ()
    driver.type_into(editor.box, "x")
    qtbot.keyClick(editor.box, Key.Key_Escape)
    assert editor.box.lineEdit().text() == "0.1"
    assert row.faults() == ()


def test_that_a_mistake_is_kept_while_another_node_is_looked_at(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    driver.type_into(driver.editor("gameplay.num_episodes").box, "5x", anew=True)
    driver.document.select([(1,)])
    assert any("5x" in words for words in driver.said)
    driver.document.select([(0,)])
    editor = driver.editor("gameplay.num_episodes")
    assert editor.box.lineEdit().text() == "5x"
    assert "not a whole number" in driver.row("gameplay.num_episodes").faults()[0]
    assert driver.value((0,), "gameplay.num_episodes") == 5


def test_that_a_number_that_may_be_a_word_takes_both(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    editor = driver.editor("multiplayer.input_delay")
    driver.type_into(editor.box, "auto", anew=True)
    assert driver.value((0,), "multiplayer.input_delay") == "auto"
    driver.leave()
    assert editor.word is not None
    assert editor.word.isChecked()
    driver.click(editor.word)
    assert driver.value((0,), "multiplayer.input_delay") == 0
    driver.type_into(editor.box, "3", anew=True)
    assert driver.value((0,), "multiplayer.input_delay") == 3


def test_that_the_wheel_over_the_panel_changes_nothing(show_inspector: ShowInspector) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    driver = game(show_inspector)
    before = driver.study
    boxes = (driver.editor("rendering.fps").box, driver.editor("rendering.location_representation").combo)
    driver.leave()
    for widget in boxes:
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(5, 5),
            QPoint(0, 120),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
    assert driver.study == before


def test_that_a_mistake_is_not_shown_at_another_node(show_inspector: ShowInspector) -> None:
    driver = show_inspector(
        GymGame(scene_id="a", environment=EnvironmentSection(env_config={"k": 1})),
        GymGame(scene_id="b", environment=EnvironmentSection(env_config={"k": 1})),
    )
    driver.document.select([(0,)])
    driver.type_into(driver.editor("environment.seed").box, "5x", anew=True)
    driver.type_into(driver.editor("environment.env_config").entries.entries[0].line, "[1,", anew=True)
    driver.type_into(driver.editor("gameplay.default_action").input.line, "{", anew=True)
    driver.document.select([(1,)])
    assert driver.editor("environment.seed").box.lineEdit().text() == ""
    assert driver.editor("environment.env_config").entries.entries[0].line.text() == "1"
    assert driver.editor("gameplay.default_action").input.line.text() == ""
    assert not any("Not taken" in words for row in driver.panel.findChildren(FieldRow) for words in row.faults())
    driver.document.select([(0,)])
    assert driver.editor("environment.seed").box.lineEdit().text() == "5x"
    assert driver.editor("gameplay.default_action").input.line.text() == "{"
    table = driver.editor("environment.env_config")
    assert table.entries.entries[0].line.text() == "[1,"
    assert not table.shows_source
    driver.click(table.source_button)
    driver.type_into(table.source.text, "x = [", anew=True)
    driver.document.select([(1,)])
    driver.document.select([(0,)])
    assert table.shows_source
    assert table.source.text.toPlainText() == "x = ["


# --- problems and places ----------------------------------------------------------------------------------------------


def test_that_a_problem_stands_below_its_field_and_at_its_section(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, gameplay=GameplaySection(num_episodes=0))
    assert any("num_episodes" in (problem.field or "") for problem in driver.document.problems)
    panel = driver.panel.kind_panel
    assert panel is not None
    group = next(group for group in panel.groups if group.section.name == "gameplay")
    assert "problems" in group.head.accessibleName()
    assert len(driver.row("gameplay.num_episodes").faults()) == 1
    driver.type_into(driver.editor("gameplay.num_episodes").box, "3", anew=True)
    assert driver.row("gameplay.num_episodes").faults() == ()


def test_that_revealing_a_field_opens_scrolls_and_focuses(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    driver.document.select([])
    driver.panel.reveal((0,), "gameplay.num_episodes")
    assert driver.document.current == (0,)
    box = driver.editor("gameplay.num_episodes").box
    qtbot.waitUntil(box.hasFocus)
    row = driver.row("gameplay.num_episodes")
    assert row.property("flash") is True
    assert not row.visibleRegion().isEmpty()
    qtbot.waitUntil(lambda: row.property("flash") is False)


def test_that_revealing_a_folded_field_and_one_of_the_study_works(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    driver.panel.reveal((0,), "multiplayer.snapshot_interval")
    qtbot.waitUntil(driver.editor("multiplayer.snapshot_interval").box.hasFocus)
    driver.panel.reveal((), "webrtc.turn_username")
    qtbot.waitUntil(driver.editor("webrtc.turn_username").line.hasFocus)
    assert driver.document.selection == ()
    driver.panel.reveal((0,), "no.such_field")
    assert driver.document.current == (0,)


def test_that_revealing_a_place_goes_to_the_entry(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    keys = tuple(KeyBinding(keys=(key,), action=index) for index, key in enumerate("abc"))
    driver = game(show_inspector, gameplay=GameplaySection(action_mapping=keys))
    driver.panel.reveal((0,), "gameplay.action_mapping[2].keys")
    entry = driver.editor("gameplay.action_mapping").entries[2]
    qtbot.waitUntil(lambda: entry in ancestors(QApplication.focusWidget()))


# --- several nodes ----------------------------------------------------------------------------------------------------


def test_that_several_nodes_are_changed_in_one_step(show_inspector: ShowInspector) -> None:
    driver = pages(show_inspector)
    driver.document.select([(0,), (1,), (2,)])
    assert driver.panel.title() == "3 scenes"
    editor = driver.editor("scene_header")
    assert editor.text.placeholderText() == "differs"
    driver.type_into(editor.text, "All")
    assert [node.scene_header for node in driver.study.chain] == ["All", "All", "All"]  # type: ignore[union-attr]  # pages
    assert driver.document.selection == ((0,), (1,), (2,))
    assert driver.document.stack.count() == 1
    assert "3 scenes" in driver.document.stack.text(0)
    driver.document.undo()
    assert [node.scene_header for node in driver.study.chain] == [None, "Two", None]  # type: ignore[union-attr]  # pages
    assert editor.text.placeholderText() == "differs"


def test_that_several_kinds_share_what_both_have(show_inspector: ShowInspector) -> None:
    driver = show_inspector(GymGame(scene_id="game"), StaticPage(scene_id="page"))
    driver.document.select([(0,), (1,)])
    assert driver.panel.row("scene_id") is None
    assert driver.panel.row("gameplay.num_episodes") is None
    driver.click(driver.editor("should_export_metadata").switch)
    assert all(node.should_export_metadata for node in driver.study.chain)  # type: ignore[union-attr]  # scenes


def test_that_several_games_with_different_settings_say_so(show_inspector: ShowInspector) -> None:
    driver = show_inspector(
        GymGame(scene_id="a", rendering=RenderingSection(fps=20)),
        GymGame(scene_id="b", rendering=RenderingSection(fps=30)),
    )
    driver.document.select([(0,), (1,)])
    editor = driver.editor("rendering.fps")
    assert editor.box.lineEdit().placeholderText() == "differs"
    driver.type_into(editor.box, "25")
    assert [driver.value((index,), "rendering.fps") for index in (0, 1)] == [25, 25]


def test_that_a_moved_node_is_still_the_one_that_is_shown(show_inspector: ShowInspector) -> None:
    driver = pages(show_inspector)
    driver.document.push(insert((0,), [StaticPage(scene_id="zero")]))
    driver.document.select([(1,)])
    assert driver.editor("scene_id").line.text() == "one"
    driver.type_into(driver.editor("scene_id").line, "uno", anew=True)
    assert driver.value((1,), "scene_id") == "uno"


# --- finding ----------------------------------------------------------------------------------------------------------


def visible_rows(driver: InspectorDriver) -> set[str]:
    return {row.field.name for row in driver.panel.findChildren(FieldRow) if row.isVisible()}


def test_that_a_setting_is_found_by_title_name_or_description(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    qtbot.keyClick(driver.panel, Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(driver.panel.find_line.hasFocus)
    qtbot.keyClicks(driver.panel.find_line, "episod")
    qtbot.waitUntil(lambda: "gameplay.num_episodes" in visible_rows(driver))
    assert "rendering.fps" not in visible_rows(driver)
    assert "rendering.hud_score_carry_over" in visible_rows(driver)  # "from episode to episode"
    qtbot.keyClick(driver.panel.find_line, Key.Key_Escape)
    qtbot.waitUntil(lambda: "gameplay.num_episodes" not in visible_rows(driver))
    assert "scene_id" in visible_rows(driver)


def test_that_finding_nothing_says_so(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    driver.type_into(driver.panel.find_line, "no such thing")
    qtbot.waitUntil(lambda: not visible_rows(driver))
    words = [label.text() for label in driver.panel.findChildren(QLabel) if label.isVisible()]
    assert "No setting is called that." in words


def test_that_a_slash_finds_where_nothing_is_typed(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    driver.click(driver.editor("should_export_metadata").switch)
    driver.editor("should_export_metadata").switch.setFocus()
    qtbot.keyClicks(driver.editor("should_export_metadata").switch, "/")
    qtbot.waitUntil(driver.panel.find_line.hasFocus)


# --- keyboard and help ------------------------------------------------------------------------------------------------


def test_that_tab_goes_through_the_panel_from_top_to_bottom(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    driver.row("waitroom.timeout")  # made before what lies above it
    driver.row("rendering.fps")
    QApplication.processEvents()
    driver.panel.find_line.setFocus()
    tops: list[int] = []
    for _ in range(400):
        focused = QApplication.focusWidget()
        assert focused is not None
        row = next((found for found in ancestors(focused) if isinstance(found, FieldRow)), None)
        if row is not None:
            tops.append(row.mapTo(driver.panel.scroll_area.widget(), row.rect().topLeft()).y())
        before = focused
        qtbot.keyClick(focused, Key.Key_Tab)
        if QApplication.focusWidget() in (before, driver.panel.find_line):
            break
    assert tops == sorted(tops)
    rows = visible_rows(driver)
    assert {"scene_id", "waitroom.timeout", "rendering.fps"} <= rows
    assert len(set(tops)) == len(rows)


def test_that_f1_explains_a_field(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    box = driver.editor("gameplay.num_episodes").box
    driver.type_into(box, "")
    qtbot.keyClick(box, Key.Key_F1)
    row = driver.row("gameplay.num_episodes")
    shown = [label.text() for label in row.findChildren(QLabel) if label.isVisible()]
    text = next(text for text in shown if "How many episodes" in text)
    assert "from 1 to 1,000,000" in text
    assert "default: 1" in text
    assert ".gameplay(num_episodes=…)" in text
    driver.click(row.help_button)
    assert not any("How many episodes" in label.text() for label in row.findChildren(QLabel) if label.isVisible())


def test_that_the_menu_of_an_input_resets_the_field(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, rendering=RenderingSection(fps=30))
    row = driver.row("rendering.fps")
    reset = next(action for action in row.menu_actions() if "Reset" in action.text())
    assert reset.isEnabled()
    reset.trigger()
    assert driver.value((0,), "rendering.fps") == 10
    assert not next(action for action in row.menu_actions() if "Reset" in action.text()).isEnabled()


# --- functions, files, values -----------------------------------------------------------------------------------------


def test_that_functions_of_the_folder_are_proposed_and_not_run(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = game(show_inspector)
    marker = driver.document.folder / "ran"
    (driver.document.folder / "env.py").write_text(
        f"open({str(marker)!r}, 'w')\n\ndef make_env(size: int = 3):\n    '''A world.'''\n\nclass Callback: ...\n",
        encoding="utf-8",
    )
    (driver.document.folder / "broken.py").write_text("def (:", encoding="utf-8")
    editor = driver.editor("environment.env_creator")
    driver.type_into(editor.line, "env")
    qtbot.waitUntil(lambda: bool(driver.panel.surroundings.functions))
    assert [found.reference for found in driver.panel.surroundings.functions] == ["env.py:make_env", "env.py:Callback"]
    driver.type_into(editor.line, "env.py:make_env", anew=True)
    assert "make_env(size: int=3): A world." in [label.text() for label in editor.findChildren(QLabel)]
    assert not marker.exists()


def test_that_what_only_python_defines_is_shown_as_such_and_can_be_cleared(show_inspector: ShowInspector) -> None:
    reference = "script.py:game.hud_text_fn"
    driver = show_inspector(
        GymGame(scene_id="game", rendering=RenderingSection(hud_text_fn=reference)), in_python=(reference,)
    )
    driver.document.select([(0,)])
    editor = driver.editor("rendering.hud_text_fn")
    assert editor.script_card is not None
    assert editor.script_card.isVisible()
    assert not editor.line.isVisible()
    driver.click(editor.clear_button)
    assert driver.value((0,), "rendering.hud_text_fn") is None
    assert editor.line.isVisible()
    driver.document.undo()
    assert driver.value((0,), "rendering.hud_text_fn") == reference
    assert editor.script_card.isVisible()


def test_that_a_missing_page_is_said_and_created(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = pages(show_inspector)
    editor = driver.editor("scene_body_filepath")
    driver.type_into(editor.line, "pages/hello.html")
    qtbot.waitUntil(editor.state.isVisible)
    assert "no file pages/hello.html" in editor.state.text()
    driver.click(editor.create_button)
    file = driver.document.folder / "pages" / "hello.html"
    qtbot.waitUntil(file.is_file)
    qtbot.waitUntil(lambda: not editor.state.isVisible())
    with qtbot.waitSignal(driver.panel.file_open_asked) as asked:
        driver.click(editor.open_button)
    assert asked.args == [str(file)]


def test_that_a_page_can_be_created_without_a_name(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = pages(show_inspector)
    editor = driver.editor("scene_body_filepath")
    qtbot.waitUntil(editor.create_button.isVisible)
    driver.click(editor.create_button)
    qtbot.waitUntil(lambda: driver.value((0,), "scene_body_filepath") == "pages/one.html")
    assert (driver.document.folder / "pages" / "one.html").is_file()


def test_that_a_chosen_file_is_written_relative_to_the_folder(show_inspector: ShowInspector) -> None:
    driver = pages(show_inspector)
    driver.editor("scene_body_filepath").take_chosen(str(driver.document.folder / "a" / "b.html"))
    assert driver.value((0,), "scene_body_filepath") == "a/b.html"


def test_that_a_table_has_values_of_all_kinds(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    editor = driver.editor("environment.env_config")
    for key, text, value in (
        ("size", "3", 3),
        ("name", "big", "big"),
        ("flat", "true", True),
        ("walls", "[1, 2]", [1, 2]),
    ):
        driver.click(editor.entries.add_button)
        entry = editor.entries.entries[-1]
        driver.type_into(entry.key, key, anew=True)
        driver.type_into(entry.line, text)
        assert driver.value((0,), "environment.env_config")[key] == value
        driver.leave()
    config = driver.value((0,), "environment.env_config")
    assert list(config) == ["size", "name", "flat", "walls"]
    assert editor.entries.entries[2].switch.isVisible()
    driver.click(editor.entries.entries[2].switch)
    assert driver.value((0,), "environment.env_config")["flat"] is False
    editor.entries.entries[0].take_kind("text")
    assert driver.value((0,), "environment.env_config")["size"] == "3"


def test_that_a_table_keeps_what_is_wrong_until_it_is_right(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, environment=EnvironmentSection(env_config={"a": 1, "b": 2}))
    editor = driver.editor("environment.env_config")
    driver.type_into(editor.entries.entries[1].key, "a", anew=True)
    assert driver.value((0,), "environment.env_config") == {"a": 1, "b": 2}
    assert "already" in driver.row("environment.env_config").faults()[0]
    assert driver.document.stack.count() == 0
    driver.type_into(editor.entries.entries[1].key, "c")
    assert driver.value((0,), "environment.env_config") == {"a": 1, "ac": 2}
    assert not any("already" in words for words in driver.row("environment.env_config").faults())


def test_that_a_table_is_written_as_source_with_its_mistakes_in_words(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector, environment=EnvironmentSection(env_config={"a": 1}))
    editor = driver.editor("environment.env_config")
    driver.click(editor.source_button)
    source = editor.source
    assert source is not None
    driver.type_into(source.text, "a = 1\nb = {c = [1, 2}", anew=True)
    assert "not TOML" in driver.row("environment.env_config").faults()[0]
    assert driver.value((0,), "environment.env_config") == {"a": 1}
    driver.type_into(source.text, '{"a": 1, "b": {"c": [1, 2]}}', anew=True)
    assert driver.value((0,), "environment.env_config") == {"a": 1, "b": {"c": [1, 2]}}
    assert not any("TOML" in words for words in driver.row("environment.env_config").faults())


def test_that_entries_are_moved_and_deleted_by_keyboard(show_inspector: ShowInspector, qtbot: QtBot) -> None:
    driver = show_inspector(StaticPage(scene_id="a"), static_files=("one", "two", "three"))
    editor = driver.editor("static_files")
    line = editor.entries[2].line
    driver.type_into(line, "")
    qtbot.keyClick(line, Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert driver.study.static_files == ("one", "three", "two")
    assert editor.entries[1].line.hasFocus()
    qtbot.keyClick(editor.entries[1].line, Key.Key_Return)
    assert driver.study.static_files == ("one", "three", "two", "")
    driver.editor("static_files").entries[0].remove_button.setFocus()
    qtbot.keyClick(editor.entries[0].remove_button, Key.Key_Space)
    assert driver.study.static_files == ("three", "two", "")


def test_that_a_colour_comes_from_the_chooser_which_blocks_nothing(show_inspector: ShowInspector) -> None:
    driver = game(show_inspector)
    editor = driver.editor("rendering.background")
    driver.click(editor.swatch)
    dialog = editor.dialog
    assert dialog is not None
    assert dialog.isVisible()
    dialog.setCurrentColor(Qt.GlobalColor.red)
    dialog.accept()
    assert driver.value((0,), "rendering.background") == "#ff0000"


def test_that_a_wrapper_has_its_settings_and_no_editor_of_scenes(show_inspector: ShowInspector) -> None:
    driver = show_inspector(RandomizeOrder(scenes=(StaticPage(scene_id="a"), StaticPage(scene_id="b"))))
    driver.document.select([(0,)])
    assert driver.panel.row("scenes") is None
    driver.editor("per").choose("group")
    assert driver.value((0,), "per") == "group"
    driver.document.select([(0, 1)])
    assert driver.editor("scene_id").line.text() == "b"


def test_that_everything_that_takes_the_focus_has_a_name(show_inspector: ShowInspector) -> None:
    driver = show_inspector(
        GymGame(
            scene_id="game",
            environment=EnvironmentSection(env_config={"a": 1, "b": True}),
            gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=1),)),
        ),
        MultipleChoiceForm(scene_id="form", questions=("A?", "B?"), choices=(("x", "y"), ("z", "w"))),
    )
    for path in ([], [(0,)], [(1,)]):
        driver.document.select(path)
        driver.panel.open_all()
        QApplication.processEvents()
        for widget in driver.panel.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
                named = widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
                inside = isinstance(widget.parentWidget(), QAbstractSpinBox | QAbstractScrollArea)
                assert named or inside, f"{type(widget).__name__} in {[type(w).__name__ for w in ancestors(widget)]}"


def test_that_no_window_flashes_while_the_panel_is_built(show_inspector: ShowInspector) -> None:
    class Watch(QObject):
        windows: list[str] = []  # noqa: RUF012  # one watch

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Show and watched.isWidgetType() and watched.isWindow():  # type: ignore[attr-defined]  # a widget
                self.windows.append(type(watched).__name__)
            return False

    driver = show_inspector(GymGame(scene_id="game"), StaticPage(scene_id="page"))
    watch = Watch()
    app = QApplication.instance()
    assert app is not None
    app.installEventFilter(watch)
    try:
        for path in ([], [(0,)], [(1,)]):
            driver.document.select(path)
            driver.panel.open_all()
            QApplication.processEvents()
    finally:
        app.removeEventFilter(watch)
    assert watch.windows == []
