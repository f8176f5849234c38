"""The Qt binding keeps the references of Python's constants: in one release it did not, and the app ended."""

import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

CALLS = 2_000
NOISE = 200

immortal = pytest.mark.skipif(sys.version_info >= (3, 12), reason="None, True and False are immortal")


class _Sender(QObject):
    sent = Signal(object)


@immortal
def test_that_calls_into_qt_keep_the_references_of_constants(qtbot: QtBot, qapp: QApplication) -> None:
    text = QLabel("text")
    qtbot.addWidget(text)
    sender = _Sender()
    sender.sent.connect(lambda _value: None)
    before = [sys.getrefcount(constant) for constant in (None, True, False)]
    for number in range(CALLS):
        text.setText("text")
        text.isEnabled()
        if number % 4 == 0:
            sender.sent.emit(None)
    after = [sys.getrefcount(constant) for constant in (None, True, False)]
    lost = [before - after for before, after in zip(before, after, strict=True)]
    assert max(lost) < NOISE, f"references lost by {CALLS} calls: {lost}"
