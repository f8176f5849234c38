"""The further names of an ONNX model, as fields below its path: inputs, outputs, state, how an action follows."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from gui.design.inspector.editor import changed_words, suggest
from gui.design.inspector.inputs import Combo, Line
from gui.design.inspector.surroundings import Surroundings
from gui.models.policy_values import DETAILS, text_of_detail
from gui.widgets.basics import label

__all__ = ["ModelDetails"]

_SAMPLING = (("", "As MUG does it: sampled"), ("sample", "Sampled from the logits"), ("argmax", "The highest logit"))


class ModelDetails(QWidget):
    """The fields of one model.

    Signals:
        edited: They are others, by the user's hand; whether they are being typed.

    Runs on: GUI thread.
    """

    edited = Signal(bool)

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.lines: dict[str, Line] = {}
        self.sampling = Combo("Action")
        for value, words in _SAMPLING:
            self.sampling.addItem(words, value)
        self.sampling.activated.connect(self._on_chosen)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 2, 0, 4)
        outer.setSpacing(4)
        outer.addWidget(
            label("Left empty, MUG finds input and logits in a model that has one of each.", "small", wrap=True)
        )
        form = QFormLayout()
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(4)
        outer.addLayout(form)
        for name, title, example, meaning in DETAILS:
            if name == "sampling":
                self.sampling.setToolTip(meaning)
                form.addRow(label(title, "small"), self.sampling)
                continue
            line = self.lines[name] = Line(title, example)
            line.setToolTip(meaning)
            line.textEdited.connect(self._on_typed)
            form.addRow(label(title, "small"), line)
        self._functions = suggest(self.lines["custom_inference_fn"], ())
        around.functions_changed.connect(
            lambda: changed_words(self._functions, [found.reference for found in around.functions])
        )

    def texts(self) -> dict[str, str]:
        """Return what stands in the fields, by their names in the study."""
        texts = {name: self.lines[name].text() if name in self.lines else "" for name, *_ in DETAILS}
        return {**texts, "sampling": str(self.sampling.currentData() or "")}

    def show_model(self, policy: Any) -> None:
        """Show a model's fields; what is being typed stays."""
        for name, line in self.lines.items():
            shown = text_of_detail(policy, name)
            if line.text() != shown and not line.hasFocus():
                with QSignalBlocker(line):
                    line.setText(shown)
                    line.setCursorPosition(0)
        sampling = str(policy.get("sampling") or "") if isinstance(policy, Mapping) else ""
        self.sampling.setCurrentIndex(max(0, self.sampling.findData(sampling)))

    @Slot(str)
    def _on_typed(self, _text: str) -> None:
        self.edited.emit(True)

    @Slot(int)
    def _on_chosen(self, _index: int) -> None:
        self.edited.emit(False)
