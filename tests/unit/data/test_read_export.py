"""What an export holds comes back into pandas with its types; missing is missing, and a text is that text."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mug.data import ExportFolderError, read_array, read_export, read_manifest
from mug.records.export import export_session
from tests.drivers.recorded_session import RecordedSession

AT = "2026-03-01T10:00:01.500Z"
LARGE = np.arange(600, dtype=np.float32).reshape(20, 30)
PARTS = {"view": np.arange(300, dtype=np.uint8), "mode": np.array([1.5, -0.0])}
ANSWERS = ["NA", "null", "", "nan", 'a "b", c\r\nd', "007"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with every kind of value."""
    place = tmp_path_factory.mktemp("records")
    with RecordedSession(place) as session:
        [visit] = session.join("anna")
        session.play("anna", visit, "m", {"human": "anna"})
        columns: dict[str, list[Any]] = {
            "status.human": ["input", "default", "input"],
            "actions.human": [0, 2, 1],
            "rewards.human": [0.1, math.nan, math.inf],
            "terminated.human": [False, False, True],
            "observations.human": [LARGE, LARGE + 1, None],
            "infos.human": [
                {"whole": 1, "flag": True, "word": "NA", "big": 2**63, "huge": 2**70},
                {"whole": None, "flag": None, "word": None, "big": 1, "huge": 1},
                {"whole": 2**62 + 1, "flag": False, "word": "", "big": 0, "huge": 0},
            ],
            "state_hash": [None, "00", None],
        }
        session.frames("anna", visit, "m", 0, 0, columns)
        session.frames("anna", visit, "m", 1, 0, {"status.human": ["input"], "observations.human": [PARTS]})
        for number, answer in enumerate(ANSWERS):
            row = {"at": AT, "at_ms": 1500.25, "question_id": f"q{number}", "answer": answer}
            session.lines("anna", visit, "form", row)
        session.writer.flush()
        export_session(session.path, session.session_id, place / "out")
    return place / "out"


@pytest.fixture(scope="module")
def frames(folder: Path) -> pd.DataFrame:
    return read_export(folder)["frames"]


def test_that_whole_columns_have_numpy_types_and_gaps_the_nullable_ones(frames: pd.DataFrame) -> None:
    kinds = {name: str(dtype) for name, dtype in frames.dtypes.items()}
    assert kinds["frame"] == kinds["episode"] == "int64"
    assert kinds["actions.human"] == "Int64"  # the second episode has none
    assert kinds["rewards.human"] == "float64"
    assert kinds["terminated.human"] == "boolean"
    assert kinds["infos.human.whole"] == "Int64"
    assert kinds["infos.human.flag"] == "boolean"
    assert kinds["status.human"] == kinds["state_hash"] == kinds["infos.human.word"]
    assert pd.api.types.is_string_dtype(frames["state_hash"])


def test_that_a_column_without_gaps_is_a_plain_one(folder: Path) -> None:
    participants = read_export(folder, ["participants"])["participants"]
    assert participants["frames"].dtype == np.int64
    assert isinstance(participants["joined_at"].dtype, pd.DatetimeTZDtype)
    assert str(participants["joined_at"].dt.tz) == "UTC"


def test_that_times_keep_their_milliseconds(folder: Path) -> None:
    forms = read_export(folder, ["forms"])["forms"]
    assert forms["at"].iloc[0] == pd.Timestamp("2026-03-01T10:00:01.500", tz="UTC")
    assert forms["at_ms"].tolist() == [1500.25] * len(ANSWERS)


def test_that_texts_survive_that_look_like_something_else(folder: Path, frames: pd.DataFrame) -> None:
    assert read_export(folder)["forms"]["answer"].tolist() == ANSWERS
    assert frames["infos.human.word"].isna().tolist() == [False, True, False, True]
    assert frames["infos.human.word"].dropna().tolist() == ["NA", ""]


