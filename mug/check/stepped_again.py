"""Steps matches again that the server had stepped, in this Python; run as a child by `mug.check`.

Run as ``python -m mug.check.stepped_again SPEC OUT``: reads a JSON object with the matches' configs and the files of
their chunks, and writes what came of each. It is a process of its own, because study code may do anything.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig
from mug.play.determinism import NativeEntropy
from mug.play.errors import PlayError
from mug.play.resimulate import resimulate

__all__ = ["main"]


def main(spec: Path, out: Path) -> None:
    """Step the matches that `spec` describes again; write a `Resimulation`, or the error, of each to `out`."""
    wanted = json.loads(spec.read_text(encoding="utf-8"))
    root = Path(wanted["root"])
    os.chdir(root)
    sys.path[:0] = [wanted["root"], *wanted["paths"]]
    answers: list[dict[str, Any]] = []
    for match in wanted["matches"]:
        config = GameConfig.from_dict(match["config"])
        chunks = [Path(path).read_bytes() for path in match["chunks"]]
        try:
            done = resimulate(config, chunks, root=root, entropy=NativeEntropy(config.match_seed, config.fps))
        except PlayError as error:
            answers.append({"match_id": config.match_id, "error": str(error)})
        else:
            answers.append(asdict(done))
    out.write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
