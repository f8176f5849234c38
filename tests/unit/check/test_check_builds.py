"""`mug check` of builds: what is missing, misnamed, packed so that a lab's browsers cannot read it."""

import gzip
from pathlib import Path

import pytest

from mug.check.builds import build_findings
from mug.study.loading import LoadedStudy, load
from mug.study.model import EmbeddedBuild

STUDY = """
format = 1
id = "builds"

[[chain]]
kind = "start_page"
scene_id = "start"
scene_header = "Hello"

[[chain]]
kind = "unity_game"
scene_id = "maze"
webgl = { build_name = "maze" }

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Bye"
"""
WHOLE = {
    "maze.loader.js": b"function createUnityInstance() {}",
    "maze.framework.js.gz": gzip.compress(b"framework"),
    "maze.data.gz": gzip.compress(b"data"),
    "maze.wasm": b"\0asm\1\0\0\0",
}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    folder = tmp_path / "static" / "webgl" / "maze" / "Build"
    folder.mkdir(parents=True)
    for name, body in WHOLE.items():
        (folder / name).write_bytes(body)
    return folder


def found(build: Path) -> list[tuple[str, str, str, str]]:
    loaded: LoadedStudy = load(build.parents[3])
    scene = loaded.study.chain[1]
    assert isinstance(scene, EmbeddedBuild)
    return list(build_findings(loaded, scene))


def test_that_a_whole_build_has_nothing_wrong(build: Path) -> None:
    assert found(build) == []


def test_that_a_missing_file_is_named(build: Path) -> None:
    (build / "maze.data.gz").unlink()
    [(field, severity, code, message)] = found(build)
    assert (field, severity, code) == ("webgl.build_name", "error", "incomplete_build")
    assert "has no Build/maze.data, nor one with .gz, .br or .unityweb at its end" in message


def test_that_a_build_with_another_name_is_told_with_the_one_that_was_meant(build: Path) -> None:
    build.parent.rename(build.parent.with_name("mase"))
    [(field, severity, code, message)] = found(build)
    assert (field, severity, code) == ("webgl.build_name", "error", "missing_build")
    assert "did you mean 'mase'?" in message


def test_that_a_missing_folder_of_builds_is_told(build: Path) -> None:
    build.parents[1].rename(build.parents[2] / "builds")
    [(field, _, code, _)] = found(build)
    assert (field, code) == ("webgl.webgl_base_url", "missing_folder")


def test_that_a_build_that_leads_out_of_its_folder_is_refused(build: Path, tmp_path: Path) -> None:
    build.parent.rename(tmp_path / "elsewhere")
    build.parent.symlink_to(tmp_path / "elsewhere")
    [(_, _, code, message)] = found(build)
    assert code == "missing_build"
    assert "leads out of" in message


@pytest.mark.parametrize(
    ("old", "new", "body", "severity", "words"),
    [
        ("maze.wasm", "maze.wasm", b"", "error", "is empty"),
        ("maze.wasm", "maze.wasm", b"<!doctype html>", "error", "is no WebAssembly"),
        ("maze.data.gz", "maze.data.gz", b"plain", "error", "is not packed with Gzip, though its name says so"),
        ("maze.data.gz", "maze.data.gz", gzip.compress(bytes(99))[:-9], "error", "is cut off or damaged"),
        ("maze.data.gz", "maze.data.unityweb", gzip.compress(b"x") + b"y", "error", "is cut off or damaged"),
        ("maze.data.gz", "maze.data.br", b"\x8b\0", "warning", "is packed with Brotli"),
        (
            "maze.data.gz",
            "maze.data.unityweb",
            b"k\x8d\0UnityWeb Compressed Content (brotli)",
            "warning",
            "choose Gzip or no compression",
        ),
    ],
)
def test_that_a_file_that_browsers_cannot_read_is_told(
    build: Path, old: str, new: str, body: bytes, severity: str, words: str
) -> None:
    (build / old).unlink()
    (build / new).write_bytes(body)
    [(field, told, _, message)] = found(build)
    assert (field, told) == ("webgl.build_name", severity)
    assert words in message
