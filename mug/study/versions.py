"""Versions of a study: each content that was saved, kept beside it as a whole ``study.toml`` with number and hash.

They lie in ``.mug/versions/`` of the study's folder; those of a script in a folder of the script's name there. A
version is never changed, overwritten or removed by MUG.
"""

import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from mug.study.errors import StudyFileError, StudyLoadError, VersionError
from mug.study.files import dump_study, parse_study
from mug.study.hashing import content_hash
from mug.study.model import Study

__all__ = ["VERSIONS_FOLDER", "Version", "VersionStore"]

VERSIONS_FOLDER: Final = Path(".mug") / "versions"
_NAME: Final = re.compile(r"v(?P<number>[0-9]{1,9})_(?P<hash>[0-9a-f]{16})\.toml")
_MOST_VERSIONS: Final = 1_000_000
"""A larger number is not ours: the one after it would have to fit, too."""
_HEAD_LINES: Final = 2
_HEAD_BYTES: Final = 64 * 1024
_COMMENT_CHARS: Final = 1_000
_TRIES: Final = 100


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a study.

    Attributes:
        number: From 1, in the order in which they were kept.
        content_hash: SHA-256 of the content, in hex, as `mug.study.content_hash` and the records have it; of a file
            whose head is damaged only its first 16 digits.
        at: When it was kept, ISO-8601 UTC; empty: not known.
        title: The study's title then.
        comment: What somebody wrote about it.
        path: Its file.
        problem: Why the file cannot be what was kept, in a sentence; empty: it seems whole.
    """

    number: int
    content_hash: str
    at: str
    path: Path
    title: str = ""
    comment: str = ""
    problem: str = ""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    content_hash: str
    at: str = ""
    title: str = ""
    comment: str = ""


class VersionStore:
    """The versions of one study.

    Attributes:
        folder: Where they lie; it need not be there.
    """

    def __init__(self, folder: Path, *, script: str = "") -> None:
        """Name the place; nothing is read or made.

        Args:
            folder: The study's folder.
            script: The name of the study's script ("experiment.py"); empty: the study is a folder.
        """
        self.folder = folder / VERSIONS_FOLDER
        if script:
            self.folder /= Path(script).stem

    @classmethod
    def of(cls, path: Path) -> "VersionStore":
        """Return the store of a study folder, a ``study.toml`` or a script."""
        if path.suffix == ".py":
            return cls(path.parent, script=path.name)
        return cls(path.parent if path.suffix == ".toml" else path)

    def list(self) -> list[Version]:
        """Return all versions, oldest first; what else lies in the folder is passed over.

        Raises:
            VersionError: When the folder cannot be read.
        """
        try:
            found = [_version(path) for path in self._files()]
        except OSError as error:
            raise VersionError(self.folder, f"{self.folder} cannot be read: {error.strerror or error}") from error
        return sorted(found, key=lambda version: (version.number, version.path.name))

    def newest(self) -> Version | None:
        """Return the version that was kept last, or None.

        Raises:
            VersionError: As `list`.
        """
        versions = self.list()
        return versions[-1] if versions else None

    def find(self, content_hash: str) -> Version | None:
        """Return the newest version of a content, or None.

        Raises:
            VersionError: As `list`.
        """
        versions = self.list()
        return next((version for version in reversed(versions) if version.content_hash == content_hash), None)

    def keep(self, study: Study | str, *, at: str, comment: str = "") -> Version:
        """Keep a version; the same content as the newest one's is not kept again.

        Args:
            study: The study, or the text of its ``study.toml``, whose comments are then kept, too.
            at: The moment, ISO-8601 UTC.
            comment: What somebody wrote about it.

        Returns:
            The new version, or the newest one when its content is the same.

        Raises:
            VersionError: When it cannot be written, or the study cannot be told in TOML; nothing is left behind.
            StudyLoadError: When the text is not a study.
        """
        if isinstance(study, str):
            text, content = study, parse_study(study, self.folder)
        else:
            content = study
            try:
                text = dump_study(study)
            except StudyFileError as error:
                raise VersionError(self.folder, f"no version was kept: {error}") from error
        digest = content_hash(content)
        newest = self.newest()
        if newest is not None and newest.content_hash == digest and not newest.problem:
            return newest
        head = _Head(
            number=newest.number + 1 if newest is not None else 1,
            content_hash=digest,
            at=at,
            title=_storable(content.title or str(content.id)),
            comment=_storable(comment),
        )
        return self._write(head, text)

    def read(self, version: Version) -> Study:
        """Return the study of a version.

        Raises:
            VersionError: When the file is gone, or is not what was kept any more.
        """
        text = self.text(version)
        try:
            study = parse_study(text, version.path)
        except StudyLoadError as error:
            raise VersionError(version.path, f"version {version.number} is damaged: {error}") from error
        found = content_hash(study)
        if not found.startswith(version.content_hash):
            raise VersionError(
                version.path,
                f"version {version.number} is damaged: its content has the hash {found[:12]}, not "
                f"{version.content_hash[:12]} as when it was kept ({version.path})",
            )
        return study

    def text(self, version: Version) -> str:
        """Return the text of a version's ``study.toml``, as it was kept. It is not checked: `read` does that.

        Raises:
            VersionError: When the file cannot be read.
        """
        try:
            # newline="": what was kept comes back byte for byte.
            with version.path.open(encoding="utf-8", newline="") as file:
                text = file.read()
        except OSError as error:
            reason = error.strerror or error
            raise VersionError(version.path, f"version {version.number} cannot be read: {reason}") from error
        except UnicodeDecodeError as error:
            raise VersionError(version.path, f"version {version.number} is damaged: it is not UTF-8 text") from error
        lines = text.split("\n", _HEAD_LINES)
        ours = len(lines) > _HEAD_LINES and all(line.startswith("#") for line in lines[:_HEAD_LINES])
        return lines[_HEAD_LINES] if ours else text

    def _files(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            if 0 < _number(path) <= _MOST_VERSIONS and path.is_file():
                yield path

    def _write(self, head: _Head, text: str) -> Version:
        temporary = self.folder / f".keeping-{uuid.uuid4().hex[:12]}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                for _ in range(_TRIES):
                    with temporary.open("w", encoding="utf-8", newline="") as file:
                        file.write(_headed(head, text))
                        file.flush()
                        os.fsync(file.fileno())
                    path = self.folder / f"v{head.number:04d}_{head.content_hash[:16]}.toml"
                    if self._put(temporary, path, head.number):
                        return _version(path)
                    head = msgspec.structs.replace(head, number=head.number + 1)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
        except (OSError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise VersionError(
                self.folder, f"no version was kept: {self.folder} cannot be written to ({reason})"
            ) from error
        raise VersionError(self.folder, f"no version was kept: something else is writing to {self.folder}")

    def _put(self, temporary: Path, path: Path, number: int) -> bool:
        """Give the file its name, unless another window has used the number meanwhile."""
        if any(_number(other) >= number for other in self._files()):
            return False
        try:
            os.link(temporary, path)  # fails where something is; a rename would replace it
        except FileExistsError:
            return False
        except (OSError, NotImplementedError):  # a file system without links, such as a USB stick's
            temporary.rename(path)
        return True


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found["number"]) if found is not None else 0


def _storable(text: str) -> str:
    return text.strip()[:_COMMENT_CHARS].encode("utf-8", "replace").decode()


def _headed(head: _Head, text: str) -> str:
    told = json.dumps(msgspec.to_builtins(head), ensure_ascii=True)
    what = f"MUG keeps this file: version {head.number} of the study. To change the study, change study.toml."
    return f"# {what}\n# {told}\n{text}"


def _version(path: Path) -> Version:
    """Read the head of a file; the study itself is not read."""
    name = _NAME.fullmatch(path.name)
    assert name is not None
    number, short = int(name["number"]), name["hash"]
    bare = Version(number=number, content_hash=short, at="", path=path)
    try:
        with path.open("rb") as file:
            lines = file.read(_HEAD_BYTES).split(b"\n", _HEAD_LINES)
    except OSError as error:
        return msgspec.structs.replace(bare, problem=f"it cannot be read: {error.strerror or error}")
    try:
        head = msgspec.json.decode(lines[1].removeprefix(b"# "), type=_Head)
    except (IndexError, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.structs.replace(bare, problem="its head is damaged")
    if head.number != number or not head.content_hash.startswith(short):
        return msgspec.structs.replace(bare, problem="its head tells another version than its name")
    return Version(
        number=number,
        content_hash=head.content_hash,
        at=head.at,
        title=head.title,
        comment=head.comment,
        path=path,
    )
