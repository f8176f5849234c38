"""An export holds what was asked for: some tables, some participants, no texts, nobody's identity."""

import io
import json
import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from mug.data import load, read_export, read_manifest
from mug.records import ExportError, RecordReader
from mug.records.export import ExportOptions, ExportResult, export_session
from mug.records.keys import write_keys
from mug.records.table_specs import TABLES
from tests.drivers.recorded_session import AT, RecordedSession
from tests.drivers.whole_session import IDENTIFIERS, record_whole_session, study_zip

SESSION = "s-2026-03-01"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_whole_session(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def anonymised(records: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    options = ExportOptions(formats=("csv", "parquet"), anonymise=True, ticks=True, excel=True)
    return export_session(records, SESSION, tmp_path_factory.mktemp("exports") / "out", options)


def contents(folder: Path) -> list[tuple[str, bytes]]:
    """Return everything that can be read in a folder: names, bytes, what zips hold, what Parquet files hold."""
    found: list[tuple[str, bytes]] = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        found.append((name, name.encode()))
        if not path.is_file():
            continue
        found.append((name, path.read_bytes()))
        if path.suffix in (".zip", ".npz"):
            with zipfile.ZipFile(path) as archive:
                found += [(name, member.encode() + archive.read(member)) for member in archive.namelist()]
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            about = json.dumps(table.to_pydict(), default=str, ensure_ascii=False)
            found.append((name, f"{about}{table.schema}{pq.read_metadata(path).metadata}".encode()))
    return found


def found_in(folder: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, word) for name, held in contents(folder) for word in words if word.lower().encode() in held.lower()]


# ------------------------------------------------------------------ tables and participants


def test_that_only_the_tables_that_were_named_are_written(records: Path, tmp_path: Path) -> None:
    options = ExportOptions(tables=("visits", "ticks", "forms"))
    folder = export_session(records, SESSION, tmp_path / "out", options).folder
    assert set(read_export(folder)) == {"visits", "ticks", "forms"}
    assert len(list((folder / "data").iterdir())) == 3
    assert read_manifest(folder)["options"]["tables"] == ["visits", "ticks", "forms"]
    everything = read_export(export_session(records, SESSION, tmp_path / "all", ExportOptions(ticks=True)).folder)
    for name, table in read_export(folder).items():
        pd.testing.assert_frame_equal(table, everything[name])


_WITHOUT_ROWS = ("frames_disagreeing", "build_episodes", "allocation")
"""Tables of which these records have no row: they are left out."""


@pytest.mark.parametrize("table", [name for name in TABLES if name not in _WITHOUT_ROWS])
def test_that_every_table_comes_out_alone_as_it_does_with_the_others(records: Path, tmp_path: Path, table: str) -> None:
    folder = export_session(records, SESSION, tmp_path / "out", ExportOptions(tables=(table,))).folder
    assert list(read_export(folder)) == [table]


def test_that_an_unknown_table_format_or_participant_is_refused_in_words(records: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no table 'frame'"):
        ExportOptions(tables=("frame",))
    with pytest.raises(ExportError, match="no format 'xlsx'"):
        ExportOptions(formats=("xlsx",))
    with pytest.raises(ExportError, match="carl did not take part in this session; there are anna-lena, bertram"):
        export_session(records, SESSION, tmp_path / "out", ExportOptions(participants=("anna-lena", "carl")))
    with pytest.raises(ExportError, match="needs a participant"):
        ExportOptions(participants=())
    assert list(tmp_path.iterdir()) == []


def test_that_some_participants_come_with_the_whole_matches_in_which_they_played(records: Path, tmp_path: Path) -> None:
    whole = read_export(export_session(records, SESSION, tmp_path / "all").folder)
    some = read_export(
        export_session(records, SESSION, tmp_path / "out", ExportOptions(participants=("bertram",))).folder
    )
    for name in ("matches", "frames", "episodes"):
        pd.testing.assert_frame_equal(some[name], whole[name])
    for name in ("participants", "visits", "forms", "events", "telemetry", "network"):
        expected = whole[name][whole[name]["participant_id"] == "bertram"].reset_index(drop=True)
        pd.testing.assert_frame_equal(some[name], expected, check_dtype=False)
    assert set(some["console"]["participant_id"].dropna()) == {"bertram"}
    assert some["matches"]["agents.left"].tolist() == ["anna-lena"], "partners stand by their ids"


def test_that_matches_of_others_stay_out(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        for who in ("anna", "bert"):
            [visit] = session.join(who)
            session.play(who, visit, f"m-{who}", {"human": who})
            session.frames(who, visit, f"m-{who}", 0, 0, {"status.human": ["input"] * 3})
        session.writer.flush()
        folder = export_session(session.path, "s1", tmp_path / "out", ExportOptions(participants=("anna",))).folder
    tables = read_export(folder)
    assert tables["matches"]["match_id"].tolist() == ["m-anna"]
    assert tables["frames"]["match_id"].tolist() == ["m-anna"] * 3
    assert tables["episodes"]["match_id"].tolist() == ["m-anna"]
    assert found_in(folder, ("bert",)) == []


def test_that_texts_can_be_left_out(records: Path, tmp_path: Path) -> None:
    folder = export_session(records, SESSION, tmp_path / "out", ExportOptions(drop_texts=True)).folder
    tables = read_export(folder)
    forms = tables["forms"].set_index(["participant_id", "question_id"])["answer"]
    assert forms.loc[("anna-lena", "hand")] == "right"
    assert forms.xs("text", level="question_id").isna().all()
    words = ("alert(1)", "fire alarm", "printer", "Please wait", "mouse is broken", "coughs", "it is hot", "slept")
    assert found_in(folder, words) == []


# ------------------------------------------------------------------ anonymised


def test_that_no_identifier_is_in_any_byte_of_an_anonymised_export(anonymised: ExportResult, records: Path) -> None:
    with RecordReader(records) as reader:
        held = b"".join(filter(None, (reader.find_body(digest) for digest in reader.body_digests())))
    in_records = [word for word in IDENTIFIERS if word.encode() in held]
    assert in_records == list(IDENTIFIERS), "each of them is in the records, so that the search means something"
    assert found_in(anonymised.folder, IDENTIFIERS) == []
    assert found_in(anonymised.folder, ("2026-03-01",)) == [], "times are shifted"


def test_that_some_participants_can_be_anonymised_too(records: Path, tmp_path: Path) -> None:
    options = ExportOptions(anonymise=True, participants=("bertram",), drop_texts=True)
    result = export_session(records, SESSION, tmp_path / "out", options)
    assert found_in(result.folder, IDENTIFIERS) == []
    [who] = read_export(result.folder)["participants"]["participant_id"]
    assert read_manifest(result.folder)["options"]["participants"] == [who]


def test_that_anonymised_rows_are_the_same_rows_under_new_ids(
    anonymised: ExportResult, records: Path, tmp_path: Path
) -> None:
    plain = load(export_session(records, SESSION, tmp_path / "out", ExportOptions(ticks=True)).folder)
    new = load(anonymised.folder, source="csv")
    assert {name: len(new[name]) for name in new} == {name: len(plain[name]) for name in plain}
    for name in ("frames", "telemetry", "network", "ticks"):
        for column in plain[name].columns:
            if column.endswith("_id") or column in ("at", "infos.left.who"):
                continue
            pd.testing.assert_series_equal(new[name][column], plain[name][column])
    people = dict(zip(plain["participants"]["participant_id"], new["participants"]["participant_id"], strict=True))
    assert len(set(people.values())) == 2
    assert all(re.fullmatch(r"p-[0-9a-f]{12}", who) for who in people.values())
    for name in ("visits", "forms", "events", "telemetry", "network", "ticks"):
        assert new[name]["participant_id"].tolist() == plain[name]["participant_id"].map(people).tolist()
    assert new["matches"]["agents.left"].tolist() == [people["anna-lena"]]
    assert new["matches"]["agents.third"].tolist() == ["policy:random"]
    assert new["frames"]["infos.left.who"].tolist()[0] == people["anna-lena"]
    assert set(new["frames"]["match_id"]) == set(new["matches"]["match_id"])
    assert set(new["forms"]["visit_id"]) <= set(new["visits"]["visit_id"])
    for name, column in (
        ("visits", "started_at"),
        ("console", "at"),
        ("events", "at"),
        ("participants", "finished_at"),
    ):
        moved = plain[name][column] - new[name][column]
        assert moved.nunique() == 1
    assert str(new["participants"]["joined_at"][0]) == "2000-01-01 00:00:00+00:00"


def test_that_an_anonymised_export_says_nothing_of_browsers_parameters_and_globals(anonymised: ExportResult) -> None:
    people = read_export(anonymised.folder)["participants"]
    families = ("environment.", "params.", "globals.")
    assert [name for name in people if name.startswith(families)] == ["environment.browser"]
    assert people["seed"].isna().all()
    manifest = read_manifest(anonymised.folder)
    assert manifest["session_seed"] is None
    assert not (anonymised.folder / "provenance" / "journal.jsonl").exists()


def test_that_new_ids_come_out_the_same_again_and_depend_on_the_key(records: Path, tmp_path: Path) -> None:
    options = ExportOptions(anonymise=True)

    def ids(name: str) -> list[str]:
        folder = export_session(records, SESSION, tmp_path / name, options).folder
        found: list[str] = read_export(folder)["participants"]["participant_id"].tolist()
        return found

    key = records.parent / "keys" / "anonymise.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert ids("one") == ids("two")
    held = key.read_bytes()
    key.unlink()
    other = ids("three")
    assert key.read_bytes() != held, "it is made anew"
    key.write_bytes(held)
    assert set(ids("four")).isdisjoint(other)


def test_that_the_key_file_leads_back(anonymised: ExportResult, records: Path, tmp_path: Path) -> None:
    keys = pd.read_csv(write_keys(records, SESSION, tmp_path), dtype="string", keep_default_na=False)
    people = read_export(anonymised.folder)["participants"]
    assert keys["anonymised_id"].tolist() == people["participant_id"].tolist()
    assert set(keys["anonymised_session_id"]) == set(people["session_id"])


def test_that_warnings_tell_of_free_texts_and_of_people_who_stand_alone(anonymised: ExportResult) -> None:
    texts, written, cells = anonymised.warnings
    assert "the table console holds" in written
    assert "words.text" in texts
    assert "2 of 2 participants" in cells
    assert read_manifest(anonymised.folder)["warnings"] == list(anonymised.warnings)


def test_that_the_files_of_pages_are_left_out_of_an_anonymised_export_when_they_name_somebody(tmp_path: Path) -> None:
    body = study_zip(("game.py", "CODES = ['CODE-ANNA-1']\n"))
    records = record_whole_session(tmp_path, zip_bytes=body)
    plain = export_session(records, SESSION, tmp_path / "plain").folder
    anonymised = export_session(records, SESSION, tmp_path / "anonymised", ExportOptions(anonymise=True)).folder
    assert zipfile.ZipFile(io.BytesIO((plain / "materials" / "study.zip").read_bytes())).namelist() == ["game.py"]
    assert not (anonymised / "materials" / "study.zip").exists()


def test_that_large_observations_and_damaged_chunks_name_nobody_either(tmp_path: Path) -> None:
    picture: list[Any] = [[float(number)] * 300 for number in range(2)]
    with RecordedSession(tmp_path, "monday-1") as session:
        [visit] = session.join("charlotte")
        session.play("charlotte", visit, "charlottes-match", {"human": "charlotte"})
        columns = {"status.human": ["input"] * 2, "observations.human": picture}
        session.frames("charlotte", visit, "charlottes-match", 0, 5, columns)
        session.chunk("charlotte", visit, "event", b"charlotte wrote no json\n")
        session.chunk("stranger-5", "v-of-a-stranger", "event", b"no json either\n")
        session.lines("charlotte", visit, "telemetry", {"at": AT, "rtt_ms": 3, "machine": "charlottes-laptop"})
        session.lines("charlotte", visit, "event", {"name": "odd", "at": AT, "charlotte": {"who": ["charlotte"]}})
        session.writer.flush()
        result = export_session(session.path, "monday-1", tmp_path / "out", ExportOptions(anonymise=True))
    assert len(result.problems) == 3
    assert list((result.folder / "arrays").iterdir())
    assert found_in(result.folder, ("charlotte", "monday-1", "stranger-5", "v-of-a-stranger")) == []
