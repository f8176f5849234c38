import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyodide_lock import PyodideLockSpec

from mug.runtime import (
    HashMismatchError,
    PackageNotHeldError,
    PackageNotLoadableError,
    PreparedRuntime,
    ResolutionError,
    RuntimeFiles,
    StudyLock,
    StudyLockError,
    prepare_study,
)
from mug.runtime.node import find_node

pytestmark = pytest.mark.pyodide

MakeWheel = Callable[..., Path]
Offer = Callable[[Path], None]


@pytest.fixture
def lock_path(tmp_path: Path) -> Path:
    (tmp_path / "study").mkdir()
    return tmp_path / "study" / "study.lock.json"


@pytest.fixture
def no_children(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, no process may be started."""

    def refuse(*_args: object, **_more: object) -> None:
        pytest.fail("a process was started")

    def forbid() -> None:
        monkeypatch.setattr(subprocess, "Popen", refuse)

    return forbid


@pytest.fixture(autouse=True)
def without_node(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wheels stay as published, except in tests marked `node`: compiling takes seconds each time."""
    if request.node.get_closest_marker("node") is None:
        monkeypatch.setattr("mug.runtime.prepare.find_node", lambda: None)


def names(prepared: PreparedRuntime) -> dict[str, str]:
    return {package.name: package.version for package in prepared.locked}


@pytest.mark.usefixtures("no_network")
def test_that_what_the_distribution_holds_needs_no_network(cache: Path, lock_path: Path) -> None:
    prepared = prepare_study(["scikit-learn"], lock_path=lock_path, cache_dir=cache)
    found = names(prepared)
    assert found["numpy"] == "2.0.2"
    assert {"scikit-learn", "scipy", "joblib", "threadpoolctl", "openblas"} <= set(found)
    assert all(package.origin == "pyodide" for package in prepared.locked)
    assert set(prepared.files) == {package.file for package in prepared.locked}
    assert prepared.warnings == (
        "Node is not installed: the packages are not compiled beforehand, pages load a little slower.",
    )


def test_that_the_lock_names_every_package_exactly(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    index(make_wheel(tmp_path / "made", "other"))
    index(make_wheel(tmp_path / "made", "tiny", requires=["other>=1"]))
    prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    written = json.loads(lock_path.read_bytes())
    assert written["format"] == 1
    assert written["requested"] == ["numpy", "tiny"]
    assert [(p["name"], p["version"], p["origin"]) for p in written["packages"]] == [
        ("numpy", "2.0.2", "pyodide"),
        ("other", "1.0", "index"),
        ("tiny", "1.0", "index"),
    ]
    assert all(len(p["sha256"]) == 64 for p in written["packages"])


def test_that_a_second_run_starts_nothing_and_gives_the_same(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path, no_children: Callable[[], None]
) -> None:
    index(make_wheel(tmp_path / "made"))
    first = prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    index(make_wheel(tmp_path / "made", version="2.0"))
    no_children()
    second = prepare_study([" tiny ", "numpy"], lock_path=lock_path, cache_dir=cache)
    assert second.lock_json == first.lock_json
    assert second.lock_sha256 == first.lock_sha256
    assert second.files == first.files


def test_that_without_a_lock_file_the_resolution_is_kept_in_the_cache(
    cache: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path, no_children: Callable[[], None]
) -> None:
    index(make_wheel(tmp_path / "made"))
    first = prepare_study(["tiny"], lock_path=None, cache_dir=cache)
    no_children()
    assert prepare_study(["tiny"], lock_path=None, cache_dir=cache).lock_sha256 == first.lock_sha256


@pytest.mark.usefixtures("no_network")
def test_that_a_look_takes_a_lock_that_has_more_and_writes_none(
    cache: Path, lock_path: Path, no_children: Callable[[], None]
) -> None:
    prepare_study(["scikit-learn"], lock_path=lock_path, cache_dir=cache)
    before = lock_path.read_bytes()
    no_children()
    assert "scikit-learn" in names(prepare_study([], lock_path=lock_path, cache_dir=cache, for_a_look=True))
    assert lock_path.read_bytes() == before


@pytest.mark.usefixtures("no_network")
def test_that_a_look_at_other_packages_leaves_the_lock_as_it_is(cache: Path, lock_path: Path) -> None:
    prepare_study(["numpy"], lock_path=lock_path, cache_dir=cache)
    before = lock_path.read_bytes()
    assert "scipy" in names(prepare_study(["scipy"], lock_path=lock_path, cache_dir=cache, for_a_look=True))
    assert lock_path.read_bytes() == before


def test_that_the_index_is_asked_again_for_a_locked_version_only(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path / "made")
    index(wheel)
    first = prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    index(make_wheel(tmp_path / "made", version="2.0"))
    for stored in (cache / "wheels").glob("*/tiny-*.whl"):
        stored.unlink()
    again = prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    assert names(again) == names(first)


def test_that_another_file_under_a_locked_version_is_refused_by_name(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    index(make_wheel(tmp_path / "made"))
    prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    for stored in (cache / "wheels").glob("*/tiny-*.whl"):
        stored.unlink()
    index(make_wheel(tmp_path / "made", body="ANSWER = 43\n"))
    with pytest.raises(HashMismatchError, match=r"tiny-1\.0-py3-none-any\.whl from the package index"):
        prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)


def test_that_markers_are_read_for_the_browser_not_for_this_machine(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    requires = [
        "packaging; sys_platform == 'emscripten'",
        "absent-a; sys_platform != 'emscripten'",
        "absent-b; python_version < '3.12'",
    ]
    index(make_wheel(tmp_path / "made", requires=requires))
    prepared = prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    assert set(names(prepared)) == {"tiny", "numpy", "packaging"}
    assert names(prepared)["packaging"] == "24.2"
    assert json.loads(prepared.lock_json)["packages"]["tiny"]["depends"] == ["packaging"]


@pytest.mark.usefixtures("index")
def test_that_a_package_without_a_loadable_wheel_is_named(cache: Path, lock_path: Path) -> None:
    with pytest.raises(PackageNotLoadableError, match="'no-such-thing' has no wheel that Pyodide") as caught:
        prepare_study(["numpy", "no-such-thing"], lock_path=lock_path, cache_dir=cache)
    assert caught.value.package == "no-such-thing"
    assert not lock_path.exists()


def test_that_a_package_needed_by_another_is_named_with_it(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    index(make_wheel(tmp_path / "made", requires=["pygame"]))
    with pytest.raises(PackageNotLoadableError, match=r"'pygame', needed by .*tiny.* has no wheel"):
        prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("package", ["shapely", "lzma"])
def test_that_a_package_that_only_the_full_distribution_holds_is_a_problem(
    cache: Path, lock_path: Path, package: str
) -> None:
    with pytest.raises(PackageNotHeldError, match=f"'{package}' .* belongs to the full Pyodide") as caught:
        prepare_study([package], lock_path=lock_path, cache_dir=cache)
    assert caught.value.package == package


@pytest.mark.usefixtures("no_network")
def test_that_an_index_out_of_reach_is_told_apart_from_a_missing_package(cache: Path, lock_path: Path) -> None:
    with pytest.raises(ResolutionError, match="the package index cannot be reached") as caught:
        prepare_study(["no-such-thing"], lock_path=lock_path, cache_dir=cache)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("text", ["not a requirement!", "x @ file:///tmp/x.whl", "missing.whl"])
def test_that_a_wrong_request_is_refused_before_pip_runs(
    cache: Path, lock_path: Path, text: str, no_children: Callable[[], None]
) -> None:
    no_children()
    with pytest.raises(ResolutionError):
        prepare_study([text], lock_path=lock_path, cache_dir=cache)


@pytest.mark.usefixtures("no_network")
def test_that_a_wheel_of_the_study_is_used_and_a_new_build_noticed(
    cache: Path, lock_path: Path, make_wheel: MakeWheel
) -> None:
    make_wheel(lock_path.parent / "wheels")
    first = prepare_study(["wheels/tiny-1.0-py3-none-any.whl"], lock_path=lock_path, cache_dir=cache)
    make_wheel(lock_path.parent / "wheels", body="ANSWER = 43\n")
    second = prepare_study(["wheels/tiny-1.0-py3-none-any.whl"], lock_path=lock_path, cache_dir=cache)
    assert names(first)["tiny"] == "1.0"
    assert first.lock_sha256 != second.lock_sha256


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', '{"format": 99, "pyodide": "", "requested": []}'])
def test_that_a_broken_lock_file_is_named(cache: Path, lock_path: Path, content: str) -> None:
    lock_path.write_text(content, encoding="utf-8")
    with pytest.raises(StudyLockError, match=r"study\.lock\.json: .*Delete the file"):
        prepare_study([], lock_path=lock_path, cache_dir=cache)


@pytest.mark.parametrize("file", ["../x.whl", "/x.whl", "a/b.whl", ".hidden.whl"])
def test_that_a_lock_file_cannot_name_a_path(lock_path: Path, file: str) -> None:
    package = {"name": "x", "version": "1", "file": file, "sha256": "0" * 64, "origin": "index"}
    whole = {"format": 1, "pyodide": "0", "pyodide_lock_sha256": "0", "requested": [], "packages": [package]}
    lock_path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(StudyLockError, match="not a plain file name"):
        StudyLock.read(lock_path)


@pytest.mark.usefixtures("no_network")
def test_that_what_others_keep_in_the_lock_file_stays(cache: Path, lock_path: Path) -> None:
    prepare_study([], lock_path=lock_path, cache_dir=cache)
    kept = {**json.loads(lock_path.read_bytes()), "snapshot_level": "get_state"}
    lock_path.write_text(json.dumps(kept), encoding="utf-8")
    prepare_study(["packaging"], lock_path=lock_path, cache_dir=cache)
    assert json.loads(lock_path.read_bytes())["snapshot_level"] == "get_state"


@pytest.mark.usefixtures("no_network")
def test_that_the_served_lock_leads_to_the_served_wheels(cache: Path, lock_path: Path) -> None:
    prepared = prepare_study(["packaging"], lock_path=lock_path, cache_dir=cache)
    spec = PyodideLockSpec(**json.loads(prepared.lock_json))
    served = RuntimeFiles.of_study(prepared)
    for package in spec.packages.values():
        place, _, name = package.file_name.rpartition("/")
        assert place == f"../../packages/{prepared.lock_sha256}"
        found = served.find(name)
        assert found is not None
        assert found.path == prepared.files[name]
    assert served.find("../" + next(iter(prepared.files))) is None
    assert set(spec.packages) == set(prepared.packages)


_TRY = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [folder, lock, names, code] = process.argv.slice(1);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: folder, lockFileURL: lock, env: { PYTHONHASHSEED: "0" } });
await pyodide.loadPackage(JSON.parse(names), { messageCallback() {} });
console.log("answer " + pyodide.runPython(code));
process.exit(0);
"""


@pytest.mark.node
def test_that_real_pyodide_loads_what_was_prepared(
    cache: Path, lock_path: Path, index: Offer, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    node = find_node()
    if node is None:
        pytest.skip("Node is missing")
    index(make_wheel(tmp_path / "made", requires=["packaging"]))
    prepared = prepare_study(["tiny"], lock_path=lock_path, cache_dir=cache)
    assert prepared.warnings == ()
    node_lock = tmp_path / "lock.json"
    node_lock.write_bytes(prepared.lock_for_node())
    code = (
        "import json, numpy, packaging, tiny, importlib.metadata as metadata\n"
        "json.dumps([int(numpy.arange(5).sum()), tiny.ANSWER, tiny.__cached__.rpartition('/')[2],"
        " numpy.__file__.rpartition('/')[2], packaging.__version__, metadata.version('tiny')])"
    )
    folder = cache / "pyodide" / prepared.pyodide_version
    command = [
        str(node),
        "--input-type=module",
        "-e",
        _TRY,
        str(folder),
        str(node_lock),
        json.dumps(prepared.packages),
        code,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    answer = json.loads(done.stdout.partition("answer ")[2])
    assert answer == [10, 42, "__init__.cpython-312.pyc", "__init__.pyc", "24.2", "1.0"]
