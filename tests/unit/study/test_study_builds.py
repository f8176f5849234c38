"""Scenes with a build, as data: problems, files, writing as Python and as TOML."""

from pathlib import Path

import msgspec
import pytest

from mug.study import load, validate
from mug.study.builds import build_address, find_parts, mime_of, packing_of
from mug.study.files import dump_study, parse_study
from mug.study.model import (
    BuildGameSection,
    EndPage,
    HtmlGame,
    StartPage,
    Study,
    UnityGame,
    WebglSection,
)
from mug.study.python_writer import write_python

WEBGL = WebglSection(build_name="maze")
FILES = ["Build/maze.loader.js", "Build/maze.framework.js.gz", "Build/maze.data.unityweb", "Build/maze.wasm.br"]


def study_with(*scenes) -> Study:
    start, end = StartPage(scene_id="start", scene_header="a"), EndPage(scene_id="end", scene_header="b")
    return Study(id="builds", chain=(start, *scenes, end))


def unity(**webgl) -> UnityGame:
    return UnityGame(scene_id="maze", webgl=msgspec.structs.replace(WEBGL, **webgl))


@pytest.mark.parametrize(
    ("webgl", "code", "words"),
    [
        ({"build_name": None}, "no_build", "give the name of the build's folder"),
        ({"build_name": "https://example.org/maze"}, "other_host", "nothing is loaded from other hosts"),
        ({"webgl_base_url": "https://cdn.example.org"}, "other_host", "nothing is loaded from other hosts"),
        ({"build_name": "../maze"}, "not_allowed", "without '..'"),
        ({"build_name": "a/.git"}, "not_allowed", "without a dot first"),
        ({"webgl_base_url": "/srv/builds"}, "not_allowed", "a folder of the study"),
        ({"webgl_base_url": "../builds"}, "not_allowed", "a folder of the study"),
        ({"build_name": "maze.loader.js"}, "not_a_folder", "looks like a file"),
        ({"width": 9000}, "out_of_bounds", "4096"),
        ({"height": 0}, "out_of_bounds", "0"),
        ({"allow_continue_on": "episode_done"}, "not_allowed", "did you mean 'episodes_done'"),
    ],
)
def test_that_a_wrong_build_is_told_with_what_to_do(webgl, code, words):
    [problem] = validate(study_with(unity(**webgl)))
    assert (problem.code, problem.field) == (code, f"webgl.{next(iter(webgl))}")
    assert words in problem.message


def test_that_a_right_build_has_no_problem():
    assert validate(study_with(unity(), HtmlGame(scene_id="html", webgl=WebglSection(build_name="a/b")))) == []


def test_that_loading_an_html_game_ahead_is_told_to_have_no_effect():
    [problem] = validate(study_with(HtmlGame(scene_id="html", webgl=msgspec.structs.replace(WEBGL, preload_game=True))))
    assert (problem.severity, problem.code) == ("warning", "no_effect")


def test_that_the_files_of_a_unity_build_are_found_however_they_are_packed():
    parts, problems = find_parts(unity(), FILES)
    assert problems == ()
    assert {part.role: part.path for part in parts} == dict(
        zip(("loader", "framework", "data", "code"), FILES, strict=True)
    )


def test_that_a_build_with_another_name_is_told_with_the_files_that_are_there():
    parts, problems = find_parts(unity(build_name="labyrinth"), FILES)
    assert parts == ()
    assert len(problems) == 4
    assert "there is Build/maze.loader.js" in problems[0]
    assert "must have the same name" in problems[0]


def test_that_an_html_game_needs_its_page():
    html = HtmlGame(scene_id="html", webgl=WEBGL)
    assert find_parts(html, ["index.html", "game.js"])[0][0].path == "index.html"
    assert "did you mean 'index.htm'" in find_parts(html, ["index.htm"])[1][0]


def test_that_the_address_of_a_build_is_its_folder():
    assert build_address(unity()) == "static/webgl/maze"
    assert build_address(unity(webgl_base_url="builds\\of\\ours\\", build_name="a/b")) == "builds/of/ours/a/b"


@pytest.mark.parametrize(
    ("path", "head", "packing"),
    [
        ("a.data", b"\x1f\x8b", None),
        ("a.data.gz", b"\x1f\x8b\x08", "gzip"),
        ("a.data.gz", b"plain", None),
        ("a.wasm.br", b"\x8b\x00", "br"),
        ("a.wasm.unityweb", b"\x1f\x8b\x08", "gzip"),
        ("a.wasm.unityweb", b"k\x8d\x00UnityWeb Compressed Content (brotli)", "br"),
        ("a.wasm.unityweb", b"\0asm", None),
    ],
)
def test_that_packing_is_known_by_name_and_first_bytes(path, head, packing):
    assert packing_of(path, head) == packing


def test_that_types_are_those_of_the_unpacked_file():
    assert mime_of("a.wasm.br") == mime_of("a.wasm") == "application/wasm"
    assert mime_of("a.framework.js.gz") == "text/javascript"
    assert mime_of("a.data.unityweb") == "application/octet-stream"


def test_that_scenes_with_builds_survive_toml_and_python(tmp_path: Path):
    study = study_with(
        UnityGame(
            scene_id="maze",
            scene_header="The maze",
            scene_body="<p>Find out.</p>",
            webgl=WebglSection(
                build_name="maze",
                webgl_base_url="builds",
                width=400,
                height=300,
                allow_continue_on="build",
                preload_game=True,
                ready_timeout_s=5,
            ),
            game=BuildGameSection(num_episodes=4, score_fn="scoring.py:score", show_score=False),
            on_unity_episode_start="scoring.py:started",
            on_unity_episode_end="scoring.py:ended",
        ),
        HtmlGame(scene_id="html", webgl=WebglSection(build_name="html", extra={"later": 3})),
    )
    assert parse_study(dump_study(study), Path("study.toml")) == study
    script = tmp_path / "experiment.py"
    text = write_python(study)
    script.write_text(text, encoding="utf-8")
    assert load(script).study == study
    assert "UnityScene()" in text
    assert "HtmlGameScene()" in text
