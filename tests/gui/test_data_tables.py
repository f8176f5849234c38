"""The tables of an export on the Data page."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from gui.app import Lab
from gui.models.export_tables import tables_of
from mug.records.codebook import TABLES


def exported(folder: Path, *tables: str) -> Path:
    (folder / "data").mkdir(parents=True)
    for table in tables:
        file = folder / "data" / f"study-vb_session-s1_description-{table}_data.csv"
        file.write_text("session_id,match_id\ns1,m1\n", encoding="utf-8")
    return folder


def test_that_every_table_of_games_of_several_people_is_found(tmp_path: Path) -> None:
    names = ("matches", "network", "ticks", "frames", "frames_disagreeing")
    assert set(tables_of(exported(tmp_path, *names))) == set(names)


@pytest.mark.parametrize("table", ["matches", "network"])
def test_that_a_table_can_be_looked_at_and_is_explained(lab: Lab, qtbot: QtBot, tmp_path: Path, table: str) -> None:
    data = lab.window.data
    data.show_tables(tables_of(exported(tmp_path, "participants", "matches", "network", "frames")))
    choice = data.findChild(QComboBox)
    assert choice is not None
    assert [choice.itemText(place) for place in range(choice.count())] == [
        "participants",
        "matches",
        "frames",
        "network",
    ]
    choice.setCurrentText(table)
    qtbot.waitUntil(lambda: data.preview.rowCount() == 1)
    if table in TABLES:
        assert choice.itemData(choice.currentIndex(), Qt.ItemDataRole.ToolTipRole) == TABLES[table].description
        assert choice.toolTip() == TABLES[table].description
