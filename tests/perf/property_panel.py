"""The property panel: how long a change of selection and a typed letter keep the window."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, Skipped, Spread

__all__ = ["measure"]

SCENES = 200
ROUNDS = 100
BUDGET_MS = 50.0


def measure(bench: Bench) -> list[Row]:
    """Use the real panel on an offscreen display, in a process of its own, on a study of 200 scenes."""
    if importlib.util.find_spec("PySide6") is None:
        raise Skipped("PySide6 is not installed: python3 bootstrap.py setup")
    bench.say(f"the property panel beside {SCENES} scenes, {ROUNDS} selections of each kind")
    command = [sys.executable, "-m", "tests.perf.property_panel"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the panel did not run: {done.stderr[-3000:]}")
    taken: dict[str, list[float]] = json.loads(done.stdout)
    bench.details.update({"property_panel_ms": taken})
    rows = []
    for what, times in taken.items():
        spread = Spread.of(times)
        rows.append(
            Row(what=f"property panel, {what}", value=spread.p99, unit="ms", budget=BUDGET_MS, note=spread.words())
        )
    return rows


def main() -> None:
    """Measure, and print milliseconds by what was done."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from gui.design.inspector import Inspector
    from gui.models.chain_document import ChainDocument
    from gui.models.opened_study import OpenedStudy
    from gui.widgets.theme import Theme, ThemeChoice
    from mug.study.model import GymGame, MultipleChoiceForm, StaticPage, Study

    app = QApplication([])
    form = {"questions": ("One?", "Two?", "Three?"), "choices": (("a", "b"), ("c", "d"), ("e", "f", "g"))}
    nodes = []
    for index in range(SCENES):
        match index % 3:
            case 0:
                nodes.append(StaticPage(scene_id=f"page_{index}", scene_body=f"<p>{index}</p>"))
            case 1:
                nodes.append(GymGame(scene_id=f"game_{index}"))
            case _:
                nodes.append(MultipleChoiceForm(scene_id=f"form_{index}", **form))
    study = Study(id="study", chain=tuple(nodes))
    document = ChainDocument()
    document.load(OpenedStudy(path=Path(), study=study, folder=Path(), content_hash="", problems=()))
    panel = Inspector(Theme(app, ThemeChoice.LIGHT), document)
    panel.resize(380, 800)
    panel.show()
    app.processEvents()
    names = ("a page", "a game with every section open", "a form with three questions")
    taken: dict[str, list[float]] = {}
    for kind in range(len(names)):
        document.select([(kind,)])
        panel.open_all()
        app.processEvents()
    for round_number in range(ROUNDS):
        for kind in range(len(names)):
            began = perf_counter()
            document.select([((3 * round_number + kind) % (SCENES - 2),)])
            app.processEvents()
            label = names[(3 * round_number + kind) % (SCENES - 2) % 3]
            taken.setdefault(f"selecting {label}", []).append(1000 * (perf_counter() - began))
    document.select([(1,)])
    row = panel.row("scene_id")
    assert row is not None
    row.editor.focus_inside()
    line = app.focusWidget()
    assert line is not None
    for _ in range(ROUNDS):
        began = perf_counter()
        QTest.keyClick(line, Qt.Key.Key_A)
        app.processEvents()
        taken.setdefault("a letter typed", []).append(1000 * (perf_counter() - began))
    panel.shut_down()
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
