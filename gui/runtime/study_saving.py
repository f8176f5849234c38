"""Writing the open study to its file, on a worker: never over a change that was made outside, never a half file."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from gui.models.opened_study import OpenedStudy
from gui.runtime.study_copying import CopyProgress, make_folder
from mug.errors import MugError
from mug.study import content_hash, validate
from mug.study.errors import StudyFileError
from mug.study.files import replace_text, write_study
from mug.study.model import Study

__all__ = [
    "ChangedOutsideError",
    "KeepVersion",
    "SaveRequest",
    "Saved",
    "beside",
    "save_beside",
    "save_copy",
    "save_script",
    "save_study",
]

KeepVersion = Callable[[Path, str | Study], object]
"""Keeps a version: the file of the study, and the study or the text of its ``study.toml``."""


class ChangedOutsideError(MugError):
    """The file on disk is not the one that was read or written last.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path.name} was changed outside of MUG Lab, and was not overwritten")


@dataclass(frozen=True)
class SaveRequest:
    """What is to be saved where.

    Attributes:
        study: The study.
        opened: Where it lives, and what its file was last.
        overwrite: SHA-256, in hex, of outside content that may be overwritten, too; it is kept first.
    """

    study: Study
    opened: OpenedStudy
    overwrite: str = ""


@dataclass(frozen=True)
class Saved:
    """What was saved.

    Attributes:
        opened: The study as it is in its file now.
        warning: What went wrong without being in the way, in a sentence; empty: nothing.
        outside_kept: Where the outside content went that was overwritten; empty: there was none.
    """

    opened: OpenedStudy
    warning: str = ""
    outside_kept: str = ""


def save_study(request: SaveRequest, keep_version: KeepVersion) -> Saved:
    """Write a study folder's ``study.toml``; comments and order stay.

    What was in the file, and what is in it now, are kept as versions.

    Raises:
        ChangedOutsideError: When it was changed outside, and that is not to be overwritten.
        StudyFileError: When it cannot be written; the file is then as it was.
    """
    opened = request.opened
    file = opened.file
    warning, kept, sha256 = _keep_what_is_there(request, keep_version)
    text = write_study(request.study, file, _still(file, sha256))
    warning = _try_to_keep(keep_version, file, text) or warning
    return Saved(_opened(request, text), warning, kept)


def save_script(request: SaveRequest, text: str, keep_version: KeepVersion, *, put_aside: bool) -> Saved:
    """Write a script that is known to load as the study, and the modules that it needs.

    Args:
        request: The study and its script.
        text: The script.
        keep_version: As in `save_study`.
        put_aside: Keep the script that is there beside it, whatever it is.

    Raises:
        ChangedOutsideError: As in `save_study`.
        StudyFileError: When it cannot be written; the file is then as it was.
    """
    file = request.opened.file
    sha256 = _sha256(file)
    is_changed = sha256 not in {"", request.opened.source_sha256}
    if is_changed and not put_aside and sha256 != request.overwrite:
        raise ChangedOutsideError(file)
    kept = ""
    if sha256 and (put_aside or is_changed):
        target = beside(file, "before-mug" if put_aside else "changed-outside")
        try:
            shutil.copy2(file, target)
        except OSError as error:
            raise StudyFileError(file, f"{target} cannot be written: {error.strerror or error}") from error
        kept = str(target)
    _write_beside(file.parent, request.opened.generated)
    replace_text(file, text, _still(file, sha256))
    saved = Saved(_opened(request, text), _try_to_keep(keep_version, file, request.study), kept)
    # Nothing that only Python can say could be written, so there is nothing of it.
    return replace(saved, opened=msgspec.structs.replace(saved.opened, in_python=(), in_python_words=(), generated={}))


def save_beside(request: SaveRequest, files: Mapping[str, str], keep_version: KeepVersion) -> Saved:
    """Write the ``study.toml`` of a study that was a script, and the files that it needs; none that is there is lost.

    Raises:
        StudyFileError: When they cannot be written, or something else of their name is there.
    """
    file = request.opened.file
    if file.exists():
        raise StudyFileError(file, f"{file} is there already")
    _write_beside(file.parent, files)
    text = write_study(request.study, file)
    return Saved(_opened(request, text), _try_to_keep(keep_version, file, text))


