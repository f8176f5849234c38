"""After a withdrawal an export has nothing of the participant, and all of the partner."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from mug.data import load
from mug.records.export import ExportOptions, export_session
from mug.records.verify_export import verify_export
from mug.records.withdrawal import withdraw
from tests.drivers.export_checks import package_errors
from tests.drivers.whole_session import record_whole_session

SESSION = "s-2026-03-01"
BOTH = ExportOptions(formats=("csv", "parquet"), ticks=True)
OF_BERTRAM = (
    b"bertram",
    b"BERTRAM",
    b"my mouse is broken",
    b"coughs",
    b"CODE-BERT-2",
    b"sess-88",
    b"tab-bert",
)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_whole_session(tmp_path_factory.mktemp("records"))


@pytest.fixture
def records(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before.parent, tmp_path / "data" / "exp")) / before.name


@pytest.mark.parametrize(
    "options", [BOTH, ExportOptions(anonymise=True), ExportOptions(participants=("anna-lena",))],
    ids=["all", "anonymised", "the partner alone"],
)  # fmt: skip
def test_that_an_export_after_a_removal_is_whole_and_holds_nothing_of_the_participant(
    records: Path, tmp_path: Path, options: ExportOptions
) -> None:
    withdraw(records, SESSION, "bertram", "removed", reason="asked by mail")
    result = export_session(records, SESSION, tmp_path / "out", options)
    assert result.problems == ()
    assert package_errors(result.folder) == []
    assert verify_export(result.folder, records).problems == []
    kept = (b"bertram",) if not options.anonymise else ()  # the id stands in the partner's match, and in the tombstone
    for path in result.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found = [word for word in OF_BERTRAM if word in content and word not in kept]
            assert found == [], path


def test_that_the_partners_rows_stay_as_they_were(before: Path, records: Path, tmp_path: Path) -> None:
    old = load(export_session(before, SESSION, tmp_path / "old", BOTH).folder)
    withdraw(records, SESSION, "bertram", "removed")
    new = load(export_session(records, SESSION, tmp_path / "new", BOTH).folder)
    for column in old["frames"].columns:
        if ".right" in column:
            expected = ["withdrawn"] if column.startswith("status.") else []
            assert new["frames"][column].dropna().unique().tolist() == expected if column in new["frames"] else True
        elif column != "state_hash":
            pd.testing.assert_series_equal(new["frames"][column], old["frames"][column])
    for name in ("visits", "forms", "telemetry", "ticks"):
        mine = old[name][old[name]["participant_id"] == "anna-lena"].reset_index(drop=True)
        theirs = new[name][new[name]["participant_id"] == "anna-lena"].reset_index(drop=True)
        pd.testing.assert_frame_equal(theirs, mine)
        assert name == "visits" or not (new[name]["participant_id"] == "bertram").any()
    assert new["console"]["action"].tolist().count("withdrawn") == 1


def test_that_a_pseudonym_after_a_withdrawal_is_told_in_the_table(records: Path, tmp_path: Path) -> None:
    done = withdraw(records, SESSION, "bertram", "anonymised")
    result = export_session(records, SESSION, tmp_path / "out", BOTH)
    assert package_errors(result.folder) == []
    people = load(result.folder)["participants"].set_index("participant_id")
    assert people.loc[done.participant_id, "withdrawn"] == "anonymised"
    assert people["withdrawn"].isna().tolist() == [True, False]
    text = (result.folder / "documentation" / "session.html").read_text(encoding="utf-8")
    assert "Withdrawn" in text
