"""An export that cannot be finished leaves nothing that looks like one, and says why."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mug.data import read_export
from mug.records import ExportError
from mug.records.export import ExportOptions, export_session
from mug.records.export_layout import manifest_of
from mug.records.export_place import ExportPlace
from mug.records.withdrawal import withdraw
from tests.drivers.closed_folder import closed_folder
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.whole_session import record_whole_session

ROOT = Path(__file__).resolve().parents[3]
SESSION = "s-2026-03-01"

HOLDING = """
import sys, time
from pathlib import Path
from mug.records.export import export_session

def hold(fraction, text):
    if fraction > 0.9:
        print("held", flush=True)
        time.sleep(600)

export_session(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), progress=hold)
"""
LIMITED = """
import resource, signal, sys
from pathlib import Path
from mug.errors import MugError
from mug.records.export import export_session
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    export_session(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
except MugError as error:
    print(error)
    raise SystemExit(7)
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_whole_session(tmp_path_factory.mktemp("records"))


@contextlib.contextmanager
def holding(records: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an export that stays in its last tenth, as long as the block runs."""
    command = [sys.executable, "-c", HOLDING, str(records), SESSION, str(out)]
    child = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ------------------------------------------------------------------ killed, two at once


def test_that_what_a_killed_export_left_is_removed_by_one_of_another_name_and_by_a_withdrawal(tmp_path: Path) -> None:
    records = record_whole_session(tmp_path)
    exports = records.parent / "exports"
    with holding(records, exports / "monday") as child:
        child.kill()
        child.wait()
    export_session(records, SESSION, exports / "tuesday")
    assert names_in(exports) == ["tuesday"]
    with holding(records, exports / "wednesday") as child:
        child.kill()
        child.wait()
    done = withdraw(records, SESSION, "anna-lena", "removed")
    assert names_in(exports) == ["tuesday"]
    assert [leftover.path.name for leftover in done.leftovers] == ["tuesday"]


def test_that_a_killed_export_leaves_nothing_that_looks_whole_and_the_next_one_cleans_up(
    records: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with holding(records, out) as child:
        child.kill()
        child.wait()
        [left] = tmp_path.iterdir()
        assert left.name.startswith(".out.partial-")
        assert manifest_of(left) is None
    (tmp_path / ".out.partial-notes").mkdir()  # of somebody else
    export_session(records, SESSION, out)
    assert names_in(tmp_path) == [".out.partial-notes", "out"]
    assert len(read_export(out)["frames"]) == 40


def test_that_what_a_living_export_works_in_is_left_alone_and_a_second_one_to_the_place_is_refused(
    records: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with holding(records, out) as child:
        [part] = tmp_path.iterdir()
        with pytest.raises(ExportError, match=f"is being made by process {child.pid}"):
            export_session(records, SESSION, out)
        assert part.is_dir()
        assert export_session(records, SESSION, out, numbered=True).folder.is_dir(), (
            "the default names evade each other"
        )


def test_that_two_at_once_to_the_same_place_give_one_whole_export_and_one_refusal(
    records: Path, tmp_path: Path
) -> None:
    one, other = ExportPlace(tmp_path / "out", numbered=True), ExportPlace(tmp_path / "out", numbered=True)
    for place in (one, other):
        (place.part / "file").write_text("x", encoding="utf-8")
    assert [one.finish(), other.finish()] == [tmp_path / "out", tmp_path / "out_2"]
    late = ExportPlace(tmp_path / "late")
    (late.part / "file").write_text("x", encoding="utf-8")
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "mine").write_text("precious", encoding="utf-8")
    with pytest.raises(ExportError, match="exists already"):
        late.finish()
    late.abandon()
    assert names_in(tmp_path) == ["late", "out", "out_2"]
    assert (tmp_path / "late" / "mine").read_text(encoding="utf-8") == "precious"


def test_that_many_at_once_get_a_place_each(records: Path, tmp_path: Path) -> None:
    folders: list[Path] = []

    def export() -> None:
        folders.append(export_session(records, SESSION, tmp_path / "out", numbered=True).folder)

    threads = [threading.Thread(target=export) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(folder.name for folder in folders) == ["out", "out_2", "out_3", "out_4"]
    assert names_in(tmp_path) == ["out", "out_2", "out_3", "out_4"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a program could answer")
def test_that_an_export_that_is_cancelled_removes_what_it_made(records: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "mug", "export", "--data", str(records.parents[1]), "--experiment", "exp"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [*command, "--out", str(out), "--progress", "--ticks"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()  # it says something as soon as it reads the journal
    child.send_signal(signal.SIGTERM)
    child.stdout.read()
    child.stdout.close()
    assert child.wait(60) in (128 + signal.SIGTERM, 0), "or it was done already"
    assert names_in(tmp_path) in ([], ["out"])


# ------------------------------------------------------------------ disks


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.parametrize("limit", [200, 3_000, 9_000])
def test_that_a_disk_that_takes_no_more_is_told_and_nothing_is_left(records: Path, tmp_path: Path, limit: int) -> None:
    command = [sys.executable, "-c", LIMITED, str(records), SESSION, str(tmp_path / "out"), str(limit)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert "failed and nothing of it was left" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_that_a_full_file_system_is_told_and_nothing_is_left(records: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48k", "mug-test", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        with pytest.raises(ExportError, match="nothing of it was left"):
            export_session(records, SESSION, disk / "out")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_that_a_place_that_cannot_be_written_is_told(records: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ExportError, match="cannot be made"):
        export_session(records, SESSION, tmp_path / "file" / "out")
    with closed_folder() as folder, pytest.raises(ExportError, match="cannot be made"):
        export_session(records, SESSION, folder / "out")
    with pytest.raises(ExportError, match="exists already"):
        export_session(records, SESSION, tmp_path / "file")


def test_that_a_place_that_goes_away_in_the_middle_is_told(records: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"

    def pull_out(fraction: float, text: str) -> None:
        if fraction > 0.9 and disk.exists():
            disk.rename(tmp_path / "elsewhere")

    with pytest.raises(ExportError, match="failed"):
        export_session(records, SESSION, disk / "out", progress=pull_out)
    assert not disk.exists()


# ------------------------------------------------------------------ sessions with nothing in them


def test_that_a_session_without_participants_is_exported_with_empty_tables(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        session.writer.flush()
        options = ExportOptions(formats=("csv", "parquet"), excel=True, ticks=True, anonymise=True)
        for number, chosen in enumerate((ExportOptions(), options)):
            result = export_session(session.path, "s1", tmp_path / f"out-{number}", chosen)
            assert result.problems == ()
            assert result.counts == {
                "participants": 0, "visits": 0, "matches": 0, "episodes": 0, "frames": 0, "events": 0, "telemetry": 0,
                **({"ticks": 0} if number else {}), "console": 1,
            }  # fmt: skip
            text = (result.folder / "documentation" / "session.html").read_text(encoding="utf-8")
            assert "0 joined." in text
            assert "Nothing was measured." in text


def test_that_process_numbers_that_were_given_again_do_not_keep_a_place_taken(records: Path, tmp_path: Path) -> None:
    place = ExportPlace(tmp_path / "out")
    began = int(psutil.Process().create_time())
    older = place.part.with_name(place.part.name.replace(f"-{began}-", f"-{began - 5_000}-"))
    place.part.rename(older)
    export_session(records, SESSION, tmp_path / "out")
    assert names_in(tmp_path) == ["out"]
