"""`mug.data.load` gives the same tidy tables from CSV and from Parquet, and loads exports of the first format too."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.data import ExportFolderError, load, read_export
from mug.records.export import ExportOptions, export_session
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.whole_session import record_whole_session

SESSION = "s-2026-03-01"
BOTH = ExportOptions(formats=("csv", "parquet"), ticks=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("load")
    return export_session(record_whole_session(place), SESSION, place / "out", BOTH).folder


def test_that_csv_and_parquet_give_the_same_tables(folder: Path) -> None:
    csv, parquet = load(folder, source="csv"), load(folder, source="parquet")
    assert list(csv) == list(parquet)
    assert len(csv) > 10
    for name in csv:
        pd.testing.assert_frame_equal(csv[name], parquet[name])


def test_that_columns_have_the_types_that_their_values_have(folder: Path) -> None:
    export = load(folder)
    kinds = {name: str(kind) for name, kind in export["participants"].dtypes.items()}
    assert kinds["joined_at"] == "datetime64[us, UTC]"
    assert kinds["finished_at"] == "datetime64[us, UTC]"
    assert kinds["outcome"] == "category"
    assert kinds["visits_planned"] == "Int64"
    assert kinds["paused_s"] == "float64"
    assert kinds["participant_id"].startswith("str")
    assert list(export["participants"]["outcome"].cat.categories)[:2] == ["complete", "screened_out"]
    telemetry = {name: str(kind) for name, kind in export["telemetry"].dtypes.items()}
    assert (telemetry["focused"], telemetry["lost"], telemetry["rtt_ms"]) == ("boolean", "Int64", "float64")
    assert str(export["frames"]["status.left"].dtype) == "category"
    assert str(export["frames"]["terminated.left"].dtype) == "boolean"


def test_that_rows_are_as_many_as_the_export_says(folder: Path) -> None:
    export = load(folder)
    assert {name: len(export[name]) for name in export} == export.manifest["counts"]
    assert export.manifest["journal"]["facts_of_session"] > 40


def test_that_a_table_that_lost_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    short = Path(shutil.copytree(folder, tmp_path / "short"))
    [path] = (short / "data").glob("*-visits_data.csv")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(ExportFolderError, match="visits has 6 rows, and was exported with 7"):
        load(short, source="csv")["visits"]


def test_that_columns_are_described(folder: Path) -> None:
    about = load(folder).describe("network")
    assert about.loc["rtt_ms", ["type", "unit"]].tolist() == ["number", "ms"]
    assert load(folder).describe("frames").loc["status.left", "levels"][:2] == ("input", "default")


def test_that_an_unknown_table_and_missing_parquet_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no table 'frame'"):
        load(folder)["frame"]
    with pytest.raises(ExportFolderError, match=r"datapackage\.json cannot be read"):
        load(tmp_path)
    plain = export_session(record_whole_session(tmp_path), SESSION, tmp_path / "out").folder
    with pytest.raises(ExportFolderError, match="CSV only"):
        load(plain, source="parquet")
    [path] = (folder / "data").glob("*-visits_data.parquet")
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    (broken / "data" / path.name).write_bytes(b"PAR1")
    with pytest.raises(ExportFolderError, match="visits"):
        load(broken)["visits"]


def test_that_an_export_of_the_first_format_still_loads(folder: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(folder, tmp_path / "old"))
    (old / "provenance" / "manifest.json").rename(old / "manifest.json")
    shutil.rmtree(old / "provenance")
    shutil.rmtree(old / "documentation")
    package = json.loads((old / "datapackage.json").read_text(encoding="utf-8"))
    resources = [one for one in package["resources"] if one["format"] == "csv"]
    for one in resources:
        del one["type"], one["hash"], one["bytes"], one["dialect"]["$schema"]
        one["profile"] = "tabular-data-resource"
        for field in one["schema"]["fields"]:
            field.pop("constraints", None)
    first = {"profile": "tabular-data-package", "name": package["name"], "title": "t", "resources": resources}
    (old / "datapackage.json").write_text(json.dumps(first), encoding="utf-8")
    export = load(old)
    assert len(export["frames"]) == 40
    assert export.manifest["counts"]["frames"] == 40
    assert set(read_export(old)) == set(export)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["NA", "=1+1", "-1", "+x", "@y", "\t", "a,b\r\nc", '"', "'", "ünï", "\x00", "nan", "", " "]),
)


@given(values=st.lists(CELLS, min_size=1, max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_that_any_cell_comes_back_the_same_from_csv_and_parquet(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any]
) -> None:
    place = tmp_path_factory.mktemp("cells")
    with RecordedSession(place) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m1", {"human": "anna"})
        columns = {"status.human": ["input"] * len(values), "infos.human": [{"x": value} for value in values]}
        session.frames("anna", visit, "m1", 0, 0, columns)
        session.lines("anna", visit, "form", *({"question_id": "q", "answer": value} for value in values))
        session.writer.flush()
        tables = ExportOptions(formats=("csv", "parquet"), tables=("frames", "forms"))
        folder = export_session(session.path, "s1", place / "out", tables).folder
    csv, parquet = load(folder, source="csv"), load(folder, source="parquet")
    for name in csv:
        pd.testing.assert_frame_equal(csv[name], parquet[name])
    answers = csv["forms"]["answer"].tolist()
    for value, answer in zip(values, answers, strict=True):
        if value is None:
            assert answer is pd.NA or (isinstance(answer, float) and math.isnan(answer))
        elif isinstance(value, str):
            assert answer == value.encode("utf-8", "replace").decode()
