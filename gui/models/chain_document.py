"""The study that is open in the editor: the one place that changes, and the history of its changes."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from typing_extensions import override

from gui.models.opened_study import OpenedStudy
from mug.study import Problem
from mug.study.edits import Edit, SetField, name_of, outermost
from mug.study.errors import EditError
from mug.study.model import Node, Study
from mug.study.traversal import NodePath, node_at

__all__ = ["ChainDocument", "Change", "EditCommand"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit, its undoing or its redoing did.

    Attributes:
        before: The study before.
        study: The study after.
        touched: The nodes that are new, moved or changed, by their paths after it.
        label: What was done, in a few words.
    """

    before: Study
    study: Study
    touched: tuple[NodePath, ...]
    label: str


class ChainDocument(QObject):
    """Holds the open study; every change goes through `push`.

    Attributes:
        opened: What was loaded or saved last: where the study lives, its files' folder, its content there.
        study: The study as it is edited.
        problems: What is known to be wrong with it, as it was told to `show_problems` last.
        stack: The undo stack; clean: as it is in its file.
        selection: The selected nodes, in the chain's order; empty: the study itself.

    Signals:
        loaded: Another study is there, or none; views build anew.
        edit_applied: A `Change`; views change what it touches.
        edit_refused: Why an edit could not be applied, in a sentence.
        selection_changed: Other nodes are selected.
        problems_changed: `problems` are others.
        clean_changed: Whether the study is as it is in its file.

    Runs on: GUI thread.
    """

    loaded = Signal()
    edit_applied = Signal(object)
    edit_refused = Signal(str)
    selection_changed = Signal()
    problems_changed = Signal()
    clean_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opened: OpenedStudy | None = None
        self.study: Study | None = None
        self.problems: tuple[Problem, ...] = ()
        self.selection: tuple[NodePath, ...] = ()
        self.stack = QUndoStack(self)
        self.stack.cleanChanged.connect(self.clean_changed)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was changed since the study was loaded or saved."""
        return self.stack.isClean()

    @property
    def folder(self) -> Path:
        """Where the study's relative paths start."""
        return self.opened.folder if self.opened is not None else Path()

    @property
    def current(self) -> NodePath | None:
        """The one node that is selected; None: none, or several."""
        return self.selection[0] if len(self.selection) == 1 else None

    def node(self, path: NodePath) -> Node:
        """Return a node.

        Raises:
            LookupError: When there is none at `path`, or no study.
        """
        if self.study is None:
            raise LookupError("no study is open")
        return node_at(self.study, path)

    def load(self, opened: OpenedStudy | None) -> None:
        """Take another study, or none; the history begins anew."""
        self.opened = opened
        self.study = opened.study if opened is not None else None
        self.problems = opened.problems if opened is not None else ()
        self.selection = ()
        self.stack.clear()
        self.stack.setClean()
        self.loaded.emit()
        self.problems_changed.emit()
        self.selection_changed.emit()

    def know(self, opened: OpenedStudy) -> None:
        """Take news about where the study lives; the study and its history stay."""
        self.opened = opened

    def mark_saved(self, opened: OpenedStudy) -> None:
        """Take the study for the one in its file."""
        self.opened = opened
        self.stack.setClean()

    def push(self, edit: Edit | None) -> bool:
        """Apply an edit and remember how to undo it; returns whether it was applied. None changes nothing."""
        if edit is None or self.study is None:
            return False
        try:
            command = EditCommand(self, edit)
        except EditError as error:
            self.edit_refused.emit(str(error))
            return False
        self.stack.push(command)
        return True

    def undo(self) -> None:
        """Take the last change back."""
        self.stack.undo()

    def redo(self) -> None:
        """Make the change that was taken back last."""
        self.stack.redo()

    def select(self, paths: Iterable[NodePath]) -> None:
        """Select nodes: those that there are, without those that lie inside another of them."""
        chosen = tuple(path for path in outermost(path for path in paths if path) if self._has(path))
        if chosen != self.selection:
            self.selection = chosen
            self.selection_changed.emit()

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Take what was found to be wrong with the study as it is now."""
        found = tuple(problems)
        if found != self.problems:
            self.problems = found
            self.problems_changed.emit()

    def take(self, change: Change) -> None:
        """Let a changed study take its place; only for `EditCommand`."""
        self.study = change.study
        self.selection = tuple(path for path in outermost(change.touched or self.selection) if self._has(path))
        self.edit_applied.emit(change)
        self.selection_changed.emit()

    def _has(self, path: NodePath) -> bool:
        try:
            self.node(path)
        except LookupError:
            return False
        return True


class EditCommand(QUndoCommand):
    """One step of the history: an edit with its inverse.

    Runs on: GUI thread.
    """

    def __init__(self, document: ChainDocument, edit: Edit) -> None:
        """Prepare the step; the stack applies it.

        Raises:
            EditError: When the edit does not fit the document's study.
        """
        assert document.study is not None
        super().__init__(_words(edit, document.study))
        self._document = document
        self._before = document.study
        _, self._inverse = edit.apply(document.study)
        self._edit = edit

    @override
    def id(self) -> int:
        return hash(self._edit.merge_key) % 2**31 if self._edit.merge_key is not None else -1

    @override
    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, EditCommand) or other._edit.merge_key != self._edit.merge_key:
            return False
        self._edit = other._edit
        study, _ = self._edit.apply(self._before)  # as doing it again will leave it, whatever was typed on the way
        if study != self._document.study:
            self._take(study, self._edit)
        self.setObsolete(self._document.study == self._before)
        return True

    @override
    def redo(self) -> None:
        self._do(self._edit)

    @override
    def undo(self) -> None:
        self._do(self._inverse)

    def _do(self, edit: Edit) -> None:
        assert self._document.study is not None
        study, _ = edit.apply(self._document.study)
        self._take(study, edit)

    def _take(self, study: Study, edit: Edit) -> None:
        before = self._document.study
        assert before is not None
        self._document.take(Change(before=before, study=study, touched=edit.touched, label=self.text()))


def _words(edit: Edit, study: Study) -> str:
    """Return an edit in words, with the name of the node whose field it sets."""
    if isinstance(edit, SetField) and edit.path:
        try:
            return f"{edit.label} of {name_of(node_at(study, edit.path))}"
        except LookupError:
            pass  # applying the edit says why it does not fit
    return edit.label
