"""The tables of an export on the Data page."""

from pathlib import Path

from gui.models.export_tables import read_preview, tables_of


def exported(folder: Path, *tables: str) -> Path:
    (folder / "data").mkdir(parents=True)
    for table in tables:
        file = folder / "data" / f"study-vb_session-s1_description-{table}_data.csv"
        file.write_text("session_id,match_id\ns1,m1\n", encoding="utf-8")
    return folder


def test_that_every_table_of_games_of_several_people_is_found(tmp_path: Path) -> None:
    names = ("matches", "network", "ticks", "frames", "frames_disagreeing")
    assert set(tables_of(exported(tmp_path, *names))) == set(names)


def test_that_the_head_of_a_table_is_read(tmp_path: Path) -> None:
    preview = read_preview(tables_of(exported(tmp_path, "matches"))["matches"])
    assert (preview.columns, preview.rows, preview.has_more) == (("session_id", "match_id"), (("s1", "m1"),), False)
