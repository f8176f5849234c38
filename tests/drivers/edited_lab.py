"""A MUG Lab in a process of its own, which opens a study, edits it, says so, and goes on until it is ended.

Run as ``python -m tests.drivers.edited_lab SETTINGS STUDY TITLE``; an empty title edits nothing. Its lines:
``opened``, then ``kept`` whenever unsaved changes are in the recovery file.
"""

import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from gui.app import Lab
from gui.shell.settings import LabSettings
from mug.study.edits import SetField


def main(settings: str, study: str, title: str) -> int:
    """Run it."""
    app = QApplication([])
    lab = Lab(app, LabSettings(Path(settings)))
    lab.window.show()

    def say(word: str) -> None:
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()

    def edit(_opened: object) -> None:
        lab.studies.opened.disconnect(edit)
        say("opened")
        if title:
            lab.document.push(SetField(path=(), field="title", value=title))

    lab.studies.opened.connect(edit)
    lab.studies.recovery.kept.connect(lambda: say("kept"))
    lab.open_study(Path(study))
    return app.exec()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
