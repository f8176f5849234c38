"""Which editor a field gets: by its type and what its metadata say of it, never by the kind of node it is in."""

import typing
from typing import Any

from gui.design.inspector.action_input import ActionEditor
from gui.design.inspector.colour_editor import ColourEditor
from gui.design.inspector.editor import FieldEditor
from gui.design.inspector.key_table import KeyTable
from gui.design.inspector.path_editor import PathEditor
from gui.design.inspector.policies_editor import PoliciesEditor
from gui.design.inspector.question_cards import QuestionCards
from gui.design.inspector.reference_editor import ReferenceEditor
from gui.design.inspector.simple_editors import (
    ChoiceEditor,
    MessageEditor,
    NumberEditor,
    SceneEditor,
    SwitchEditor,
    TextEditor,
)
from gui.design.inspector.source_editors import CodeEditor, HtmlEditor
from gui.design.inspector.subject import ShownField
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.table_editors import MessagesEditor, TableEditor, TablesEditor
from gui.design.inspector.text_list import TextList
from gui.design.inspector.treatments_editor import TreatmentsEditor
from gui.design.inspector.value_editors import SourceValueEditor, ValueEditor
from gui.design.inspector.with_source import WithSource
from mug.study.model import KeyBinding

__all__ = ["editor_for"]


def editor_for(around: Surroundings, field: ShownField) -> FieldEditor:
    """Make the editor of a field."""
    info = field.info
    types = set(typing.get_args(info.annotation)) if info.optional else {info.annotation}
    types.discard(type(None))
    if field.parts:
        return QuestionCards(around, field)
    match info.shape:
        case "callable":
            return ReferenceEditor(around, info)
        case "path":
            return PathEditor(around, info, field.file_holds)
        case "html":
            return HtmlEditor(around, info, field.name, is_long=field.has_file)
        case "code":
            return CodeEditor(around, info, field.name)
        case "color" | "background":
            return ColourEditor(around, info)
        case "action":
            return ActionEditor(around, info)
        case "scene":
            return SceneEditor(around, info)
        case "message":
            return MessageEditor(around, info)
    if info.shape == "policy" and types == {dict[str, Any]}:
        return PoliciesEditor(around, info)
    if field.name == "treatments.arms":
        return WithSource(around, info, TreatmentsEditor(around, info, editor_for))
    if info.annotation == tuple[KeyBinding, ...]:
        return KeyTable(around, info)
    if types == {bool}:
        return ChoiceEditor(around, info) if info.optional else SwitchEditor(around, info)
    if "number" in info.type_words and "list" not in info.type_words and "table" not in info.type_words:
        return NumberEditor(around, info)
    if info.choices is not None:
        return ChoiceEditor(around, info)
    if info.type_words == "text":
        return TextEditor(around, info)
    if info.annotation == tuple[str, ...]:
        return TextList(around, info)
    if types == {dict[str, str]}:
        return WithSource(around, info, MessagesEditor(around, info))
    if types == {dict[str, Any]}:
        return WithSource(around, info, TableEditor(around, info))
    if types == {tuple[dict[str, Any], ...]}:
        return WithSource(around, info, TablesEditor(around, info))
    if info.type_words.startswith(("list", "table")):
        return SourceValueEditor(around, info)
    return ValueEditor(around, info)
