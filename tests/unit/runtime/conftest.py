"""A package index on disk, small wheels, and the real distribution of this machine."""

import base64
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mug.runtime import Distribution, RuntimeMissingError, cache_folder, find_distribution

MakeWheel = Callable[..., Path]


@pytest.fixture
def make_wheel() -> MakeWheel:
    """Builds a pure-Python wheel with one module."""

    def make(
        folder: Path,
        name: str = "tiny",
        version: str = "1.0",
        *,
        requires: Sequence[str] = (),
        body: str = "ANSWER = 42\n",
    ) -> Path:
        module = name.replace("-", "_")
        info = f"{module}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {text}\n" for text in requires)
        files = {
            f"{module}/__init__.py": body,
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = ""
        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(text.encode())}\n"
        files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
        folder.mkdir(parents=True, exist_ok=True)
        wheel = folder / f"{module}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        return wheel

    return make


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """The only package index that pip knows in this test; the function offers a wheel on it."""
    root = tmp_path / "index"
    root.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", root.as_uri())

    def offer(wheel: Path) -> None:
        name = wheel.name.partition("-")[0].replace("_", "-")
        (root / name).mkdir(exist_ok=True)
        (root / name / wheel.name).write_bytes(wheel.read_bytes())
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted((root / name).glob("*.whl")))
        (root / name / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", encoding="utf-8")

    return offer


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip's index is an address of this machine where nobody listens."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)


@pytest.fixture(scope="session")
def installed() -> Distribution:
    """The distribution in this machine's cache."""
    try:
        return find_distribution()
    except RuntimeMissingError as error:
        pytest.skip(str(error))


@pytest.fixture
def cache(tmp_path: Path, installed: Distribution) -> Path:
    """A cache folder of this test alone that holds the real distribution."""
    assert installed.folder.is_relative_to(cache_folder())
    folder = tmp_path / "cache"
    target = folder / "pyodide" / installed.version
    target.mkdir(parents=True)
    for path in installed.folder.iterdir():
        if path.is_file():
            try:
                os.link(path, target / path.name)
            except OSError:  # another file system
                shutil.copy2(path, target / path.name)
    return folder
