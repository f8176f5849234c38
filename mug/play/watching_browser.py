"""A watcher's worker and Python: texts and bytes in and out, as in `mug.play.browser`, and no game of its own."""

import json
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from mug.errors import MugError
from mug.play.agents_now import agents_now
from mug.play.config import GameConfig
from mug.play.determinism import BrowserEntropy
from mug.play.differences import Difference
from mug.play.errors import EnvironmentFailedError
from mug.play.output import View
from mug.play.values import json_value
from mug.play.watching import WatchedMatch
from mug.play.watching_rows import RecordedRows

__all__ = ["WATCHING_VERSION", "WatchedGame", "difference_words", "rounds_of"]

WATCHING_VERSION: Final = 1
"""Of these methods and their answers: a session's own `mug.play` answers a page that may be newer."""

STUDY_FOLDER: Final = "/study"
MAX_RUNS: Final = 4_000


class WatchedGame:
    """One match in a watcher's worker. Every method answers with one JSON text; failures are answers: ``failed``.

    Args:
        begin: Puts the match's clocks and chance in place of the page's (seed low, seed high, clock in ms).
        end: Puts the page's back.
        now: The page's real clock, in ms, whatever runs.
        folder: The study's folder.
    """

    def __init__(
        self,
        begin: Callable[[int, int, float], Any],
        end: Callable[[], Any],
        now: Callable[[], float] | None = None,
        folder: str = STUDY_FOLDER,
    ) -> None:
        self._begin = begin
        self._end = end
        self._now = now or (lambda: 1000.0 * time.perf_counter())
        self._folder = Path(folder)
        self._match: WatchedMatch | None = None
        self._config: GameConfig | None = None
        self._blob = b""

    def load(self, config_json: str) -> str:
        """Load the environment of a match; answers with its ``agents`` and ``assetSpecs``."""

        def work() -> dict[str, Any]:
            self.close()
            config = self._config = GameConfig.from_dict(json.loads(config_json))
            entropy = BrowserEntropy(config.match_seed, config.fps, self._begin, self._end)
            match = self._match = WatchedMatch(config, root=self._folder, entropy=entropy)
            return {"agents": list(match.agents), "assetSpecs": json_value(match.asset_specs())}

        return self._answer(work)

    def add(self, bodies: Iterable[Any]) -> str:
        """Take stored chunks, in order; answers with how many frames each episode has, and what stands out in them."""

        def work() -> dict[str, Any]:
            match = self._loaded()
            changed = {match.rows.add(_bytes(body)) for body in bodies}
            return {
                "episodes": [told for told in rounds_of(match.rows) if told["episode"] in changed],
                "problem": match.rows.problem,
            }

        return self._answer(work)

    def show(self, episode: int, frame: int, budget_ms: float) -> str:
        """Go towards a frame for at most so long; answers with the picture once it is there."""

        def work() -> dict[str, Any]:
            match = self._loaded()
            until = self._now() + budget_ms
            there = match.go(int(episode), int(frame), lambda: self._now() < until)
            answer: dict[str, Any] = {"there": there, "at": list(match.place), "told": difference_words(match.told)}
            if there:
                answer |= {"view": self._view(match.view()), "agents": self._agents(match)}
            answer["compared"] = sum(match.compared.values())
            answer["hashes"] = sum(match.hashes.values())
            answer["told"] = difference_words(match.told)
            return answer

        return self._answer(work)

    def take_blob(self) -> bytes:
        """Return the last view's image, where it is one: width * height * 4 bytes."""
        blob, self._blob = self._blob, b""
        return blob

    def close(self) -> None:
        """Leave a clean interpreter."""
        if self._match is not None:
            self._match.close()
            self._match = None

    def _loaded(self) -> WatchedMatch:
        if self._match is None:
            raise RuntimeError("no match is loaded")
        return self._match

    def _view(self, view: View) -> dict[str, Any]:
        image = view.picture.image
        if image is not None:
            self._blob = image.rgba
        return {
            "episode": view.episode,
            "frame": view.frame,
            "packet": view.picture.packet,
            "image": None if image is None else {"width": image.width, "height": image.height},
            "hud": view.hud,
            "score": view.score,
        }

    def _agents(self, match: WatchedMatch) -> list[dict[str, Any]]:
        """What each agent did in the frame that led to the picture, and what it has earned so far."""
        assert self._config is not None
        return agents_now(self._config, match.agents, match.row(), match.rows.rewards(*match.place))

    def _answer(self, work: Callable[[], dict[str, Any]]) -> str:
        try:
            answer = work()
        except EnvironmentFailedError as error:
            answer = {"failed": {"message": str(error), "traceback": error.traceback}}
        except MugError as error:
            answer = {"failed": {"message": str(error), "traceback": ""}}
        except Exception as error:
            summary = "".join(traceback.format_exception_only(error)).strip()
            answer = {"failed": {"message": summary, "traceback": traceback.format_exc()}}
        try:
            return json.dumps(answer, allow_nan=False, separators=(",", ":"), default=json_value)
        except ValueError:
            return json.dumps(json_value(answer), separators=(",", ":"))


def rounds_of(rows: RecordedRows) -> list[dict[str, Any]]:
    """Return what is recorded of each episode: how many frames, its seed, and what stands out in its rows."""
    return [
        {
            "episode": episode,
            "frames": rows.frames(episode),
            "seed": str(rows.context(episode).get("seed", "")),
            "runs": [[run.agent, run.status, run.first, run.last] for run in rows.runs(episode)[-MAX_RUNS:]],
        }
        for episode in rows.episodes
    ]


def difference_words(found: Difference | None) -> str:
    """Return the first difference in words, or nothing."""
    if found is None:
        return ""
    return (
        f"Stepping the recorded actions again gave another {found.column} in round {found.episode + 1}, frame "
        f"{found.frame}: recorded {found.recorded}, now {found.again}. What is shown from there on may not be "
        "what the participants saw."
    )


def _bytes(body: Any) -> bytes:
    """Bytes from Python's or from the browser's side (a proxied Uint8Array)."""
    to_bytes = getattr(body, "to_bytes", None)
    return to_bytes() if callable(to_bytes) and not isinstance(body, (bytes, int)) else bytes(body)
