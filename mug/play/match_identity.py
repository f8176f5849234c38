"""What all players of a match must have alike: peers compare it before they play, and refuse each other in words."""

import hashlib
import json
import platform
import sys
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from mug.play.config import GameConfig
from mug.play.values import json_value

__all__ = ["match_identity"]

_OWN: Final = frozenset(("subject_id", "human_agents", "restart_pyodide", "study_hash", "returns", "dropped", "sent"))
"""What differs from participant to participant, or is compared by itself."""


def match_identity(config: GameConfig, snapshot_level: str) -> dict[str, str]:
    """Return names and values; the names are what a refusal tells people."""
    shared = {name: json_value(value) for name, value in asdict(config).items() if name not in _OWN}
    text = json.dumps(shared, sort_keys=True)
    return {
        "study": config.study_hash,
        "settings of the match": hashlib.blake2b(text.encode(), digest_size=16).hexdigest(),
        "way of saving states": snapshot_level,
        "Python": platform.python_version(),
        "numpy": np.__version__,
        "platform": sys.platform,
        "program": _program_hash(),
    }


@lru_cache(maxsize=1)
def _program_hash() -> str:
    """The hash of the code that plays: this package and the one that draws; "" where only bytecode is installed."""
    digest = hashlib.blake2b(digest_size=16)
    found = False
    for package in (Path(__file__).parent, Path(__file__).parent.parent / "rendering"):
        for path in sorted(package.rglob("*.py")):
            digest.update(path.relative_to(package.parent).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
            found = True
    return digest.hexdigest() if found else ""
