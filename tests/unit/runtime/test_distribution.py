from pathlib import Path

import pytest

from mug.runtime import (
    Distribution,
    RuntimeFiles,
    RuntimeMissingError,
    find_distribution,
    install,
    status,
    verify,
)
from mug.runtime.pins import LOCK_NAME, pins
from mug.runtime.sources import FolderSource

pytestmark = pytest.mark.pyodide


def replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def test_that_an_absent_distribution_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(RuntimeMissingError, match="Run `mug runtime install`"):
        find_distribution(tmp_path)
    assert status(tmp_path).distribution is None


def test_that_a_missing_file_is_named(cache: Path) -> None:
    (cache / "pyodide" / pins().version / "pyodide.asm.wasm").unlink()
    with pytest.raises(RuntimeMissingError, match=r"pyodide\.asm\.wasm missing"):
        find_distribution(cache)


def test_that_the_installed_distribution_has_its_pinned_hashes() -> None:
    assert verify() == ()


def test_that_verify_names_a_damaged_file(cache: Path) -> None:
    folder = cache / "pyodide" / pins().version
    replace(folder / "six-1.16.0-py2.py3-none-any.whl", b"damaged")
    (problem,) = verify(cache)
    assert problem.startswith("six-1.16.0-py2.py3-none-any.whl is damaged or changed")


def test_that_a_folder_with_the_distribution_installs_it_without_network(
    tmp_path: Path, installed: Distribution
) -> None:
    found = install(sources=[FolderSource(installed.folder)], cache_dir=tmp_path, snapshot=False)
    assert found.lock_sha256 == installed.lock_sha256
    assert status(tmp_path).packages == status().packages
    assert not list((tmp_path / "pyodide").glob(".staging-*"))


def test_that_the_next_source_is_asked_after_a_wrong_file(tmp_path: Path, installed: Distribution) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "pyodide.mjs").write_bytes(b"something else")
    sources = [FolderSource(tmp_path / "given"), FolderSource(installed.folder)]
    install(sources=sources, cache_dir=tmp_path / "cache", snapshot=False)
    assert verify(tmp_path / "cache") == ()


def test_that_a_second_install_fetches_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mug.runtime.distribution.default_sources", lambda: pytest.fail("a source was asked"))
    assert install(cache_dir=cache).version == pins().version


def test_that_only_known_files_of_the_distribution_are_served(installed: Distribution) -> None:
    files = RuntimeFiles.of_distribution(installed)
    wasm = files.find("pyodide.asm.wasm")
    assert wasm is not None
    assert (wasm.mime_type, wasm.content_encoding) == ("application/wasm", None)
    module = files.find("pyodide.mjs")
    assert module is not None
    assert module.mime_type == "text/javascript"
    assert files.find(LOCK_NAME) is not None
    for tail in (
        "",
        ".",
        "..",
        "../pyodide.mjs",
        "x/../pyodide.mjs",
        "/etc/hostname",
        "%2e%2e/x",
        "pyodide.mjs/",
        "a\0b",
    ):
        assert files.find(tail) is None, tail


def test_that_the_snapshot_is_served_packed(installed: Distribution) -> None:
    files = RuntimeFiles.of_distribution(installed)
    if files.snapshot_name is None:
        pytest.skip("no snapshot: Node is missing here")
    served = files.find(files.snapshot_name)
    assert served is not None
    assert (served.mime_type, served.content_encoding) == ("application/octet-stream", "gzip")


def test_that_a_link_that_leads_outside_is_not_served(tmp_path: Path) -> None:
    inside, secret = tmp_path / "inside", tmp_path / "secret.bin"
    inside.mkdir()
    secret.write_bytes(b"secret")
    (inside / "open.bin").write_bytes(b"open")
    (inside / "link.bin").symlink_to(secret)
    files = RuntimeFiles({name: inside / name for name in ("open.bin", "link.bin")}, within=(inside,))
    assert files.find("open.bin") is not None
    assert files.find("link.bin") is None
