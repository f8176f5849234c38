"""The property panel: every field of every kind of node, and of the study, is shown, changed, undone, reset."""

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from gui.design.inspector.subject import base_name, sections_of, value_in
from mug.study.catalog import NODE_KINDS, FieldInfo, fields, struct_fields
from mug.study.model import Section, StaticPage, Study
from mug.study.rules import refusal
from tests.drivers.inspector_driver import InspectorDriver, ShowInspector

PAGE = StaticPage(scene_id="page")


def sample(struct: type[Section]) -> Any:
    """Return a node of a kind, with what must be given."""
    values: dict[str, Any] = {}
    for info in struct_fields(struct):
        if info.required:
            values[info.name] = _given(info)
    return struct(**values)


def _given(info: FieldInfo) -> Any:
    match info.type_words:
        case "text":
            return "given"
        case "whole number":
            return 2
        case "list of node":
            return (PAGE,)
    return ("one", "two")


KINDS = [pytest.param(kind.struct, id=kind.kind) for kind in NODE_KINDS.values()]


@pytest.mark.parametrize("struct", KINDS)
def test_that_every_field_of_a_node_is_changed_undone_and_reset(
    show_inspector: ShowInspector, struct: type[Section]
) -> None:
    driver = show_inspector(sample(struct))
    driver.document.select([(0,)])
    _use_every_field(driver, struct, (0,))


def test_that_every_setting_of_the_study_is_changed_undone_and_reset(show_inspector: ShowInspector) -> None:
    driver = show_inspector(PAGE)
    _use_every_field(driver, Study, ())


def _use_every_field(driver: InspectorDriver, struct: type[Section], path: tuple[int, ...]) -> None:
    before = driver.study
    used = 0
    for name, info in fields(struct):
        if info.type_words == "list of node" or info.part not in (None, "question"):
            continue
        used += 1
        if info.ge is not None and info.ge == info.le:
            assert driver.editor(name).box.isReadOnly()  # there is one value only
            continue
        was = driver.value(path, name)
        driver.change(name)
        now = driver.value(path, name)
        assert now != was, f"{name}: the study has the same value still"
        assert info.part == "question" or refusal(info, now) is None, f"{name} is {now!r}"
        row = driver.row(name)
        assert info.description in row.title.toolTip()
        assert name in row.title.toolTip()
        if not info.required:
            assert row.is_changed
            assert row.reset_button.isVisibleTo(row)
            driver.click(row.reset_button)
            assert driver.value(path, name) == info.default, f"{name} was not reset"
            assert not row.reset_button.isVisibleTo(row)
        driver.undo_everything()
        assert driver.study == before, f"{name} was not undone"
    assert used == sum(len(section.fields) for section in sections_of((struct,)))


def test_that_fields_edited_with_another_one_are_found_by_their_own_name(show_inspector: ShowInspector) -> None:
    driver = show_inspector(sample(NODE_KINDS["multiple_choice"].struct))
    driver.document.select([(0,)])
    assert driver.row("choices") is driver.row("questions") is driver.row("images[0]")
    assert base_name("images[0][1]") == "images"


def test_that_a_field_of_a_kind_that_is_not_known_here_is_shown(show_inspector: ShowInspector) -> None:
    """A new kind needs its struct only: nothing in the panel names kinds."""

    class Answers(StaticPage, frozen=True, kw_only=True):
        count: int = 3
        words: tuple[str, ...] = ()

    sections = sections_of((Answers,))
    assert [field.name for field in sections[0].fields][-2:] == ["count", "words"]
    assert value_in(Answers(scene_id="a"), "count") == 3


def test_that_the_panel_follows_the_selection(show_inspector: ShowInspector) -> None:
    driver = show_inspector(PAGE, sample(NODE_KINDS["gym_game"].struct), title="My study")
    assert driver.panel.title() == "My study"
    driver.document.select([(1,)])
    assert driver.panel.title() == "given"
    driver.document.select([(0,)])
    assert driver.panel.title() == "page"
    assert driver.editor("scene_id").line.text() == "page"
    driver.document.select([])
    assert driver.editor("id").line.text() == "study"


def test_that_without_a_study_the_panel_says_so(show_inspector: ShowInspector) -> None:
    driver = show_inspector(PAGE)
    driver.document.load(None)
    assert driver.panel.row("title") is None
    assert not driver.panel.find_line.isVisible()
    QApplication.processEvents()
    assert driver.panel.isVisible()


def test_that_unknown_fields_are_shown_and_can_be_taken_out(show_inspector: ShowInspector) -> None:
    page = StaticPage(scene_id="page", extra={"colour_of_hats": "red"})
    driver = show_inspector(page)
    driver.document.select([(0,)])
    panel = driver.panel.kind_panel
    assert panel is not None
    assert panel.unknown.names() == ("colour_of_hats",)
    panel.unknown.take_out("colour_of_hats")
    assert driver.study.chain[0].extra == {}
    assert not panel.unknown.isVisible()
    driver.document.undo()
    assert panel.unknown.names() == ("colour_of_hats",)
