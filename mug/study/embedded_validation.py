"""What the data of a scene with a build tells of what is wrong with it; files are looked at by `mug.check`."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from mug.study.builds import build_root
from mug.study.model import EmbeddedBuild, HtmlGame
from mug.study.places import problem_at
from mug.study.problems import Problem
from mug.study.traversal import NodePath

__all__ = ["problems_of_build"]

_SCHEMES: Final = ("http:", "https:", "//", "ftp:", "data:", "blob:", "file:")


def problems_of_build(path: NodePath, node: EmbeddedBuild) -> Iterator[Problem]:
    """Yield what is wrong with the build's name, folder and size."""
    webgl = node.webgl
    name = (webgl.build_name or "").strip()
    if not name:
        message = "is missing: give the name of the build's folder below webgl_base_url"
        yield problem_at(node, path, "webgl.build_name", "no_build", message)
    elif name.lower().startswith(_SCHEMES):
        yield problem_at(node, path, "webgl.build_name", "other_host", _other_host(name))
    elif not _is_inside(name):
        message = (
            f"is {webgl.build_name!r}; it must name a folder below webgl_base_url, without '..' and without a dot first"
        )
        yield problem_at(node, path, "webgl.build_name", "not_allowed", message)
    elif name.endswith((".js", ".html", ".data", ".wasm", ".gz", ".br", ".zip")):
        message = f"is {name!r}, which looks like a file; give the name of the folder that the build lies in"
        yield problem_at(node, path, "webgl.build_name", "not_a_folder", message, "warning")
    base = webgl.webgl_base_url.strip()
    if base.lower().startswith(_SCHEMES):
        yield problem_at(node, path, "webgl.webgl_base_url", "other_host", _other_host(base))
    elif not build_root(node) or ".." in PurePosixPath(base.replace("\\", "/")).parts or base.startswith("/"):
        message = f'is {base!r}; it must be a folder of the study, as "static/webgl"'
        yield problem_at(node, path, "webgl.webgl_base_url", "not_allowed", message)
    if isinstance(node, HtmlGame) and webgl.preload_game:
        message = (
            "has no effect for an HTML game, which loads its files itself and by itself: leave it out, or make it a "
            "Unity game if it is one"
        )
        yield problem_at(node, path, "webgl.preload_game", "no_effect", message, "warning")


def _is_inside(name: str) -> bool:
    pure = PurePosixPath(name.replace("\\", "/"))
    return not pure.is_absolute() and bool(pure.parts) and not any(part.startswith(".") for part in pure.parts)


def _other_host(text: str) -> str:
    return (
        f"is {text!r}, an address; nothing is loaded from other hosts: put the build into a folder of the study and "
        "name that"
    )
