"""The records when things go wrong for real: a killed process, a full disk, a read-only folder."""

import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.records import RecordReader, RecordWriter, WriteFailure
from mug.records import facts as f
from mug.records.verify import verify

AT = "2026-03-01T10:00:00.000Z"
CHILD = Path(__file__).with_name("writing_child.py")


def opened() -> f.SessionOpened:
    return f.SessionOpened(at=AT, session_id="s1", experiment_id="exp", study_hash="h", seed=7)


def joined(participant_id: str) -> f.ParticipantJoined:
    return f.ParticipantJoined(at=AT, participant_id=participant_id, seed=1, token_sha256="t")


@pytest.mark.parametrize("seed", range(6))
def test_that_every_acknowledged_fact_is_there_after_kill_9(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "exp" / "records.sqlite"
    acknowledged: list[int] = []
    kill_after = random.Random(seed).randint(1, 1500)
    process = subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith(b"\n"):
                acknowledged.append(int(line))
            if len(acknowledged) == kill_after:
                process.kill()  # what follows in the pipe was said before it died, and counts too
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close() if process.stdout else None

    assert len(acknowledged) >= kill_after
    assert verify(path).problems == []
    with RecordReader(path) as reader:
        stored = {fact.seq: fact for fact in reader.facts("s1") if isinstance(fact, f.ChunkStored)}
        assert set(acknowledged) <= set(stored)
        assert sorted(stored) == list(range(len(stored)))
        for fact in stored.values():
            assert json.loads(reader.body(fact.sha256))["number"] == fact.seq
    with RecordWriter.open(path) as writer:  # the dead process holds no lock, and the chain goes on
        assert writer.session_id == "s1"
        writer.append([joined("later")])
    with RecordReader(path) as reader:
        assert list(reader.facts("s1"))[-1] == joined("later")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not allow mounting a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_that_a_full_disk_delays_facts_and_loses_none(small_disk: Path) -> None:
    path = small_disk / "records.sqlite"
    failing, recovered = threading.Event(), threading.Event()
    sentences: list[str] = []
    acknowledged: list[int] = []

    def on_failure(failure: WriteFailure) -> None:
        sentences.append(failure.message)
        failing.set()

    with RecordWriter.open(path) as writer:
        writer.on_failure = on_failure
        writer.on_recovered = recovered.set
        writer.append([opened()])
        assert writer.flush()
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            free = shutil.disk_usage(small_disk).free
            file.write(b"\0" * free)
        for number in range(300):
            writer.append([joined(f"p{number}")], on_commit=lambda number=number: acknowledged.append(number))
        assert failing.wait(60)
        assert "full" in sentences[0]
        with RecordReader(path) as reader:
            on_disk = len(list(reader.facts("s1", ["participant_joined"])))
        assert on_disk == len(acknowledged) < 300
        assert not recovered.is_set()
        filler.unlink()
        assert recovered.wait(60)
        assert writer.flush()
        assert acknowledged == list(range(300))
    with RecordReader(path) as reader:
        people = [fact.participant_id for fact in reader.facts("s1") if isinstance(fact, f.ParticipantJoined)]
    assert people == [f"p{number}" for number in range(300)]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_that_a_limit_on_the_files_size_delays_facts_and_closing_says_what_was_not_saved(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import resource, sys, threading
        from pathlib import Path
        from mug.records import RecordWriter, RecordsNotSavedError
        from mug.records import facts as f
        path = Path(sys.argv[1])
        writer = RecordWriter.open(path)
        writer.append([f.SessionOpened(at="t", session_id="s1", experiment_id="e", study_hash="h", seed=1)])
        assert writer.flush()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        failing, recovered = threading.Event(), threading.Event()
        writer.on_failure = lambda failure: failing.set()
        writer.on_recovered = recovered.set
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(path.name + "-wal").stat().st_size + 100, hard))
        values = {"text": "x" * 20000}
        for number in range(50):
            writer.append([f.GlobalsSet(at=str(number), participant_id="p", values=values)])
        assert failing.wait(60)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert recovered.wait(60) and writer.flush()
        failing.clear()
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        for number in range(50, 60):
            writer.append([f.GlobalsSet(at=str(number), participant_id="p", values=values)])
        assert failing.wait(60)
        try:
            writer.close(timeout_s=1)
        except RecordsNotSavedError as error:
            print(error.waiting)
        """
    )
    path = tmp_path / "records.sqlite"
    child = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == ["10"]
    with RecordReader(path) as reader:
        assert [fact.at for fact in reader.facts("s1", ["globals_set"])] == [str(number) for number in range(50)]


READ = """
import sys
from pathlib import Path
from mug.records import RecordReader
with RecordReader(Path(sys.argv[1])) as reader:
    print(len(list(reader.facts("s1"))))
"""


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
def test_that_records_are_read_from_a_read_only_file_system(tmp_path: Path, killed: bool) -> None:
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a folder read-only needs root on Linux")
    folder = tmp_path / "original"
    writer = RecordWriter.open(folder / "records.sqlite")
    writer.append([opened(), joined("anna")])
    assert writer.flush()
    place = tmp_path / "disc"
    place.mkdir()
    copy = tmp_path / "copy"
    if killed:  # what a killed server leaves: the last facts are in the log only
        copy.mkdir()
        for name in ("records.sqlite", "records.sqlite-wal"):
            shutil.copyfile(folder / name, copy / name)
        writer.close()
    else:
        writer.close()
        shutil.copytree(folder, copy)
    if subprocess.run(["mount", "--bind", str(copy), str(place)], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow mounting")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        with pytest.raises(OSError, match="Read-only"):
            (place / "x").write_text("x")
        out = subprocess.run(
            [sys.executable, "-c", READ, str(place / "records.sqlite")], capture_output=True, text=True, check=False
        )
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert out.stdout.split() == ["2"], out.stderr
