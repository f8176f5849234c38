"""Build hook: a wheel carries the built web client, the examples and the resources.

An editable installation gets none of it (the checkout has them, and `bootstrap.py` builds the client there): a
forced file would leave a second `mug` beside the one being worked on.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClientBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc] # hatchling is only there while building
    """Builds the web client if it is absent."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a build; `version` is "standard" or "editable"."""
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        if not (root / "mug" / "server" / "client" / "index.html").is_file():
            npm = shutil.which("npm")
            if npm is None:
                raise RuntimeError(
                    "The web client is not built and npm is missing: run `python3 bootstrap.py setup` first"
                )
            environment = {**os.environ, "CI": "1"}
            for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *arguments], cwd=root / "web_client", env=environment, check=True)
        for place in (root / "examples", *sorted((root / "resources").glob("*"))):
            if place.is_dir():
                # `mug new` needs the templates where there is no app, too.
                package = "mug/packaged" if place.name == "templates" else "gui/packaged"
                tail = place.name if package == "mug/packaged" else place.relative_to(root).as_posix()
                build_data["force_include"][str(place)] = f"{package}/{tail}"