def test_that_numbers_are_exact_up_to_their_last_bit(frames: pd.DataFrame) -> None:
    assert frames["rewards.human"].iloc[0] == 0.1
    assert frames["rewards.human"].iloc[2] == math.inf
    assert frames["infos.human.whole"].iloc[2] == 2**62 + 1
    assert int(frames["infos.human.big"].iloc[0]) == 2**63
    assert int(frames["infos.human.huge"].iloc[0]) == 2**70


def test_that_arrow_types_tell_not_a_number_from_a_missing_one(folder: Path) -> None:
    rewards = read_export(folder, ["frames"], dtype_backend="pyarrow")["frames"]["rewards.human"]
    values = pa.array(rewards.array).to_pylist()
    assert values[3] is None
    assert math.isnan(values[1])


def test_that_only_the_wanted_tables_are_read(folder: Path) -> None:
    assert list(read_export(folder, ["visits", "frames"])) == ["visits", "frames"]
    with pytest.raises(ExportFolderError, match="no table 'frame'; it has participants, visits"):
        read_export(folder, ["frame"])


def test_that_large_observations_are_read_from_their_place(folder: Path, frames: pd.DataFrame) -> None:
    places = frames["observations.human.array"]
    assert places.isna().tolist() == [False, False, True, False]
    array = read_array(folder, places.iloc[1])
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.float32
    assert np.array_equal(array, LARGE + 1)


def test_that_an_observation_of_several_arrays_comes_as_all_of_them(folder: Path, frames: pd.DataFrame) -> None:
    parts = read_array(folder, frames["observations.human.array"].iloc[3])
    assert isinstance(parts, dict)
    assert {name: (array.dtype.str, array.tolist()) for name, array in parts.items()} == {
        name: (array.dtype.str, array.tolist()) for name, array in PARTS.items()
    }
    assert math.copysign(1, parts["mode"][1]) == -1


@pytest.mark.parametrize(
    "place",
    ["", "arrays/none.npz:x", "arrays/match-m_episode-0.npz", "arrays/match-m_episode-0.npz:x", "manifest.json:x"],
)
def test_that_a_place_without_an_array_is_told(folder: Path, place: str) -> None:
    with pytest.raises(ExportFolderError, match="no array"):
        read_array(folder, place)


def test_that_the_manifest_says_what_was_exported(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest["session_id"] == "s1"
    assert manifest["counts"]["frames"] == 4


@pytest.mark.parametrize(
    ("written", "words"),
    [(None, "datapackage.json cannot be read"), ("not json", "cannot be read"), ("[]", "not what MUG writes")],
)
def test_that_a_folder_that_is_no_export_is_told_by_name(tmp_path: Path, written: str | None, words: str) -> None:
    if written is not None:
        (tmp_path / "datapackage.json").write_text(written)
    with pytest.raises(ExportFolderError, match=words) as caught:
        read_export(tmp_path)
    assert caught.value.folder == tmp_path
    assert str(tmp_path) in str(caught.value)


def test_that_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportFolderError, match="cannot be read as an export of MUG"):
        read_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("package", [{"name": "other"}, {"resources": [{"name": "x", "path": "x.csv"}]}])
def test_that_a_package_of_another_program_is_no_export(tmp_path: Path, package: dict[str, Any]) -> None:
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    with pytest.raises(ExportFolderError, match="not what MUG writes"):
        read_export(tmp_path)


def test_that_a_missing_or_changed_table_is_told(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    table = next((copy / "data").glob("*frames_data.csv"))
    table.write_text(table.read_text(encoding="utf-8").replace("true", "maybe"), encoding="utf-8")
    with pytest.raises(ExportFolderError, match=r"frames_data\.csv is not as described"):
        read_export(copy, ["frames"])
    table.unlink()
    with pytest.raises(ExportFolderError, match=r"frames_data\.csv cannot be read"):
        read_export(copy, ["frames"])