def save_copy(
    request: SaveRequest,
    source: Path,
    files: Mapping[str, str],
    progress: CopyProgress,
    keep_version: KeepVersion,
    *,
    put_aside: bool,
) -> Saved:
    """Make a new folder of the study, with a copy of the files of the one before.

    Args:
        request: The study and its new place.
        source: The folder before.
        files: Files that the new one needs, name → text.
        progress: As in `make_folder`.
        keep_version: As in `save_study`.
        put_aside: Rename and keep a folder that is there.

    Raises:
        StudyFileError: When it cannot be made; nothing is left of it then.
    """
    aside, text = make_folder(source, request.opened.file.parent, request.study, files, progress, put_aside=put_aside)
    warning = _try_to_keep(keep_version, request.opened.file, text)
    return Saved(_opened(request, text), warning, str(aside) if aside is not None else "")


def _write_beside(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        place = folder / name
        try:
            if place.exists():
                if place.read_text(encoding="utf-8") == text:
                    continue
                raise StudyFileError(place, f"{place} is there already, and is something else")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyFileError(place, f"{place} is there already, and cannot be read") from error
        replace_text(place, text)


def beside(file: Path, word: str) -> Path:
    """Return a free name beside a file: ``study.word.toml``, or ``study.word-2.toml`` and so on."""
    target, count = file.with_name(f"{file.stem}.{word}{file.suffix}"), 1
    while target.exists():
        count += 1
        target = file.with_name(f"{file.stem}.{word}-{count}{file.suffix}")
    return target


def _keep_what_is_there(request: SaveRequest, keep_version: KeepVersion) -> tuple[str, str, str]:
    """Keep the file as it is before it is overwritten.

    Returns:
        A warning, where an outside change went, and the SHA-256 of what was kept, in hex; empty: there is no file.
    """
    file = request.opened.file
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return "", "", ""
    except OSError as error:
        raise StudyFileError(file, f"{file} cannot be read: {error.strerror or error}") from error
    sha256 = hashlib.sha256(raw).hexdigest()
    is_changed = sha256 != request.opened.source_sha256
    if is_changed and sha256 != request.overwrite:
        raise ChangedOutsideError(file)
    try:
        keep_version(file, raw.decode("utf-8-sig"))
    except (MugError, OSError, UnicodeDecodeError) as error:
        if not is_changed:
            return f"The version before could not be kept: {error}", "", sha256
        target = beside(file, f"changed-outside-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
        try:
            target.write_bytes(raw)
        except OSError as refused:
            raise StudyFileError(
                file,
                f"{file.name} was changed outside, and that could not be kept in {target}: "
                f"{refused.strerror or refused}; nothing was overwritten",
            ) from refused
        return "", str(target), sha256
    return "", "the versions" if is_changed else "", sha256


def _still(file: Path, sha256: str) -> Callable[[], None]:
    """Return the check that a file is what was looked at, or gone: keeping that has taken its time."""

    def check() -> None:
        if _sha256(file) not in {"", sha256}:
            raise ChangedOutsideError(file)

    return check


def _try_to_keep(keep_version: KeepVersion, file: Path, content: str | Study) -> str:
    try:
        keep_version(file, content)
    except (MugError, OSError) as error:
        return f"The study is saved, but no version was kept: {error}"
    return ""


def _opened(request: SaveRequest, text: str) -> OpenedStudy:
    old = request.opened
    return OpenedStudy(
        path=old.path,
        study=request.study,
        folder=old.file.parent,
        content_hash=content_hash(request.study),
        problems=tuple(validate(request.study)),
        in_python=old.in_python,
        in_python_words=old.in_python_words,
        generated=old.generated,
        source=old.file,
        source_sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StudyFileError(file, f"{file} cannot be read: {error.strerror or error}") from error
