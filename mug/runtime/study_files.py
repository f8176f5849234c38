"""What is unpacked to `/study` in the participants' browsers: our own part, and the study's files."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import mug

__all__ = ["browser_part", "study_zip"]

_MODULES = ("__init__.py", "ids.py", "errors.py")
_PACKAGES = ("rendering", "play")


def browser_part() -> dict[str, bytes]:
    """The modules of mug that run in the browser: name in the zip (`mug/ids.py`) to content."""
    root = Path(mug.__file__).parent
    paths = [root / name for name in _MODULES]
    for package in _PACKAGES:
        paths += sorted(path for path in (root / package).rglob("*.py") if "__pycache__" not in path.parts)
    return {f"mug/{path.relative_to(root).as_posix()}": path.read_bytes() for path in paths}


def study_zip(parts: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Pack files; the same files give the same bytes.

    Args:
        parts: Name in the zip, with `/`, to content.

    Returns:
        The zip's sha256 in hex, and the zip.

    Raises:
        ValueError: A name leads out of the zip, or is absolute.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(parts):
            path = PurePosixPath(name)
            if not name or path.is_absolute() or ".." in path.parts or "\\" in name or path.as_posix() != name:
                raise ValueError(f"{name!r} cannot be a file of a study: use relative names with '/', without '..'")
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            member.create_system = 3
            archive.writestr(member, parts[name], zipfile.ZIP_DEFLATED, 6)
    data = buffer.getvalue()
    return hashlib.sha256(data).hexdigest(), data
