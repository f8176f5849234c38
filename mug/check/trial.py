"""Tries one game's environment in this process; run as a child by `mug.check`, never imported by it.

Run as ``python -m mug.check.trial SPEC OUT PROGRESS``: reads a JSON object with the game's config and the study's
folder, plays the game, writes what it found, and meanwhile into a file what it is doing. It is a process of its own,
because an environment may hang, exit or crash.
"""

import faulthandler
import json
import sys
from pathlib import Path

from mug.play.trial import run_trial
from mug.policies.native import run_models_here

__all__ = ["main"]


def main(spec: Path, out: Path, progress: Path) -> None:
    """Try the game that `spec` describes and write the findings to `out`."""
    run_models_here()
    wanted = json.loads(spec.read_text(encoding="utf-8"))
    sys.path[:0] = [wanted["root"], *wanted["paths"]]

    # Where it stands is written shortly before the parent ends it.
    faulthandler.dump_traceback_later(wanted["first_patience_s"], repeat=True)

    def tell(text: str, share: float) -> None:
        faulthandler.dump_traceback_later(wanted["patience_s"], repeat=True)
        progress.write_text(json.dumps([text, share]), encoding="utf-8")

    out.write_text(json.dumps(run_trial(wanted, progress=tell)), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
