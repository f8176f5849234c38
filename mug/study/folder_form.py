"""A script's study as a study folder: what only Python can say stays in the script, and the study file refers to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mug.study.catalog import struct_fields
from mug.study.edits import Compound, Edit, SetField, field_value
from mug.study.errors import CallableError, StudyFileError
from mug.study.game_validation import BROWSER_CALLABLES
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Scene, Section, Study
from mug.study.traversal import NodePath, walk

__all__ = ["FolderForm", "folder_form", "with_references"]


@dataclass(frozen=True)
class FolderForm:
    """What is written so that a folder holds a script's study.

    Attributes:
        study: The study for ``study.toml``.
        files: Files that are to lie beside it, name → text: functions of the script that run in the browser.
        references: How these functions were referred to before → how they are now; for `with_references`.
        script: The script, if the study refers to it: it must lie beside the study file, under this name, with what it
            imports.
    """

    study: Study
    files: Mapping[str, str]
    references: Mapping[str, str]
    script: Path | None


def folder_form(loaded: LoadedStudy) -> FolderForm:
    """Return the form in which a loaded study is saved as a folder; it loads, and runs, as the script's does.

    A study that came from a folder is the same.

    Raises:
        StudyFileError: When the study refers to what its script does not say any more: it was changed since.
    """
    if loaded.from_script and (lost := sorted(_lost(loaded))):
        raise StudyFileError(
            loaded.source,
            f"{loaded.source.name} was changed since the study was opened, and says nothing any more of "
            f"{', '.join(lost)}: load it again, or bring that back",
        )
    names = _file_names(loaded)
    references = {
        f"{old}:{field}": f"{new}:{field}"
        for old, new in names.items()
        for field in {name.rpartition(".")[2] for name in BROWSER_CALLABLES}
    }
    files = {new: _headed(loaded, loaded.generated[old]) for old, new in names.items()}
    used = {ref: new for ref, new in references.items() if ref in set(_browser_references(loaded.study).values())}
    script = loaded.source if loaded.from_script and loaded.callables else None
    return FolderForm(with_references(loaded.study, used), files, used, script)


def with_references(study: Study, references: Mapping[str, str]) -> Study:
    """Return a study, edited since or not, with the references of `FolderForm.references` in place of the old ones."""
    edits: list[Edit] = [
        SetField(path=path, field=field, value=references[ref])
        for (path, field), ref in _browser_references(study).items()
        if ref in references
    ]
    changed, _ = Compound(edits=tuple(edits), label="Refer to files").apply(study)
    return changed


def _lost(loaded: LoadedStudy) -> Iterator[str]:
    """Go through the places of functions that the script as it is now does not have."""
    for place, ref in _references(loaded.study):
        file = ref.rpartition(":")[0]
        if file.startswith("mug_script_"):
            if file not in loaded.generated and not loaded.resolve_path(file).is_file():
                yield place
        elif file == loaded.source.name and ref not in loaded.callables:
            try:
                loaded.resolve_callable(ref)
            except CallableError:
                yield place


def _references(study: Study) -> Iterator[tuple[str, str]]:
    """Go through all functions that a study refers to, with the words for their places."""
    sections: list[tuple[str, Section]] = [("screening", study.screening)]
    sections += [(str(node.scene_id), node) for _, node in walk(study) if isinstance(node, Scene)]
    while sections:
        place, section = sections.pop()
        for info in struct_fields(type(section)):
            value = getattr(section, info.name)
            if info.section is not None:
                sections.append((place, value))
            elif info.shape == "callable" and isinstance(value, str):
                yield f"{place}.{info.name}", value


def _browser_references(study: Study) -> dict[tuple[NodePath, str], str]:
    """Return the functions that games call in the browser, by their places."""
    found: dict[tuple[NodePath, str], str] = {}
    for path, node in walk(study):
        if isinstance(node, GymGame):
            for field in BROWSER_CALLABLES:
                ref: Any = field_value(study, path, field)
                if isinstance(ref, str):
                    found[path, field] = ref
    return found


def _file_names(loaded: LoadedStudy) -> dict[str, str]:
    """Give each generated module a name that says whose function it holds, and that the folder has not got yet."""
    taken = {entry.name.lower() for entry in loaded.folder.iterdir()} if loaded.folder.is_dir() else set()
    names: dict[str, str] = {}
    for (path, field), ref in _browser_references(loaded.study).items():
        old = ref.rpartition(":")[0]
        if old not in loaded.generated or old in names:
            continue
        scene = str(field_value(loaded.study, path, "scene_id"))
        stem = re.sub(r"\W+", "_", f"{scene}_{field.rpartition('.')[2]}", flags=re.ASCII).lower()
        stem = f"scene_{stem}" if stem[0].isdigit() else stem
        name, number = f"{stem}.py", 1
        while name in taken and not _holds(loaded.folder / name, _headed(loaded, loaded.generated[old])):
            number += 1
            name = f"{stem}_{number}.py"
        taken.add(name)
        names[old] = name
    return names


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _headed(loaded: LoadedStudy, source: str) -> str:
    return (
        f'"""Written by MUG: a function of {loaded.source.name} that runs in the participant\'s browser."""\n\n{source}'
    )
