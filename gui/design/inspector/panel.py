"""The property panel: the fields of what is selected, in sections, each with its editor."""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from gui.design.inspector.drafts import Drafts
from gui.design.inspector.field_row import FieldRow
from gui.design.inspector.inputs import Line, ancestors
from gui.design.inspector.kind_panel import KindPanel
from gui.design.inspector.subject import Several, Subject, base_name
from gui.design.inspector.surroundings import Surroundings
from gui.design.inspector.tab_order import go_on, go_round, leave
from gui.models.chain_document import ChainDocument, Change
from gui.models.node_looks import look_of_node
from gui.runtime.crossing import Crossing
from gui.runtime.environment_inspection import EnvironmentInspection
from gui.runtime.tasks import Tasks
from gui.widgets.basics import Elided, Icon, label, scrolling
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.study.catalog import struct_fields
from mug.study.edits import RESET, Compound, Edit, SetField
from mug.study.model import GymGame, Section
from mug.study.traversal import NodePath

__all__ = ["Inspector"]

_FIND_PAUSE_MS = 120
_MIXED_PANELS = 4
"""So many panels of several kinds are kept; there could be thousands of combinations."""


class Inspector(QWidget):
    """Shows and edits what is selected in a document: one node, several, or the study itself.

    Signals:
        said: Something happened, in a sentence.
        playground_asked: The user wants to try the environment of the game at this path (a tuple).
        file_open_asked: The user wants to see this file (an absolute path).

    Runs on: GUI thread.
    """

    said = Signal(str)
    playground_asked = Signal(object)
    file_open_asked = Signal(str)

    def __init__(self, theme: Theme, document: ChainDocument, tasks: Tasks | None = None) -> None:
        """Make the panel.

        Args:
            theme: The look.
            document: What is shown and edited.
            tasks: Does file work; None: the panel has workers of its own, which `shut_down` ends.
        """
        super().__init__()
        self.setObjectName("inspector")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Properties")
        self.setMinimumWidth(300)
        self._theme = theme
        self._document = document
        self._own_crossing: Crossing | None = None
        self._own_tasks: Tasks | None = None
        if tasks is None:
            self._own_crossing = Crossing(self)
            tasks = self._own_tasks = Tasks(self._own_crossing, lambda error: self.said.emit(str(error)), self)
        self.surroundings = Surroundings(theme, document, tasks, self)
        self.environment = EnvironmentInspection(self)
        self._panels: dict[tuple[type[Section], ...], KindPanel] = {}
        self._open: dict[tuple[str, str], bool] = {}
        self._panel: KindPanel | None = None
        self._subject: Subject | None = None
        self._drafts = Drafts()
        self._session = 0
        self._refusal = ""
        self._build()
        self._join()
        self._on_loaded()

    # --- for others ---------------------------------------------------------------------------------------------------

    def reveal(self, path: NodePath, field: str | None) -> None:
        """Select a node, show one of its fields, and let the user type there.

        Args:
            path: The node; empty: the study itself.
            field: Dotted name, perhaps of a place within ("gameplay.action_mapping[0].keys"); None: the node alone.
        """
        self._document.select([path] if path else [])
        if field is None or self._panel is None:
            return
        self.find_line.clear()
        self._show_matching()
        row = self.row(field)
        if row is None:
            return
        QTimer.singleShot(0, row, lambda: self._scroll_to(row, base_name(field), field[len(base_name(field)) :]))

    def row(self, field: str) -> FieldRow | None:
        """Return the row of a field of what is shown, opened to be seen; None: it has no such field."""
        return None if self._panel is None else self._panel.row(base_name(field))

    @property
    def kind_panel(self) -> KindPanel | None:
        """The sections that are shown."""
        return self._panel

    def title(self) -> str:
        """Return the name of what is shown."""
        return self._title.words()

    def open_all(self) -> None:
        """Open every section."""
        if self._panel is not None:
            for group in self._panel.groups:
                group.set_open(True)

    def shut_down(self) -> None:
        """End what runs beside the panel; it shows nothing new after that."""
        self.environment.close()
        if self._own_tasks is not None:
            self._own_tasks.close()
        if self._own_crossing is not None:
            self._own_crossing.close()

    # --- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QWidget()
        self._head = head
        top = QVBoxLayout(head)
        top.setContentsMargins(16, 14, 14, 10)
        top.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(10)
        self._icon = Icon(self._theme, "settings", "accent", 24)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._title = Elided("heading")
        self._kind = Elided("small")
        words.addWidget(self._title)
        words.addWidget(self._kind)
        line.addLayout(words, 1)
        top.addLayout(line)
        self.find_line = Line("Find a setting", "Find a setting  (Ctrl+Shift+F)")
        self.find_line.setClearButtonEnabled(True)
        for clear in self.find_line.findChildren(QToolButton):
            clear.setAccessibleName("Find a setting: clear")
        self.find_line.dropped.connect(self._on_find_dropped)
        self.find_line.textChanged.connect(self._on_find_changed)
        top.addWidget(self.find_line)
        self._nothing = label("No setting is called that.", "muted", wrap=True)
        self._nothing.hide()
        top.addWidget(self._nothing)
        outer.addWidget(head)
        self._body = QWidget()
        self._stack = QVBoxLayout(self._body)
        self._stack.setContentsMargins(8, 0, 6, 16)
        self._stack.setSpacing(0)
        self._stack.setSizeConstraint(QLayout.SizeConstraint.SetMinAndMaxSize)
        self._stack.addStretch(1)
        self.scroll_area: QScrollArea = scrolling(self._body, "Settings")
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(self.scroll_area, 1)
        self._empty = EmptyState(
            self._theme, "settings", "No study is open", "The settings of what you select are shown here."
        )
        outer.addWidget(self._empty, 1)
        self._find_pause = QTimer(self)
        self._find_pause.setSingleShot(True)
        self._find_pause.setInterval(_FIND_PAUSE_MS)
        self._find_pause.timeout.connect(self._show_matching)
        shortcut = QShortcut(QKeySequence("Ctrl+Shift+F"), self)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(self._on_find_asked)

    def _join(self) -> None:
        document, around = self._document, self.surroundings
        document.loaded.connect(self._on_loaded)
        document.selection_changed.connect(self._on_selection_changed)
        document.edit_applied.connect(self._on_edit_applied)
        document.problems_changed.connect(self._on_problems_changed)
        document.edit_refused.connect(self._on_edit_refused)
        around.said.connect(self.said)
        around.file_open_asked.connect(self.file_open_asked)
        self.environment.inspected.connect(self._on_inspected)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)

    # --- what is shown ------------------------------------------------------------------------------------------------

    @Slot()
    def _on_loaded(self) -> None:
        self._drafts.forget()
        self.surroundings.forget()
        self.environment.forget()
        self._subject = None
        self._show_subject()

    @Slot()
    def _on_selection_changed(self) -> None:
        self._show_subject()

    @Slot(object)
    def _on_edit_applied(self, change: Change) -> None:
        del change
        self._show_subject()

    @Slot()
    def _on_problems_changed(self) -> None:
        if self._panel is not None:
            self._panel.show_problems(self._document.problems)

    def _show_subject(self) -> None:
        study = self._document.study
        self._head.setVisible(study is not None)
        self.scroll_area.setVisible(study is not None)
        self._empty.setVisible(study is None)
        if study is None:
            self._leave_panel()
            self._panel = self._subject = None
            return
        subject = Subject.of(study, self._document.selection)
        before = self._subject
        is_other = before is None or before.paths != subject.paths or before.kinds != subject.kinds
        if not is_other and before is not None and all(map(_is, before.parts, subject.parts)):
            return
        moved = is_other and (before is None or before.key() != subject.key() or before.kinds != subject.kinds)
        if moved:
            if self._panel is not None and self._subject is not None:
                for words in self._drafts.keep(self._subject, self._panel):
                    self.said.emit(words)
            self._session += 1
        self._subject = subject
        self.surroundings.paths = self._document.selection
        self._show_head(subject)
        panel = self._panels.get(subject.kinds)
        if panel is None:
            panel = self._make_panel(subject)
        if panel is not self._panel:
            self._leave_panel()
            self._panel = panel
            panel.show()
        if moved:
            for row in panel.rows():
                row.show_mistake("")
        self._ask_environment()
        panel.show_subject(subject, moved=moved, again=before is None)
        panel.show_problems(self._document.problems)
        if moved:
            self._drafts.bring_back(subject, panel)
            self.scroll_area.verticalScrollBar().setValue(0)
            if self.find_line.text():
                self._show_matching()

    def _make_panel(self, subject: Subject) -> KindPanel:
        mixed = [kinds for kinds in self._panels if len(kinds) > 1]
        if len(subject.kinds) > 1 and len(mixed) >= _MIXED_PANELS:
            old = self._panels.pop(mixed[0])
            self._stack.removeWidget(old)
            old.hide()
            old.deleteLater()
            self._panel = None if old is self._panel else self._panel
        panel = KindPanel(self.surroundings, subject.kinds, self.environment)
        panel.edited.connect(self._on_edited)
        panel.playground_asked.connect(self._on_playground_asked)
        panel.hide()
        self._stack.insertWidget(self._stack.count() - 1, panel)
        self._panels[subject.kinds] = panel
        return panel

    def _leave_panel(self) -> None:
        if self._panel is not None:
            self._panel.hide()

    def _show_head(self, subject: Subject) -> None:
        study, node = self._document.study, subject.node
        assert study is not None
        if node is not None:
            look = look_of_node(node)
            self._icon.show_icon(look.icon, "accent")
            self._title.say(look.title)
            self._kind.say(f"{look.kind} · {look.label}" if look.label else look.kind)
        elif len(subject.parts) > 1:
            self._icon.show_icon("copy", "accent")
            self._title.say(f"{len(subject.parts)} scenes")
            names = ", ".join(str(getattr(part, "scene_id", look_of_node(part).kind)) for part in subject.parts)  # type: ignore[arg-type]  # nodes, as several are
            self._kind.say(f"What is set here is set in all of them: {names}")
        else:
            self._icon.show_icon("settings", "accent")
            self._title.say(study.title or str(study.id))
            self._kind.say("Settings of the study")

    # --- edits --------------------------------------------------------------------------------------------------------

    @Slot(str, object, bool)
    def _on_edited(self, field: str, value: object, is_typing: bool) -> None:
        subject = self._subject
        if subject is None:
            return
        key = f"{subject.paths}:{field}:{self._session}" if is_typing else None
        edits: list[Edit] = []
        for index, path in enumerate(subject.paths):
            if isinstance(value, Several):
                edits += [SetField(path=path, field=name, value=item) for name, item in value.items()]
            elif not (value is RESET and _is_default(subject, index, field)):
                edits.append(SetField(path=path, field=field, value=value, merge_key=key))
        if not edits:
            return
        edit = edits[0]
        if len(edits) > 1 or isinstance(value, Several):
            words = value.label if isinstance(value, Several) else f"{edits[0].label} of {len(edits)} scenes"
            edit = Compound(edits=tuple(edits), label=words, merge_key=key)
        self._refusal = ""
        if not self._document.push(edit) and self._panel is not None:
            row = self._panel.row(field)
            if row is not None:
                row.show_mistake(f"{self._refusal}.")

    @Slot(str)
    def _on_edit_refused(self, words: str) -> None:
        self._refusal = words

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is None and now is None:
            return
        self._session += 1
        left = next((found for found in ancestors(old) if isinstance(found, FieldRow)), None)
        if left is not None and self.isAncestorOf(left) and left not in ancestors(now):
            left.editor.settle()

    # --- the environment ----------------------------------------------------------------------------------------------

    def _ask_environment(self) -> None:
        assert self._subject is not None
        node, opened, study = self._subject.node, self._document.opened, self._document.study
        if isinstance(node, GymGame) and opened is not None and study is not None:
            self.environment.ask(study, self._subject.paths[0], opened)
            self.surroundings.show_environment(self.environment.known(node))
        else:
            self.surroundings.show_environment(None)

    @Slot()
    def _on_inspected(self) -> None:
        node = self._subject.node if self._subject is not None else None
        if isinstance(node, GymGame):
            self.surroundings.show_environment(self.environment.known(node))

    @Slot()
    def _on_playground_asked(self) -> None:
        if self._subject is not None:
            self.playground_asked.emit(self._subject.paths[0])

    # --- finding ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_find_asked(self) -> None:
        self.find_line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.find_line.selectAll()

    @Slot()
    def _on_find_changed(self) -> None:
        self._find_pause.start()

    @Slot()
    def _on_find_dropped(self) -> None:
        self.find_line.clear()

    @Slot()
    def _show_matching(self) -> None:
        self._find_pause.stop()
        if self._panel is not None:
            found = self._panel.show_matching(tuple(self.find_line.text().lower().split()))
            self._nothing.setVisible(not found)

    # --- keys and focus -----------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self._document.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._document.redo()
        elif event.text() == "/":
            self._on_find_asked()
        else:
            super().keyPressEvent(event)

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        found = go_on(self, forward=forward)
        if found is None and leave(self, forward=forward):
            return True
        found = found or go_round(self, forward=forward)
        if found is None:
            return super().focusNextPrevChild(forward)
        self._bring_into_view(found)
        return True

    def _bring_into_view(self, widget: QWidget) -> None:
        if self._body.isAncestorOf(widget):
            row = next((found for found in ancestors(widget) if isinstance(found, FieldRow)), widget)
            if row.height() < self.scroll_area.viewport().height():
                self.scroll_area.ensureWidgetVisible(row, 0, 24)
            self.scroll_area.ensureWidgetVisible(widget, 0, 24)

    def _scroll_to(self, row: FieldRow, name: str, place: str) -> None:
        layout = self._body.layout()
        if layout is not None:
            layout.activate()
        self.scroll_area.ensureWidgetVisible(row, 0, 60)
        row.editor.focus_part(name, place)
        focused = QApplication.focusWidget()
        if focused is not None and self._body.isAncestorOf(focused):
            self.scroll_area.ensureWidgetVisible(focused, 0, 60)
        row.flash()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_subject()


def _is(one: Any, other: Any) -> bool:
    return one is other


def _is_default(subject: Subject, index: int, field: str) -> bool:
    part: Section = subject.parts[index]
    *sections, name = field.split(".")
    for section in sections:
        part = getattr(part, section)
    info = next((info for info in struct_fields(type(part)) if info.name == name), None)
    return info is not None and bool(getattr(part, name) == info.default)
