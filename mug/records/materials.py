"""``materials/``: what the participants were given, as far as the records hold it."""

import csv
import io
import json
import zipfile
from pathlib import Path

from mug.records.anonymise import Anonymiser
from mug.records.described import Described
from mug.records.scene_settings import write_scene_settings

__all__ = ["write_materials"]


def write_materials(folder: Path, described: Described) -> None:
    """Write the frozen study, its scenes, its files' digests, and the files that pages got, and matches' processes."""
    folder.mkdir()
    study = described.study
    text = json.dumps(study, indent=2, ensure_ascii=False) + "\n"
    (folder / "study.json").write_text(text, encoding="utf-8", newline="\n")
    write_scene_settings(folder / "scenes", study)
    (folder / "files.csv").write_text(_files(described), encoding="utf-8", newline="")
    opened = described.history.opened
    for name, digest in (("study.zip", opened.zip_sha256), ("study_on_server.zip", opened.stepped_zip_sha256)):
        body = described.reader.find_body(digest) if digest else None
        if body is not None and (described.anonymiser is None or not _tells(body, described.anonymiser)):
            (folder / name).write_bytes(body)


def _files(described: Described) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("path", "sha256"))
    writer.writerows((described.text(path), digest) for path, digest in sorted(described.history.opened.files.items()))
    return out.getvalue()


def _tells(body: bytes, anonymiser: Anonymiser) -> bool:
    """Whether a zip holds an identifier: then it is not given away."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
            contents = [*map(archive.read, names), "\n".join(names).encode("utf-8", "replace")]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return True
    texts = (content.decode("utf-8", "replace") for content in contents)
    return any(anonymiser.text(text) != text for text in texts)
