"""The builds that a session begins with: of every treatment, hashed, never from outside their folder."""

import hashlib
import shutil
from pathlib import Path

import pytest

from mug.server.errors import StudyRefusedError
from mug.server.freeze import freeze
from mug.study import load

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "embedded_game"
TREATMENTS = """
[treatments.arms.one]

[treatments.arms.other.changes.catch]
"webgl.build_name" = "catch_hard"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("[[chain]]", f"{TREATMENTS}\n[[chain]]", 1), encoding="utf-8")
    return folder


def test_that_the_build_of_every_treatment_is_found_and_its_files_are_hashed(study: Path) -> None:
    easy = study / "static" / "webgl" / "catch"
    hard = study / "static" / "webgl" / "catch_hard"
    shutil.copytree(easy, hard)
    for file in (hard / "Build").iterdir():
        file.rename(file.with_name(file.name.replace("catch", "catch_hard")))
    files = freeze(load(study))
    assert set(files.frozen.builds) == {"static/webgl/catch", "static/webgl/catch_hard", "static/games/reaction"}
    roles = [file.role for file in files.frozen.builds["static/webgl/catch_hard"]]
    assert roles == ["loader", "framework", "data", "code"]
    framework = files.frozen.builds["static/webgl/catch"][1]
    assert framework.size == len((EXAMPLE / "builds" / "catch" / "catch.framework.js").read_bytes()), "unpacked"
    data = (easy / "Build" / "catch.data").read_bytes()
    assert files.sha256s["static/webgl/catch/Build/catch.data"] == hashlib.sha256(data).hexdigest()
    assert "static/games/reaction/reaction.js" in files.sha256s


def test_that_the_missing_build_of_one_treatment_is_told_once(study: Path) -> None:
    with pytest.raises(StudyRefusedError) as refused:
        freeze(load(study))
    assert [problem for problem in refused.value.problems if "catch_hard" in problem] == [
        f"scene 'catch': there is no folder 'static/webgl/catch_hard' in {study}"
    ]
