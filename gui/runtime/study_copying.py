"""Copying a study's files to another folder, on a worker: everything that belongs to it, nothing that was recorded."""

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mug.study.errors import StudyFileError
from mug.study.files import STUDY_FILE, replace_text, write_study
from mug.study.model import Study

__all__ = ["CopyProgress", "make_folder", "study_places"]

_RECORDED = frozenset({"data", "exports"})
_TOOLS_OWN = frozenset({"__pycache__", "node_modules", "site-packages"})
_MOST_FILES = 5_000
_MOST_BYTES = 4 * 1024**3


@dataclass
class CopyProgress:
    """How far a copy is; written by the worker, read by the GUI thread.

    Attributes:
        done, total: Files.
        cancelled: Set to stop it.
    """

    done: int = 0
    total: int = 0
    cancelled: bool = False


def study_places(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Iterate over a study's folder and those in it, each with its files; links lead to what they name.

    Left out is what is no part of a study: records and exports, tools' own folders, hidden files.
    """
    seen: set[Path] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        real = here.resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not _is_left_behind(here / name, is_top=here == folder))
        names = sorted(name for name in files if not name.startswith(".") and not name.endswith((".pyc", ".pyo")))
        yield here, [here / name for name in names if (here / name).is_file()]


def make_folder(
    source: Path,
    target: Path,
    study: Study,
    files: Mapping[str, str],
    progress: CopyProgress,
    *,
    put_aside: bool = False,
) -> tuple[Path | None, str]:
    """Make a study folder: a copy of `source`'s files, with ``study.toml`` and `files` (name → text) in it.

    It is made beside its place and renamed: there is a whole study or none.

    Args:
        source: The study's folder so far; comments of a ``study.toml`` in it stay.
        target: The new one; it may be there if it is empty.
        study: The study.
        files: Texts that the new folder holds whatever the old one has.
        progress: Is counted up; `cancelled` stops it.
        put_aside: Rename and keep a folder that is there.

    Returns:
        Where the folder went that was there (None: there was none, or it was empty), and the text of ``study.toml``.

    Raises:
        StudyFileError: When it cannot be made, or was cancelled; nothing is left of it then.
    """
    source, target = source.resolve(), target.resolve()
    if target == source or target.is_relative_to(source) or source.is_relative_to(target):
        raise StudyFileError(target, f"{target} is the study's own folder, inside of it or around it: choose another")
    found = _listed(source)
    progress.total = len(found) + len(files) + 1
    scratch = target.parent / f".mug-saving-{uuid.uuid4().hex[:12]}"
    try:
        scratch.mkdir(parents=True)
        for file in found:
            if progress.cancelled:
                raise StudyFileError(target, "it was cancelled, and nothing was written")
            place = scratch / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            progress.done += 1
        for name, text in files.items():
            replace_text(scratch / name, text)
            progress.done += 1
        written = write_study(study, scratch / STUDY_FILE)
        aside = _make_room(target, put_aside=put_aside)
        scratch.rename(target)
    except StudyFileError:
        raise
    except OSError as error:
        where = error.filename or target
        raise StudyFileError(target, f"{target} cannot be written: {error.strerror or error} ({where})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return aside, written


def _is_left_behind(folder: Path, *, is_top: bool) -> bool:
    """Whether a folder is no part of a study: records and exports, tools' own folders, hidden ones."""
    name = folder.name
    is_recorded = is_top and name in _RECORDED
    return is_recorded or name in _TOOLS_OWN or name.startswith(".") or (folder / "pyvenv.cfg").exists()


def _listed(source: Path) -> list[Path]:
    found, size = [], 0
    for file in (file for _, files in study_places(source) for file in files):
        found.append(file)
        size += file.stat().st_size
        if len(found) > _MOST_FILES or size > _MOST_BYTES:
            raise StudyFileError(
                source,
                f"{source} holds more than {_MOST_FILES:,} files or {_MOST_BYTES // 1024**3} GB, so it seems to hold "
                "other things than this study. Put the study's files into a folder of their own first.",
            )
    return found


def _make_room(target: Path, *, put_aside: bool) -> Path | None:
    if not target.exists():
        return None
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
        return None
    if not put_aside:
        raise FileExistsError(17, "there is something already", str(target))
    aside, count = target.with_name(f"{target.name}-before"), 1
    while aside.exists():
        count += 1
        aside = target.with_name(f"{target.name}-before-{count}")
    target.rename(aside)
    return aside
