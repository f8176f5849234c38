"""What a page or an environment may send that is odd, and still must come out of the records whole."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mug.data
from gui.models.export_tables import read_preview, tables_of
from mug.records import facts as f
from mug.records.export import ExportOptions, export_session
from mug.records.verify_export import verify_export
from tests.drivers.recorded_session import AT, RecordedSession

OPTIONS = (
    ExportOptions(formats=("csv", "parquet")),
    ExportOptions(formats=("csv", "parquet"), anonymise=True, excel=True),
)


def _exported(session: RecordedSession, out: Path, options: ExportOptions) -> dict[str, pd.DataFrame]:
    folder = export_session(session.path, "s1", out, options).folder
    assert verify_export(folder, session.path).ok
    tables = dict(mug.data.load(folder, source="csv"))
    for name, other in mug.data.load(folder, source="parquet").items():
        pd.testing.assert_frame_equal(tables[name], other)
    return tables


def _play(session: RecordedSession, infos: list[Any]) -> None:
    [visit] = session.join("p1")
    session.play("p1", visit, "m1", {"a": "p1"})
    columns = {"status.a": ["input"] * len(infos), "actions.a": [0] * len(infos), "infos.a": infos}
    session.frames("p1", visit, "m1", 0, 0, columns)
    session.add(f.SessionEnded(at=AT, reason="done"))


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "anonymised"])
def test_that_half_a_surrogate_pair_in_a_name_does_not_stop_an_export(tmp_path: Path, options: ExportOptions) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("p1")
        session.play("p1", visit, "m1", {"a": "p1"})
        session.frames("p1", visit, "m1", 0, 0, {"status.a": ["input"], "infos.a": [{"\ud800": 9}]})
        session.chunk("p1", visit, "telemetry", b'{"\\ud800":1,"rtt_ms":2.5}\n')
    tables = _exported(session, tmp_path / "out", options)
    assert tables["frames"]["infos.a.\\ud800"].tolist() == [9]
    assert tables["telemetry"]["\\ud800"].tolist() == [1]


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "anonymised"])
def test_that_a_row_of_many_megabytes_is_exported_counted_and_read_back(tmp_path: Path, options: ExportOptions) -> None:
    with RecordedSession(tmp_path) as session:
        _play(session, [{"x": "y" * 3_000_000}, {"x": "z"}])
    tables = _exported(session, tmp_path / "out", options)
    assert [len(text) for text in tables["frames"]["infos.a.x"]] == [3_000_000, 1]


def test_that_values_whose_flat_names_meet_are_both_kept_and_told(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        _play(session, [{"a.b": 1, "a": {"b": 2}}, {"a.b": 3, "a": {"b": 4}}])
    result = export_session(session.path, "s1", tmp_path / "out")
    frames = mug.data.load(result.folder)["frames"]
    assert sorted([frames["infos.a.a.b"].tolist(), frames["infos.a.a.b (2)"].tolist()]) == [[1, 3], [2, 4]]
    assert any("infos.a.a.b (2)" in problem for problem in result.problems)


def test_that_agents_whose_names_meet_keep_their_own_values(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.together("m1", {"a": "p1", "a.b": "p2"})
        columns = {"infos.a": [{"b.x": 1}] * 2, "infos.a.b": [{"x": "mine"}] * 2}
        for who in ("p1", "p2"):
            session.track(who, "m1", 0, columns)
    frames = _exported(session, tmp_path / "out", ExportOptions(formats=("csv", "parquet")))["frames"]
    assert frames["infos.a.b.x"].tolist() == [1, 1]
    assert frames["infos.a.b.x (2)"].tolist() == ["mine", "mine"]


def test_that_a_formula_in_a_columns_name_is_neutralised_for_excel(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        [visit] = session.join("p1")
        session.chunk("p1", visit, "telemetry", (json.dumps({"rtt_ms": 1.5, "=1+1": 2}) + "\n").encode())
    folder = export_session(session.path, "s1", tmp_path / "out", ExportOptions(excel=True)).folder
    [copy] = (folder / "excel").glob("*description-telemetry*")
    header = copy.read_text(encoding="utf-8-sig").splitlines()[0]
    assert '"\'=1+1"' in header
    assert '"=1+1"' not in header


def test_that_a_long_text_is_shown_by_its_beginning(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        _play(session, [{"x": "y" * 200_000}])
    folder = export_session(session.path, "s1", tmp_path / "out").folder
    preview = read_preview(tables_of(folder)["frames"])
    assert "200,000" in preview.rows[0][preview.columns.index("infos.a.x")]


def test_that_an_anonymised_export_names_nobody_in_names_of_columns_arrays_hashes_and_numbers(tmp_path: Path) -> None:
    named = ("anna-lena", "bertram", "900100200")
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", {"left": "anna-lena", "right": "bertram"})
        session.add(
            f.ParticipantJoined(
                at=AT, participant_id="third", seed=4, token_sha256="", params={"survey_code": "900100200"}
            ),
            f.NoteAdded(at=AT, note_id="n-1", text="Mr Smith was late"),
        )
        columns = {
            "infos.left": [{"anna-lena": 1, "code": 900100200, "score": 7}] * 2,
            "observations.left": [{"bertram": np.arange(400.0), "own": np.arange(400.0)}] * 2,
            "state_hash": ["anna-lena"] * 2,
        }
        for who in ("anna-lena", "bertram"):
            session.track(who, "m1", 0, columns)
        said = {"rtt_ms": 1.5, "bertram": 2}
        session.lines("anna-lena", visits["anna-lena"], "telemetry", said)
        session.lines("anna-lena", visits["anna-lena"], "event", {"name": "x", "n": 900100200, "action": 3})
    result = export_session(session.path, "s1", tmp_path / "out", OPTIONS[1])
    for path in result.folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert [name for name in named if name.encode() in body] == [], path
    tables = mug.data.load(result.folder)
    assert tables["frames"]["infos.left.score"].tolist() == [7, 7]
    assert tables["frames"]["infos.left.code"].isna().all()
    assert tables["telemetry"].iloc[:, -1].tolist() == [2]
    arrays = mug.data.read_array(result.folder, tables["frames"]["observations.left.array"][0])
    assert isinstance(arrays, dict)
    assert len(arrays) == 2
    assert any("--drop-texts" in warning for warning in result.warnings)
    assert verify_export(result.folder, session.path).ok
