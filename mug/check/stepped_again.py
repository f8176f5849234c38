"""Steps matches again that the server had stepped, in this Python; run as a child by `mug.check`.

Run as ``python -m mug.check.stepped_again SPEC OUT``: reads a JSON object with the matches' configs and the files of
their chunks, and writes what came of each. It is a process of its own, because study code may do anything.
"""

import json
import os
import sys
from pathlib import Path

from mug.play.determinism import NativeEntropy
from mug.play.resimulate import resimulate_matches

__all__ = ["main"]


def main(spec: Path, out: Path) -> None:
    """Step the matches that `spec` describes again; write a `Resimulation`, or the error, of each to `out`."""
    wanted = json.loads(spec.read_text(encoding="utf-8"))
    root = Path(wanted["root"])
    os.chdir(root)
    sys.path[:0] = [wanted["root"], *wanted["paths"]]
    answers = resimulate_matches(root, wanted["matches"], lambda config: NativeEntropy(config.match_seed, config.fps))
    out.write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
