"""Studies to begin with: complete small ones, copied into a folder of their own and given a name."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import tomlkit

from mug.errors import InvalidIdError
from mug.ids import check_id, is_valid_id
from mug.study.errors import NewStudyError
from mug.study.files import STUDY_FILE, read_study
from mug.study.folder_names import folder_name_problem, study_id_of
from mug.study.model import Study
from mug.study.problems import did_you_mean

__all__ = ["TEMPLATES", "Template", "create_study", "new_folder_problem", "template", "template_folder"]

_HERE: Final = Path(__file__).resolve().parent


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One study to begin with.

    Attributes:
        key: Its name for commands and programs.
        title: A few words.
        description: What is in it, in a sentence or two.
        icon: The picture that stands for it.
        players: How many people play its game; 0: it has none.
    """

    key: str
    title: str
    description: str
    icon: str
    players: int

    def study(self) -> Study:
        """Read it."""
        return read_study(template_folder(self.key) / STUDY_FILE)


TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        key="single_player",
        title="Single player",
        description="One participant plays a game in the browser: a small Gymnasium environment to replace with yours.",
        icon="user",
        players=1,
    ),
    Template(
        key="two_players",
        title="Two players",
        description="Two participants find each other in a waiting room and play a game together, then rate it.",
        icon="users",
        players=2,
    ),
    Template(
        key="human_ai",
        title="Human and AI",
        description="One participant plays with an artificial partner, which a small Python class controls.",
        icon="robot",
        players=1,
    ),
    Template(
        key="survey",
        title="Survey only",
        description="Pages with questions, without a game: one of each kind of form, and a random order.",
        icon="form-choice",
        players=0,
    ),
)
"""All of them, in the order in which they are shown."""


def template(key: str) -> Template:
    """Return the template `key`.

    Raises:
        NewStudyError: When there is none; the message names those there are.
    """
    for known in TEMPLATES:
        if known.key == key.replace("-", "_"):
            return known
    keys = [known.key for known in TEMPLATES]
    raise NewStudyError(key, f"there is no template {key!r}{did_you_mean(key, keys)} (there are {', '.join(keys)})")


def template_folder(key: str) -> Path:
    """Return the folder of a template: the copy in the package, else the checkout's.

    Raises:
        NewStudyError: When it is not there.
    """
    known = template(key).key
    for folder in (_HERE.parent / "packaged" / "templates", _HERE.parents[1] / "resources" / "templates"):
        if (folder / known / STUDY_FILE).is_file():
            return folder / known
    raise NewStudyError(key, f"the template {key!r} is missing from this installation: install MUG again")


def new_folder_problem(folder: Path) -> NewStudyError | None:
    """Return why no study can be made in `folder`, or None when it seems that one can. Changes nothing."""
    wrong = folder_name_problem(folder.name)
    if wrong is not None:
        return NewStudyError(folder, f"{wrong.message}; try {wrong.suggestion!r}", suggestion=wrong.suggestion)
    parent = folder.parent
    try:
        if folder.is_dir():
            if any(folder.iterdir()):
                what = "a study" if (folder / STUDY_FILE).exists() else "files"
                return NewStudyError(folder, f"{folder} holds {what} already: choose another name", taken=True)
        elif folder.exists() or folder.is_symlink():
            return NewStudyError(folder, f"{folder} is a file: choose another name", taken=True)
        while not parent.exists() and parent != parent.parent:
            parent = parent.parent
        if not parent.is_dir():
            return NewStudyError(folder, f"{parent} is not a folder: choose another place")
    except OSError as error:
        return _unwritable(folder, error)
    if not os.access(parent, os.W_OK | os.X_OK):
        return NewStudyError(folder, f"{parent} cannot be written to: choose another place")
    return None


def create_study(template_key: str, folder: Path, *, study_id: str | None = None, title: str | None = None) -> Path:
    """Make a study from a template.

    It is written beside its place and renamed, so that there is a whole study or none.

    Args:
        template_key: A key of `TEMPLATES`.
        folder: The study's folder; its parents are made if they are missing. It may be there if it is empty.
        study_id: The experiment's id, which names its data; not given: made of the title, or of the folder's name.
        title: The study's name for people; not given: the folder's name in words.

    Returns:
        The folder, as an absolute path.

    Raises:
        NewStudyError: When the folder holds something, has a name that not all systems take, or cannot be written.
    """
    source = template_folder(template_key)
    folder = folder.expanduser().absolute()
    problem = new_folder_problem(folder)
    if problem is not None:
        raise problem
    title = title.strip() if title is not None and title.strip() else folder.name.replace("_", " ").capitalize()
    chosen = study_id or study_id_of(title) or study_id_of(folder.name) or source.name.replace("_", "-")
    try:
        check_id(chosen, "experiment id")
    except InvalidIdError as error:
        raise NewStudyError(folder, str(error), suggestion=study_id_of(chosen)) from error
    made_parents = [parent for parent in (folder.parent, *folder.parent.parents) if not parent.exists()]
    beside = folder.parent / f".mug-new-{uuid.uuid4().hex[:12]}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, beside)
        _name(beside / STUDY_FILE, chosen, title)
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()  # only an empty one goes; Windows renames onto none at all
        beside.rename(folder)
    except (OSError, UnicodeEncodeError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        for parent in made_parents:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise _unwritable(folder, error) from error
    return folder


def _copy(source: Path, target: Path) -> None:
    """Copy contents only: an installed template may be read-only, a study must not."""
    for path in _files(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _name(file: Path, study_id: str, title: str) -> None:
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    document["id"] = study_id
    document["title"] = title
    file.write_text(tomlkit.dumps(document), encoding="utf-8", newline="\n")
    assert is_valid_id(study_id)


def _unwritable(folder: Path, error: Exception) -> NewStudyError:
    reason = getattr(error, "strerror", None) or error
    return NewStudyError(folder, f"{folder} cannot be made: {reason}; choose another place")
