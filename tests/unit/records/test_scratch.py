"""Folders for what is only looked at: they go with what made them, or with the next one when that was killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from mug.records.scratch import ScratchFolder

MAKE_AND_DIE = """
import os
from mug.records.scratch import ScratchFolder
folder = ScratchFolder("replays")
(folder.path / "views").write_bytes(b"what somebody did")
print(folder.path, flush=True)
os.kill(os.getpid(), 9)
"""


def test_that_a_folder_goes_with_its_end_and_what_a_killed_process_left_with_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = subprocess.run([sys.executable, "-c", MAKE_AND_DIE], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert (left / "views").is_file()
    with ScratchFolder("replays") as first, ScratchFolder("authority") as second:
        assert not left.exists()
        assert {path.name for path in tmp_path.iterdir()} == {Path(first).name, Path(second).name}
    assert list(tmp_path.iterdir()) == []
