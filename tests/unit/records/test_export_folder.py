"""What lies in an exported folder, by the rules of those who read such folders: Psych-DS, Data Package, people."""

import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from frictionless import Resource

from mug.data import read_export, read_manifest
from mug.records import RecordReader, library
from mug.records import facts as f
from mug.records.export import ExportOptions, export_session
from mug.records.export_layout import FILES, manifest_of
from mug.records.keys import write_keys
from tests.drivers.export_checks import package_errors
from tests.drivers.recorded_session import AT, RecordedSession
from tests.drivers.whole_session import record_whole_session

ROOT = Path(__file__).resolve().parents[3]
SESSION = "s-2026-03-01"
SECRETS = (
    "CODE-ANNA-1", "CODE-BERT-2", "CODE-FIXED-9", "recruiter.example", "5f1e0badc0de", "task-77-recruiter",
    "sess-88-recruiter", "turn-user-1", "turn-password-1", "tok-hash-anna", "tok-hash-new", '"partial"', '"full"',
)  # fmt: skip
"""None of these may ever lie in an export."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_whole_session(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def folder(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = ExportOptions(formats=("csv", "parquet"), ticks=True, excel=True)
    return export_session(records, SESSION, tmp_path_factory.mktemp("exports") / "out", options).folder


def package(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return content


# ------------------------------------------------------------------ Data Package


def test_that_frictionless_finds_nothing_wrong_with_a_whole_session(folder: Path) -> None:
    assert package_errors(folder) == []


def test_that_frictionless_finds_nothing_wrong_with_some_participants_and_some_tables(
    records: Path, tmp_path: Path
) -> None:
    for number, options in enumerate(
        (
            ExportOptions(participants=("bertram",)),
            ExportOptions(tables=("frames", "forms", "visits")),
            ExportOptions(anonymise=True, drop_texts=True),
        )
    ):
        out = export_session(records, SESSION, tmp_path / str(number), options).folder
        assert package_errors(out) == []


def test_that_frictionless_finds_nothing_wrong_with_an_empty_a_broken_and_a_strange_session(tmp_path: Path) -> None:
    with RecordedSession(tmp_path / "empty") as session:
        session.writer.flush()
        empty = export_session(session.path, "s1", tmp_path / "1").folder
    with RecordedSession(tmp_path / "broken") as session:
        [visit] = session.join("anna", environment={"browser": "x"})
        session.play("anna", visit, "m1", {"human": "anna"})
        session.frames("anna", visit, "m1", 0, 3, {"status.human": ["new_word"], "infos.human": [{"a": 1}]})
        session.frames("anna", visit, "m1", 0, 9, {"status.human": ["input"], "infos.human": [{"a": "b"}]})
        session.frames("anna", visit, "nobody-formed-it", 0, 0, {"status.human": ["input"]})
        session.lines("anna", visit, "telemetry", {"at": "yesterday", "rtt_ms": -4, "lost": 1}, {"at": AT})
        session.chunk("anna", visit, "event", b"not json\n")
        session.chunk("stranger", visit, "event", b'{"name": "x"}\n')
        session.writer.flush()
        broken = export_session(session.path, "s1", tmp_path / "2").folder
    for out in (empty, broken):
        assert package_errors(out) == []
    telemetry = read_export(broken)["telemetry"]
    assert telemetry["at"].tolist() == ["yesterday", AT]


def test_that_frictionless_sees_a_changed_byte(folder: Path, records: Path, tmp_path: Path) -> None:
    out = export_session(records, SESSION, tmp_path / "out").folder
    [path] = (out / "data").glob("*-visits_*.csv")
    path.write_bytes(path.read_bytes().replace(b"completed", b"Completed", 1))
    assert "Hash Count Error" in str(package_errors(out))


def test_that_the_package_is_of_version_2_with_digests_types_and_constraints(folder: Path) -> None:
    described = package(folder)
    assert described["$schema"].endswith("profiles/2.0/datapackage.json")
    assert re.fullmatch(r"[-a-z0-9._/]+", described["name"])
    by_name = {one["name"]: one for one in described["resources"]}
    tables = read_manifest(folder)["tables"]
    assert set(by_name) == set(tables)
    for one in described["resources"]:
        assert (one["type"], one["format"]) == ("table", "csv")
        for file in (one, one["parquet"]):
            path = folder / file["path"]
            assert file["bytes"] == path.stat().st_size
            assert file["hash"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        assert one["parquet"]["path"].endswith(".parquet")
    visits = {field["name"]: field for field in by_name["visits"]["schema"]["fields"]}
    assert visits["visit_id"]["constraints"] == {"required": True, "unique": True}
    assert by_name["visits"]["schema"]["primaryKey"] == ["session_id", "visit_id"]
    links = by_name["frames"]["schema"]["foreignKeys"]
    assert links == [{"fields": ["match_id"], "reference": {"resource": "matches", "fields": ["match_id"]}}]
    frames = {field["name"]: field for field in by_name["frames"]["schema"]["fields"]}
    assert "withdrawn" in frames["status.left"]["constraints"]["enum"]
    assert frames["frame"]["constraints"] == {"required": True, "minimum": 0}


def test_that_parquet_has_the_same_rows_and_types(folder: Path) -> None:
    described = {one["name"]: one for one in package(folder)["resources"]}
    kinds = {"integer": "int64", "number": "double", "boolean": "bool", "datetime": "timestamp[us, tz=UTC]"}
    for name, csv in read_export(folder, dtype_backend="pyarrow").items():
        table = pq.read_table(folder / described[name]["parquet"]["path"])
        fields = described[name]["schema"]["fields"]
        assert [(field.name, str(field.type)) for field in table.schema] == [
            (field["name"], kinds.get(field["type"], "string")) for field in fields
        ]
        for column in table.column_names:
            values = [str(value) for value in table[column].to_pylist() if value is not None]
            texts = [str(value) for value in csv[column].tolist() if value is not pd.NA and not pd.isna(value)]
            assert len(values) == len(texts)
            if str(table.schema.field(column).type) in ("string", "int64", "bool", "double"):
                assert values == texts, (name, column)
    assert Resource(path=described["frames"]["path"], basepath=str(folder)).read_rows()[3]["frame"] == 3


# ------------------------------------------------------------------ Psych-DS


def test_that_the_folder_keeps_the_rules_of_psych_ds(folder: Path) -> None:
    described = json.loads((folder / "dataset_description.json").read_text(encoding="utf-8"))
    assert described["@context"] in ("https://schema.org/", "https://schema.org")
    assert described["@type"] == "Dataset"
    assert all(isinstance(described[name], str) and described[name] for name in ("name", "description"))
    measured = [one["name"] for one in described["variableMeasured"]]
    assert len(measured) == len(set(measured))
    assert all(one["@type"] == "PropertyValue" and one["description"] for one in described["variableMeasured"])
    files = list((folder / "data").glob("*.csv"))
    assert files
    for file in files:
        keywords, suffix = file.stem.rsplit("_", 1)
        assert suffix == "data"
        pairs = [re.fullmatch(r"([a-z]+)-([A-Za-z0-9][A-Za-z0-9._-]*)", part) for part in _keyword_parts(keywords)]
        assert all(pairs), file.name
        assert [pair[1] for pair in pairs if pair] == ["study", "session", "description"]
        header = file.read_bytes().split(b"\r\n", 1)[0].decode()
        columns = re.findall(r'"((?:[^"]|"")*)"', header)
        assert len(columns) == len(set(columns))
        assert set(columns) <= set(measured), "every column of every table is in variableMeasured"
    top = {path.name for path in folder.iterdir()}
    assert top <= {
        "data", "documentation", "materials", "provenance", "arrays", "excel", "README.md", "CHANGES.md",
        "dataset_description.json", "datapackage.json",
    }  # fmt: skip


def _keyword_parts(name: str) -> list[str]:
    return re.split(r"_(?=(?:study|session|description)-)", name)


# ------------------------------------------------------------------ for people


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.parametrize("name", ["session.html", "codebook.html"])
def test_that_pages_need_nothing_else_and_run_nothing_that_people_wrote(folder: Path, name: str) -> None:
    text = (folder / "documentation" / name).read_text(encoding="utf-8")
    seen = _Tags()
    seen.feed(text)
    assert not {"script", "img", "link", "iframe", "object", "b", "i", "a", "form"} & set(seen.tags)
    assert not any(name.startswith("on") or name in ("src", "href", "style") for name in seen.attributes)
    assert "Two &lt;b&gt;people&lt;/b&gt; &amp; a game" in text


def test_that_the_page_of_the_session_tells_what_did_not_go_as_planned(folder: Path) -> None:
    text = (folder / "documentation" / "session.html").read_text(encoding="utf-8")
    for words in (
        "fire alarm", "the printer", "Please wait, Anna &lt;i&gt;", "my mouse is broken", "bertram coughs", "it is hot",
        "slept", "excluded", "returned", "round trip between partners", "Tuesday afternoon, room 3", "0.1.0", "ab" * 32,
    ):  # fmt: skip
        assert words in text, words


def test_that_the_codebook_has_every_column_with_unit_levels_and_scene(folder: Path) -> None:
    codebook = pd.read_csv(folder / "documentation" / "codebook.csv", keep_default_na=False)
    tables = read_export(folder)
    for name, table in tables.items():
        assert codebook[codebook["table"] == name]["column"].tolist() == list(table.columns)
    assert "Not described." not in set(codebook["description"])
    rows = codebook.set_index(["table", "column"])
    assert rows.loc[("frames", "observations.left.0"), "scenes"] == "game"
    assert rows.loc[("participants", "paused_s"), "unit"] == "s"
    assert rows.loc[("console", "state"), "levels"].split(" | ")[:2] == ["recorded", "shown"]


def test_that_the_examples_of_the_readme_run(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-W", "error::FutureWarning", "-c", example],
            cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "participant_id" in done.stdout
    assert "```r\n" in text


def test_that_every_file_is_there_and_named_in_the_reference(folder: Path) -> None:
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in FILES:
        assert name == "arrays/" or any(one == name or one.startswith(name) for one in there), name
    assert all(any(one == name or one.startswith(name) for name in FILES) for one in there)
    assert manifest_of(folder) == folder / "provenance" / "manifest.json"
    assert manifest_of(folder / "data") is None


# ------------------------------------------------------------------ where it comes from


def test_that_the_digests_are_those_of_the_files(folder: Path) -> None:
    sums = folder / "provenance" / "manifest.sha256"
    listed = dict(line.split("  ", 1)[::-1] for line in sums.read_text(encoding="utf-8").splitlines())
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(listed) == set(there) - {"provenance/manifest.sha256"}
    for name, digest in listed.items():
        assert hashlib.sha256(there[name].read_bytes()).hexdigest() == digest
    done = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", "provenance/manifest.sha256"], cwd=folder, check=False
    )
    assert done.returncode == 0


def test_that_the_journals_lines_are_there_and_hold_nothing_of_what_happened(folder: Path, records: Path) -> None:
    text = (folder / "provenance" / "journal.jsonl").read_text(encoding="utf-8")
    *lines, last = map(json.loads, text.splitlines())
    with RecordReader(records) as reader:
        assert [line["hash"] for line in lines] == [entry.hash for entry in reader.entries(SESSION)]
        assert last == {"head_seq": reader.head.seq, "head_hash": reader.head.hash}
    assert all(set(line) == {"seq", "session", "at", "kind", "body_sha256", "prev", "hash"} for line in lines)
    assert "anna" not in text


def test_that_what_only_the_key_file_may_hold_is_nowhere_in_the_folder(folder: Path, records: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [word for word in SECRETS if word.encode() in content] == [], path
    keys = write_keys(records, SESSION, records.parents[1])
    table = pd.read_csv(keys, dtype="string", keep_default_na=False).set_index("participant_id")
    assert table.loc["anna-lena", ["pay", "seat", "completion_code"]].tolist() == ["full", "PC-07", "CODE-ANNA-1"]
    assert table.loc["bertram", ["pay", "seat", "completion_code"]].tolist() == ["partial", "PC-08", "CODE-BERT-2"]
    assert table.loc["anna-lena", "recruiter.PROLIFIC_PID"] == "5f1e0badc0de"


def test_that_the_materials_are_the_frozen_study_and_what_pages_got(folder: Path, records: Path) -> None:
    materials = folder / "materials"
    study = json.loads((materials / "study.json").read_text(encoding="utf-8"))
    assert [scene["scene_id"] for scene in study["chain"]] == ["start", "about", "words", "end"]
    assert study["endings"]["complete_code"] == "[kept out of exports]"
    assert (materials / "files.csv").read_bytes() == (
        b"path,sha256\r\ngame.py," + b"ab" * 32 + b"\r\nstudy.toml," + b"cd" * 32 + b"\r\n"
    )
    with RecordReader(records) as reader:
        [opened] = reader.facts(SESSION, ("session_opened",))
        assert isinstance(opened, f.SessionOpened)
        assert (materials / "study.zip").read_bytes() == reader.body(opened.zip_sha256)


def test_that_the_same_records_make_the_same_bytes_in_another_process_too(
    folder: Path, records: Path, tmp_path: Path
) -> None:
    arguments = ["--data", str(records.parents[1]), "--experiment", "exp", "--out", str(tmp_path / "again")]
    command = [sys.executable, "-m", "mug", "export", *arguments, "--format", "csv,parquet", "--ticks", "--excel"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    again = tmp_path / "again"
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for file in files:
        assert (again / file).read_bytes() == (folder / file).read_bytes(), file


# ------------------------------------------------------------------ what the experimenter did


def test_that_what_was_done_to_people_is_in_the_tables(folder: Path, records: Path) -> None:
    tables = read_export(folder)
    [summary] = library(records.parents[1])
    assert {name: len(tables[name]) for name in summary.rows if name in tables} == {
        name: rows for name, rows in summary.rows.items() if name in tables
    }
    people = tables["participants"].set_index("participant_id")
    assert people["seat"].tolist() == ["PC-07", "PC-08"]
    assert people["condition.delay"].tolist() == ["long", "long"]
    assert people["paused_s"].tolist() == [180.0, 120.0]
    assert people["messages"].tolist() == [1, 1]
    assert people["hands"].tolist() == [0, 1]
    assert people["ended_by"].tolist()[1] == "exclude"
    assert people["ended_by"].isna().tolist() == [True, False]
    console = tables["console"]
    assert console["action"].tolist() == [
        "session_opened", "server_started", "stage_set", "stage_set", "message", "message", "pause", "resume",
        "hand_raised", "message", "hand_lowered", "note", "note", "exclude", "session_ended",
    ]  # fmt: skip
    told = console[console["action_id"] == "a-1"].set_index("participant_id")
    assert told.loc["anna-lena", "state"] == "read"
    assert str(told.loc["anna-lena", "read_at"]) == "2026-03-01 10:14:00+00:00"
    assert told.loc["bertram", "state"] == "skipped"
    assert json.loads(told.loc["bertram", "detail"]) == {"skipped": "he had finished"}
    [raised] = console[console["action"] == "hand_raised"].to_dict("records")
    assert (raised["state"], raised["text"], raised["action_id"]) == ("answered", "my mouse is broken", "h-1")
    [excluded] = console[console["action"] == "exclude"].to_dict("records")
    assert (excluded["participant_id"], excluded["outcome"]) == ("bertram", "excluded")
    assert json.loads(excluded["affected"]) == {"anna-lena": "her partner leaves"}
    visits = tables["visits"].set_index("visit_id")
    assert visits.loc["v-bertram-again", "repeats"] == "v-bertram-2"
    assert visits.loc["v-bertram-2", "outcome"] == "sent_back"
    assert visits.loc["v-bertram-again", "visit_index"] == 3
    seats = tables["seats"]
    assert seats["check"].tolist() == ["desk", "desk", "pair"]
    assert seats["clock_offset_ms"].tolist()[:2] == [-3.5, -3.5]
    assert json.loads(seats["problems"].tolist()[0]) == {"webrtc": "No partner was reached from PC-07."}
    assert (seats["seat"].tolist()[2], seats["other_seat"].tolist()[2]) == ("PC-07", "PC-08")
