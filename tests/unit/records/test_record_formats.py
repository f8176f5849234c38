"""Records of older formats are read as they are, and brought to the present one when they are written."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from mug.records import RecordReader, RecordWriter
from mug.records import facts as f
from mug.records.journal import FORMAT
from mug.records.verify import verify
from mug.records.withdrawal import withdraw

SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "exp" / "records.sqlite"
    path.parent.mkdir()
    shutil.copyfile(SAMPLES / "format_1.sqlite", path)
    return path


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    return version


def test_that_an_older_file_is_read_and_not_changed(old: Path) -> None:
    assert verify(old).problems == []
    with RecordReader(old) as reader:
        assert len(list(reader.facts("s1"))) > 5
    assert version_of(old) == 1


def test_that_an_older_file_is_brought_to_the_present_format_by_its_writer(old: Path) -> None:
    with RecordReader(old) as reader, RecordWriter.open(old) as writer:
        before = list(reader.facts("s1"))
        writer.append([f.ServerStarted(at="2026-03-02T10:00:00.000Z", pid=1, port=1)])
        assert writer.flush()
        assert list(reader.facts("s1")) == before  # a reader that was open all the time
    assert version_of(old) == FORMAT
    assert verify(old).problems == []


def test_that_somebody_can_withdraw_from_an_older_file(old: Path) -> None:
    withdraw(old, "s1", "ann", "removed")
    report = verify(old)
    assert (report.problems, len(report.withdrawn)) == ([], 1)
