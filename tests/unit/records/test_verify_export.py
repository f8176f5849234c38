"""`mug verify --export` finds every changed byte, and what does not come from the records."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mug.records import ExportError, withdrawal
from mug.records import facts as f
from mug.records import verify_export as module
from mug.records.digests import file_digest
from mug.records.export import ExportOptions, export_session
from mug.records.verify_export import verify_export
from mug.records.writer import RecordWriter
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.whole_session import record_whole_session

ROOT = Path(__file__).resolve().parents[3]
SESSION = "s-2026-03-01"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_whole_session(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def whole(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = ExportOptions(formats=("csv", "parquet"))
    return export_session(records, SESSION, tmp_path_factory.mktemp("exports") / "out", options).folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def codes(folder: Path, records: Path | None = None) -> list[str]:
    return sorted({problem.code for problem in verify_export(folder, records).problems})


def sign_again(folder: Path) -> None:
    """Give every changed file its new digest, as somebody would who wants to hide the change."""
    manifest_path = folder / "provenance" / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    for name in manifest["files"]:
        manifest["files"][name] = {"sha256": file_digest(folder / name), "bytes": (folder / name).stat().st_size}
    manifest_path.write_text(json.dumps(manifest), encoding="utf-8")
    names = sorted([*manifest["files"], "provenance/manifest.json"])
    lines = "".join(f"{file_digest(folder / name)}  {name}\n" for name in names)
    (folder / "provenance" / "manifest.sha256").write_text(lines, encoding="utf-8")


def table(folder: Path, name: str) -> Path:
    [path] = (folder / "data").glob(f"*-{name}_data.csv")
    return path


def test_that_an_export_is_as_it_was_exported_with_and_without_the_records(whole: Path, records: Path) -> None:
    alone, against = verify_export(whole), verify_export(whole, records)
    assert alone.ok
    assert against.ok
    assert alone.files == len([path for path in whole.rglob("*") if path.is_file()]) - 1
    assert alone.rows > 50
    assert alone.entries > 40
    assert against.compared > 20


@pytest.mark.parametrize(
    "options",
    [
        ExportOptions(tables=("frames", "visits")),
        ExportOptions(participants=("bertram",), excel=True),
        ExportOptions(anonymise=True, ticks=True, formats=("csv", "parquet")),
        ExportOptions(anonymise=True, participants=("anna-lena",), drop_texts=True),
    ],
    ids=["tables", "participants", "anonymised", "anonymised participants"],
)
def test_that_every_kind_of_export_is_found_in_its_records(
    records: Path, tmp_path: Path, options: ExportOptions
) -> None:
    folder = export_session(records, SESSION, tmp_path / "out", options).folder
    assert codes(folder, records) == []


@pytest.mark.parametrize("name", ["visits", "frames", "forms"])
def test_that_a_changed_cell_is_found(folder: Path, records: Path, name: str) -> None:
    path = table(folder, name)
    content = path.read_bytes()
    path.write_bytes(content[:-4] + bytes([content[-4] ^ 1]) + content[-3:])
    assert "file_changed" in codes(folder)
    sign_again(folder)
    assert codes(folder) == []  # alone it cannot be known
    assert "tables_differ" in codes(folder, records)


def test_that_rows_that_were_taken_out_are_found(folder: Path, records: Path) -> None:
    path = table(folder, "visits")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    sign_again(folder)
    assert codes(folder) == ["rows_differ"]
    assert codes(folder, records) == ["rows_differ", "tables_differ"]


def remove(folder: Path) -> None:
    (folder / "documentation" / "session.html").unlink()


def add(folder: Path) -> None:
    (folder / "data" / "more.csv").write_text("x", encoding="utf-8")


def unlist(folder: Path) -> None:
    path = folder / "provenance" / "manifest.sha256"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")


def lose(folder: Path) -> None:
    (folder / "provenance" / "manifest.sha256").unlink()


def break_table(folder: Path) -> None:
    table(folder, "visits").write_bytes(b'"a","b"\r\n"x\r\n')
    sign_again(folder)


def change_journal(folder: Path) -> None:
    path = folder / "provenance" / "journal.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"kind":"connected"', '"kind":"disconnected"', 1), encoding="utf-8")
    sign_again(folder)


def cut_journal(folder: Path) -> None:
    path = folder / "provenance" / "journal.jsonl"
    path.write_text("{\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    sign_again(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (remove, ["file_missing"]),
        (add, ["file_stray"]),
        (unlist, ["manifest_changed"]),
        (lose, ["manifest_changed"]),
        (break_table, ["table_unreadable"]),
        (change_journal, ["journal_broken"]),
        (cut_journal, ["journal_broken"]),
    ],
)
def test_that_what_was_done_to_the_folder_is_told(
    folder: Path, change: Callable[[Path], None], expected: list[str]
) -> None:
    change(folder)
    assert codes(folder) == expected


def test_that_other_records_and_changed_journals_are_told(folder: Path, tmp_path: Path) -> None:
    with RecordedSession(tmp_path / "other", SESSION) as session:
        session.join("anna")
    assert codes(folder, session.path) == ["journal_differs"]
    with RecordedSession(tmp_path / "more", "another") as session:
        session.join("anna")
    assert codes(folder, session.path) == ["session_unknown"]


def test_that_an_export_of_a_session_that_went_on_is_still_found_in_its_records(tmp_path: Path) -> None:
    records = record_whole_session(tmp_path, ended=False)
    folder = export_session(records, SESSION, tmp_path / "out").folder
    with RecordWriter.open(records) as writer:
        writer.append([f.SessionEnded(at="2026-03-01T11:00:00.000Z", reason="later")])
    assert codes(folder, records) == []


def test_that_an_export_from_before_a_withdrawal_is_told(tmp_path: Path) -> None:
    records = record_whole_session(tmp_path)
    folder = export_session(records, SESSION, tmp_path / "before").folder
    withdrawal.withdraw(records, SESSION, "bertram", "removed", reason="asked")
    assert codes(folder, records) == ["withdrawn_since"]
    again = export_session(records, SESSION, tmp_path / "after")
    assert again.problems == ()
    assert codes(again.folder, records) == []
    assert b"bertram coughs" not in b"".join(path.read_bytes() for path in again.folder.rglob("*") if path.is_file())


def test_that_another_folder_and_an_earlier_format_are_refused_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no export of MUG"):
        verify_export(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    (old / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ExportError, match="earlier version"):
        verify_export(old)
    path = folder / "provenance" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 2', '"format": 3'), encoding="utf-8")
    with pytest.raises(ExportError, match="format 3"):
        verify_export(folder)


def test_that_the_command_says_what_it_checked(folder: Path, records: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "mug", "verify", "--export", str(folder), *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run("--data", str(records.parents[1]))
    assert (code, "as it was exported" in said, "made again from" in said) == (0, True, True)
    code, said = run()
    assert (code, "no records here" in said) == (0, True)
    code, said = run("--experiment", "exp")
    assert (code, "no records at" in said) == (1, True)
    add(folder)
    code, said = run()
    assert (code, "[file_stray]" in said) == (1, True)


def test_that_every_code_is_in_the_reference() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    said = set(re.findall(r'report\.say\(\s*"(\w+)"', source))
    text = (ROOT / "docs" / "reference" / "export.md").read_text(encoding="utf-8").split("## Checking an export", 1)[1]
    assert said == set(re.findall(r"^\| `(\w+)` \| ", text.split("\n## ", 1)[0], re.MULTILINE))
