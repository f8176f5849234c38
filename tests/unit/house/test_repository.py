"""The rules of this repository that no other tool checks."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HARD_LIMIT = 800
BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "constants", "misc"}
KEPT_NAMES = {"mug/configurations/configuration_constants.py"}
SOURCES = {".py", ".ts", ".mjs", ".js", ".css", ".html"}
TEXTS = SOURCES | {".md", ".toml", ".json", ".txt", ".cfg", ".ini", ".yml", ".yaml", ".sh", ".svg", ".qss", ""}
# Written so that this file does not contain what it looks for.
REGISTRIES = re.compile(
    r"registry\.npm" + r"js\.org|registry\.yarn" + r"pkg|py" + r"pi\.org|pythonhosted" + r"\.org"
    r"|jsdel" + r"ivr|unp" + r"kg\.com|cdn" + r"js|esm" + r"\.sh|skypack" + r"\.dev"
    r"|--(?:extra-)?index" + r"-url|deb\.deb" + r"ian"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot|home/(?!pyodide)[a-z]\w*|Users/[A-Z]\w*|opt/py" + r"pi)(?:/|\b)"
)


def tracked() -> list[Path]:
    """The files of the repository, new ones that are not ignored too."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in answer.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        if path.suffix in TEXTS:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="module")
def repository() -> dict[str, str]:
    try:
        found = dict(texts())
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    assert len(found) > 50
    return found


def test_that_no_source_file_is_longer_than_the_hard_limit(repository: dict[str, str]) -> None:
    generated = {"web_client/src/protocol/messages.ts"}
    lengths = {
        name: text.count("\n")
        for name, text in repository.items()
        if Path(name).suffix in SOURCES and name not in generated
    }
    assert {name: length for name, length in lengths.items() if length > HARD_LIMIT} == {}


def test_that_no_module_is_named_after_nothing(repository: dict[str, str]) -> None:
    banned = {
        name
        for name in repository
        if Path(name).suffix in SOURCES
        and name not in KEPT_NAMES
        and (BANNED_NAMES & {*Path(name).with_suffix("").parts} or Path(name).stem.endswith(("_utils", "_helpers")))
    }
    assert banned == set()


def test_that_no_file_names_a_package_registry(repository: dict[str, str]) -> None:
    found = {
        f"{name}:{number}"
        for name, text in repository.items()
        for number, line in enumerate(text.splitlines(), 1)
        if REGISTRIES.search(line)
    }
    assert found == set()


def test_that_the_lock_file_of_the_client_holds_no_addresses_of_packages(repository: dict[str, str]) -> None:
    assert '"resolved"' not in repository["web_client/package-lock.json"]
    assert "omit-lockfile-registry-resolved=true" in repository["web_client/.npmrc"]


def test_that_no_file_has_a_path_of_some_machine(repository: dict[str, str]) -> None:
    found = {
        f"{name}:{number}"
        for name, text in repository.items()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATHS.search(line)
    }
    assert found == set()


def test_that_an_open_task_carries_the_number_of_an_issue(repository: dict[str, str]) -> None:
    marker = re.compile(r"(?:#|//|\*)\s*(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!.*\b(?:issue\s*\d+|#\d+))")
    found = {
        f"{name}:{number}"
        for name, text in repository.items()
        if Path(name).suffix in SOURCES
        for number, line in enumerate(text.splitlines(), 1)
        if marker.search(line)
    }
    assert found == set()


def test_that_an_ignored_type_error_says_why(repository: dict[str, str]) -> None:
    bare = re.compile(r"#\s*type:\s*ig" + r"nore(?:\[[^\]]*\])?\s*$")
    found = {
        f"{name}:{number}"
        for name, text in repository.items()
        if name.startswith(("mug/", "gui/"))
        for number, line in enumerate(text.splitlines(), 1)
        if bare.search(line)
    }
    assert found == set()


def test_that_ci_runs_the_same_command_as_a_person() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if "bootstrap" in line]
    assert lines == ["exec python3 bootstrap.py test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_that_contributing_fits_on_two_pages() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split()) <= 1_000
