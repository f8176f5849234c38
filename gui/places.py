"""Where the files beside the code are: icons, style sheets, examples. One function, for a checkout and a wheel."""

from pathlib import Path

__all__ = ["examples", "find_place", "resource"]

_HERE = Path(__file__).resolve().parent


def find_place(name: str) -> Path | None:
    """Return the folder `name` ("resources", "examples"): the copy in the package, else the checkout's.

    Returns:
        The folder, or None when neither is there.
    """
    for folder in (_HERE / "packaged" / name, _HERE.parent / name):
        if folder.is_dir():
            return folder
    return None


def resource(tail: str) -> Path:
    """Return the path of a file under `resources`, such as ``icons/run.svg``."""
    folder = find_place("resources")
    return (folder or _HERE.parent / "resources") / tail


def examples() -> list[Path]:
    """Return the example studies: every folder of `examples` that holds a ``study.toml``, by name."""
    folder = find_place("examples")
    if folder is None:
        return []
    return sorted(path.parent for path in folder.glob("*/study.toml"))
