"""`mug check` of games that the server steps: the server's own packages, no browser, no way of saving states."""

import sys
from pathlib import Path

import pytest

from mug.check import check_study
from mug.check.server_packages import packages_of_server, server_versions
from mug.check.study import snapshot_levels
from mug.server.freeze import freeze
from mug.study import load, walk
from mug.study.model import GymGame
from mug.study.problems import Problem
from tests.unit.check.test_check import ENVIRONMENT, STUDY

MODE = '[chain.multiplayer]\nmode = "server_authoritative"\n'

PAIR = ENVIRONMENT.replace('["human"]', '["left", "right"]').replace("def render(self)", "def render(self, agent_id)")

MAPPING = '[chain.policies]\npolicy_mapping = {left = "human", right = "human"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "start.html").write_text("<p>Hello</p>")
    write(tmp_path)
    return tmp_path


def write(folder: Path, environment: str = ENVIRONMENT, sections: str = "", packages: str = "") -> None:
    study = STUDY.replace("[chain.runtime]\n", f"{MODE}{sections}\n[chain.runtime]\n{packages}")
    (folder / "study.toml").write_text(study)
    (folder / "env.py").write_text(environment)


def never(packages: object, *, lock_path: object) -> None:
    raise AssertionError("no package goes to a browser")


def problems(folder: Path) -> list[Problem]:
    return check_study(load(folder), runtime=never)


def test_that_neither_packages_for_the_browser_nor_ways_of_saving_are_looked_for(folder: Path) -> None:
    write(folder, PAIR, MAPPING)
    assert problems(folder) == []
    assert snapshot_levels(load(folder), None) == ({}, [])
    assert not (folder / "study.lock.json").exists()
    files = freeze(load(folder))
    assert (files.zip_sha256, files.zip_bytes) == ("", b"")
    assert "env.py" in files.sha256s


def test_that_a_game_that_is_drawn_for_each_player_is_drawn_for_each(folder: Path) -> None:
    write(folder, PAIR.replace('return {"game', 'assert agent_id in ("left", "right")\n        return {"game'), MAPPING)
    assert problems(folder) == []


def test_that_a_module_that_the_server_does_not_have_is_an_error(folder: Path) -> None:
    write(folder, "import no_such_module\n" + ENVIRONMENT)
    (problem,) = problems(folder)
    assert (problem.severity, problem.code) == ("error", "environment_not_loadable")
    assert "no_such_module" in problem.message
    assert sys.executable in problem.message


def test_that_packages_are_looked_for_in_the_servers_python(folder: Path) -> None:
    write(folder, packages='packages_to_install = ["numpy>=1", "numpy<1", "no-such-package>=2", "gymnasium[box2d]"]\n')
    loaded = load(folder)
    (game,) = (node for _, node in walk(loaded.study) if isinstance(node, GymGame))
    found = packages_of_server(loaded, game)
    assert [(field, code) for field, _, code, _ in found] == [
        ("runtime.packages_to_install[1]", "package_not_installed"),
        ("runtime.packages_to_install[2]", "package_not_installed"),
    ]
    assert "'numpy' has version" in found[0][3]
    assert 'pip install "no-such-package>=2"' in found[1][3]
    assert set(server_versions(loaded)) == {"numpy (server)", "gymnasium (server)"}
    assert {problem.code for problem in problems(folder)} == {"package_not_installed"}


def test_that_a_game_that_does_not_repeat_itself_is_told(folder: Path) -> None:
    write(
        folder,
        ENVIRONMENT.replace("np.random.default_rng(seed)", 'np.random.default_rng(list(__import__("os").urandom(4)))'),
    )
    codes = {(problem.severity, problem.code) for problem in problems(folder)}
    assert codes == {("warning", "not_reproducible")}
