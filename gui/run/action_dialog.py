"""One action before it is done: for whom, who else is affected, why, and what participants will read."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QLabel, QLineEdit, QPlainTextEdit, QWidget
from typing_extensions import override

from gui.models.action_words import OUTCOME_CHOICES, PAY_CHOICES, ActionKind, who_words
from gui.run.dialog_frame import HEADING, add_answers, fit, frame, remembering_line
from gui.runtime.console_requests import new_request_id
from gui.widgets.basics import Button, Notice, label
from gui.widgets.theme import Theme
from mug.protocol.lab_console import Act, ActionView

__all__ = ["ActionDialog", "groups_in"]

_SHOWN = 8
_TEXT_PX = 78


class ActionDialog(QDialog):
    """Asks for what an action needs. It asks the server first who else is affected, and shows that.

    Attributes:
        reason, text, outcome, pay, groups: What is typed or chosen; None where the action has none. Every action takes
            a reason, some need one.
        affected: Who else is affected, in words.
        confirm: Does it.

    Signals:
        preview_asked: An `Act` with `preview`: `show_preview` or `show_no_preview` follows.
        confirmed: The `Act` to do.

    Runs on: GUI thread.
    """

    preview_asked = Signal(object)
    confirmed = Signal(object)

    def __init__(
        self,
        theme: Theme,
        kind: ActionKind,
        names: Sequence[str],
        parent: QWidget,
        *,
        everyone: bool = False,
        reasons: Sequence[str] = (),
        texts: Sequence[str] = (),
    ) -> None:
        """Show the questions of one action.

        Args:
            theme: The look.
            kind: The action.
            names: For whom; with `everyone`, who that is at the moment.
            parent: The window.
            everyone: For all who have not finished.
            reasons: The reasons given last.
            texts: The words sent last.
        """
        super().__init__(parent)
        self._kind, self._names, self._everyone = kind, tuple(names), everyone
        self._theme = theme
        layout = frame(self, kind.title, width=560, spacing=10, heading=self._heading_words(len(names)))
        layout.addWidget(label(kind.sentence, "muted", wrap=True))
        self.affected = Notice(theme, icon="users", tone="warning")
        layout.addWidget(self.affected)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.groups: QLineEdit | None = None
        if kind.key == "repair":
            self.groups = QLineEdit("; ".join([", ".join(self._names)]))
            self.groups.setToolTip("Each group in the order of the game's agents; a semicolon begins another group")
            self._row("Groups", self.groups)
        self.outcome = (
            self._box("Outcome", [(key, f"{word}: {text}") for key, word, text in OUTCOME_CHOICES[kind.key]])
            if (kind.key in OUTCOME_CHOICES)
            else None
        )
        self.pay = self._box("Pay", list(PAY_CHOICES)) if kind.key in OUTCOME_CHOICES else None
        self.text: QPlainTextEdit | None = None
        if kind.has_text:
            self._make_text(texts)
        more = "" if kind.needs_reason else ", if there is one"
        self.reason = remembering_line("Reason", reasons, f"Recorded with the data{more}")
        self._row("Reason", self.reason)
        self.reason.editTextChanged.connect(self._on_typed)
        layout.addLayout(self._grid)
        self._fault = label("", "problem", wrap=True)
        layout.addWidget(self._fault)
        role = "danger" if kind.key in OUTCOME_CHOICES else "primary"
        self.confirm = Button(theme, kind.confirm or kind.title, kind.icon, role=role, on_click=self._confirm)
        self.confirm.setDefault(True)
        add_answers(theme, self, layout, self.confirm)
        self._layout = layout
        if self.groups is not None:
            self.groups.textChanged.connect(self._on_groups_typed)
        self._on_typed()
        field = self.text if kind.key == "message" and self.text is not None else self.reason
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _heading_words(self, count: int) -> str:
        all_of_them = f"all {count} participants" if count != 1 else "the one participant"
        return f"{self._kind.title}: {all_of_them if self._everyone else who_words(self._names, _SHOWN)}"

    def ask_preview(self) -> None:
        """Ask who else is affected; a message concerns nobody else."""
        if self._kind.key != "message":
            self.affected.say("Asking who else is affected…", "clock", "accent")
            self._fit()
            self.preview_asked.emit(self._act(preview=True))

    @Slot(object)
    def show_preview(self, view: ActionView) -> None:
        """Show who else is affected, and for whom it cannot be done."""
        if self._everyone and view.targets:  # somebody may have come meanwhile
            reached = sum(target.state != "skipped" for target in view.targets)
            heading = self.findChild(QLabel, HEADING)
            assert isinstance(heading, QLabel)
            heading.setText(self._heading_words(reached))
        words = [f"{other.participant_id}: {other.how}" for other in view.affected]
        skipped = [f"{target.participant_id}: {target.why}" for target in view.targets if target.state == "skipped"]
        lines = []
        if words:
            lines.append("Also affected\n" + "\n".join(_cut(words)))
        if skipped:
            lines.append("Left out\n" + "\n".join(_cut(skipped)))
        if lines:
            self.affected.say("\n\n".join(lines), "users", "warning")
        else:
            self.affected.say("Nobody else is affected.", "check-circle", "good")
        self._fit()

    @Slot(str)
    def show_no_preview(self, sentence: str) -> None:
        """Show why it is not known who else is affected; the action can be sent all the same."""
        self.affected.say(f"Who else is affected is not known now: {sentence}", "info", "warning")
        self._fit()

    @Slot(str)
    def show_refusal(self, sentence: str) -> None:
        """Show why the server would not do it as it is."""
        self.affected.say(f"This cannot be done: {sentence}", "error", "error")
        self._fit()

    def fault(self) -> str:
        """Return what keeps the action from being done, in words; empty when nothing does."""
        if self.groups is not None and (wrong := groups_in(self.groups.text(), self._names)[1]):
            return wrong
        if self._kind.needs_reason and not self._reason():
            return "A reason is needed; it is recorded with the data."
        if self._kind.key == "message" and self.text is not None and not self.text.toPlainText().strip():
            return "There are no words yet."
        return ""

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.text and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._confirm()
                return True
        return super().eventFilter(watched, event)

    def _act(self, *, preview: bool) -> Act:
        groups = groups_in(self.groups.text(), self._names)[0] if self.groups is not None else ()
        return Act(
            request_id=new_request_id(),
            action=self._kind.key,
            participants=() if self._everyone else self._names,
            everyone=self._everyone,
            reason=self._reason(),
            text=self.text.toPlainText().strip() if self.text is not None else "",
            outcome=str(self.outcome.currentData()) if self.outcome is not None else "",
            pay=str(self.pay.currentData()) if self.pay is not None else "",
            groups=groups,
            preview=preview,
        )

    def _reason(self) -> str:
        return self.reason.currentText().strip()

    def _confirm(self) -> None:
        if not self.fault():
            self.accept()
            self.confirmed.emit(self._act(preview=False))

    @Slot()
    def _on_typed(self) -> None:
        fault = self.fault()
        self.confirm.setEnabled(not fault)
        self._fault.setText(fault if self.groups is not None and fault.startswith(("Everybody", "A group")) else "")
        self._fault.setVisible(bool(self._fault.text()))
        self.confirm.setToolTip(fault)

    @Slot()
    def _on_groups_typed(self) -> None:
        self._on_typed()
        if self.groups is not None and not groups_in(self.groups.text(), self._names)[1]:
            self.ask_preview()

    def _make_text(self, texts: Sequence[str]) -> None:
        if texts and self._kind.key == "message":
            past = remembering_line("Words sent before", texts, "Take words that you sent before")
            past.activated.connect(lambda _place: self._take(past.currentText()))
            self._row("Before", past)
        self.text = QPlainTextEdit(self._kind.text)
        self.text.setAccessibleName("What participants read")
        self.text.setPlaceholderText("What participants read")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(_TEXT_PX)
        self.text.setToolTip("Ctrl+Return sends it" if self._kind.key == "message" else "")
        self.text.installEventFilter(self)
        self.text.textChanged.connect(self._on_typed)
        self._row("They read", self.text)

    def _take(self, words: str) -> None:
        if self.text is not None:
            self.text.setPlainText(words)
            self.text.setFocus()

    def _box(self, title: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(title)
        for key, words in choices:
            box.addItem(words, key)
        self._row(title, box)
        return box

    def _row(self, title: str, field: QWidget) -> None:
        row = self._grid.rowCount()
        caption = label(title, "field")
        caption.setContentsMargins(0, 7, 0, 0)
        self._grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, row, 1)
        if not field.accessibleName():
            field.setAccessibleName(title)

    def _fit(self) -> None:
        fit(self, self._layout)


def groups_in(text: str, names: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Read groups, ``anna, bert; cleo, dora``: every one of `names` in one of them.

    Returns:
        The groups, and what is wrong, in words; empty when nothing is.
    """
    groups = tuple(
        tuple(word for word in re.split(r"[\s,]+", part) if word) for part in text.split(";") if part.strip(" ,")
    )
    typed = [name for group in groups for name in group]
    if sorted(typed) != sorted(names):
        return groups, f"Everybody who was selected is in one group, once: {', '.join(names)}."
    if any(len(group) < 2 for group in groups):
        return groups, "A group has two people at least."
    return groups, ""


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"]
