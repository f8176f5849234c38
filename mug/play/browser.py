"""The worker's side of Python: one call per tick, texts and bytes out, no proxies kept.

Every method answers with one JSON text. Its `blobs` says how many byte blocks belong to it (images of the views, then
bodies of the chunks, then bodies of the packets, in order); the worker fetches them with `take_blob`. Failures are
answers too: `failed` with the kind, a sentence and the study's traceback, or `irreproducible`.
"""

import importlib
import json
import os
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from mug.errors import MugError
from mug.play.config import GameConfig
from mug.play.determinism import BrowserEntropy
from mug.play.errors import EnvironmentFailedError, IrreproducibleError
from mug.play.match import MatchSession
from mug.play.match_calibration import Calibration
from mug.play.output import Output, View
from mug.play.replay import Tail
from mug.play.session import GameSession
from mug.play.transports import Incoming, read_packets
from mug.play.values import json_value

__all__ = ["BrowserGame", "prepare_interpreter"]

STUDY_FOLDER: Final = "/study"


def prepare_interpreter(folder: str = STUDY_FOLDER, imports: Sequence[str] = ()) -> None:
    """Make the study's folder the working directory and the first place for imports; help gymnasium to import.

    WORKAROUND: Pyodide has no `_multiprocessing`; gymnasium imports it on the way to its vector environments,
    which nobody can use in a browser.

    Args:
        folder: The study's folder.
        imports: Modules to import already now, while the participant still reads.
    """
    if "_multiprocessing" not in sys.modules:
        stub = types.ModuleType("_multiprocessing")
        stub.__dict__["SemLock"] = type("SemLock", (), {"SEM_VALUE_MAX": 2**31 - 1})
        stub.__dict__["sem_unlink"] = lambda name: None
        sys.modules["_multiprocessing"] = stub
    Path(folder).mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    for name in imports:
        try:
            importlib.import_module(name)
        except ImportError:
            # Only a head start: the study's own import will say what is wrong, with its file and line.
            continue


class BrowserGame:
    """One visit of a game scene in a worker.

    Args:
        begin: Puts the match's clocks and chance in place of the browser's (seed low, seed high, clock in ms).
        end: Puts the browser's back.
        folder: The study's folder.
    """

    measured: ClassVar[dict[str, Calibration]] = {}
    """What this worker measured, by scene: a match begins with the figures of the load before it."""

    def __init__(
        self,
        begin: Callable[[int, int, float], Any],
        end: Callable[[], Any],
        folder: str = STUDY_FOLDER,
    ) -> None:
        self._begin = begin
        self._end = end
        self._folder = Path(folder)
        self._session: GameSession | MatchSession | None = None
        self._blobs: list[bytes] = []

    def load(self, config_json: str, stored: Iterable[Any] = (), tail_json: str | None = None) -> str:
        """Load the environment, reset it or step the stored frames again.

        A game of several people is loaded twice: first without a match, to warm up while partners are looked for; what
        that measured is kept for the match itself.

        Args:
            config_json: The `GameConfig`.
            stored: Bodies of the match's stored chunks.
            tail_json: The page's `TailRecord`, or None.
        """

        def work() -> Output:
            config = GameConfig.from_dict(json.loads(config_json))
            entropy = BrowserEntropy(config.match_seed, config.fps, self._begin, self._end)
            self.close()
            if config.players:
                calibration = self.measured.setdefault(config.scene_id, Calibration())
                self._session = MatchSession(config, root=self._folder, entropy=entropy, calibration=calibration)
            else:
                self._session = GameSession(config, root=self._folder, entropy=entropy)
            return self._session.open([_bytes(body) for body in stored], _tail(tail_json))

        return self._answer(work, loading=True)

    def start(self) -> str:
        """Let the game begin."""
        return self._answer(self._require_session().start)

    def keys(self, keys_json: str) -> None:
        """Take ``{"held": [...], "pressed": [...]}``."""
        keys = json.loads(keys_json)
        self._require_session().keys(keys["held"], keys["pressed"])

    def change_globals(self, change_json: str) -> None:
        """Take what a page changed of the participant's dict: `values` that it set, and names that it `removed`."""
        change = json.loads(change_json)
        self._require_session().change_globals(change["values"], change["removed"])

    def tick(self, now_ms: float = 0.0, packets: Any = None) -> str:
        """Let one frame time pass.

        Args:
            now_ms: The worker's clock.
            packets: In a game of several people, the partners' packets since the last call, in one block of bytes
                (`mug.play.transports`), or None.
        """
        session = self._require_session()
        if isinstance(session, MatchSession):
            return self._answer(lambda: session.tick(float(now_ms), _packets(packets)))
        return self._answer(session.tick)

    def poll(self, now_ms: float, packets: Any = None) -> str:
        """Between two frame times: take the partners' packets and answer them."""
        session = self._require_session()
        if isinstance(session, MatchSession):
            return self._answer(lambda: session.poll(float(now_ms), _packets(packets)))
        return self._answer(Output)

    def note(self, note_json: str) -> None:
        """Take what the page knows of a match besides packets: a `MatchNote`."""
        session = self._require_session()
        if isinstance(session, MatchSession):
            session.note(json.loads(note_json))

    def flush(self) -> str:
        """Hand over the rows that are not cut yet."""
        return self._answer(self._require_session().flush)

    def take_blob(self) -> bytes:
        """Return the next byte block of the last answer."""
        return self._blobs.pop(0)

    def close(self) -> None:
        """End the visit and leave a clean interpreter."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _require_session(self) -> GameSession | MatchSession:
        if self._session is None:
            raise RuntimeError("no game is loaded")
        return self._session

    def _answer(self, work: Callable[[], Output], *, loading: bool = False) -> str:
        self._blobs = []
        try:
            return self._text(work(), loading=loading)
        except IrreproducibleError as error:
            return self._stopped({"irreproducible": {"reason": str(error), "episode": error.episode}})
        except EnvironmentFailedError as error:
            failed = {"kind": "environment", "message": str(error), "traceback": error.traceback, "stage": error.stage}
            return self._stopped({"failed": failed})
        except MugError as error:
            failed = {"kind": "environment", "message": str(error), "traceback": "", "stage": "load"}
            return self._stopped({"failed": failed})
        except Exception as error:
            summary = "".join(traceback.format_exception_only(error)).strip()
            failed = {"kind": "runtime", "message": summary, "traceback": traceback.format_exc(), "stage": ""}
            return self._stopped({"failed": failed})

    def _stopped(self, answer: dict[str, Any]) -> str:
        """An answer that ends the game; rows that were not cut yet go with it."""
        output = Output()
        if self._session is not None and "failed" in answer:
            output = self._session.flush()
        return self._text(output, extra=answer)

    def _text(self, output: Output, *, loading: bool = False, extra: dict[str, Any] | None = None) -> str:
        blobs: list[bytes] = []
        answer: dict[str, Any] = {
            "views": [_view(view, blobs) for view in output.views],
            "events": [{"name": event.name, "data": event.data} for event in output.events],
            "chunks": [chunk.meta for chunk in output.chunks],
            "tail": _tail_data(output.tail),
            "globals": output.mug_globals,
            "waitMs": output.wait_s * 1000.0,
            "stepMs": output.step_s * 1000.0,
            "renderMs": output.render_s * 1000.0,
            "finished": output.finished,
            "packets": [
                {"player": packet.player, "channel": packet.channel, "delayMs": packet.delay_ms}
                for packet in output.packets
            ],
            "live": output.live,
            "peers": [{"name": event.name, "data": event.data} for event in output.peers],
            "rows": output.rows,
            "speed": output.speed,
            "stage": output.stage,
            "outcome": output.outcome,
            "reason": output.reason,
            "policies": output.policy_figures,
            **(extra or {}),
        }
        if loading and self._session is not None:
            answer["agents"] = list(self._session.agents)
            answer["assetSpecs"] = json_value(self._session.asset_specs())
        blobs += [chunk.body for chunk in output.chunks]
        blobs += [packet.body for packet in output.packets]
        self._blobs = blobs
        answer["blobs"] = len(blobs)
        try:
            return json.dumps(answer, allow_nan=False, separators=(",", ":"), default=json_value)
        except ValueError:
            return json.dumps(json_value(answer), separators=(",", ":"))


def _view(view: View, blobs: list[bytes]) -> dict[str, Any]:
    image = view.picture.image
    if image is not None:
        blobs.append(image.rgba)
    return {
        "episode": view.episode,
        "frame": view.frame,
        "packet": view.picture.packet,
        "image": None if image is None else {"width": image.width, "height": image.height},
        "hud": view.hud,
        "score": view.score,
        "corrected": view.corrected,
    }


def _tail_data(tail: Tail | None) -> dict[str, Any] | None:
    if tail is None:
        return None
    return {
        "matchId": tail.match_id,
        "episode": tail.episode,
        "first": tail.first,
        "entries": list(tail.entries),
        "context": tail.context,
    }


def _tail(tail_json: str | None) -> Tail | None:
    data = json.loads(tail_json) if tail_json else None
    if data is None:
        return None
    return Tail(
        match_id=str(data["matchId"]),
        episode=int(data["episode"]),
        first=int(data["first"]),
        entries=tuple(map(str, data["entries"])),
        context=str(data.get("context") or ""),
    )


def _packets(block: Any) -> list[Incoming]:
    return [] if block is None else read_packets(_bytes(block))


def _bytes(body: Any) -> bytes:
    """Bytes from Python's or from the browser's side (a proxied Uint8Array)."""
    to_bytes = getattr(body, "to_bytes", None)
    return to_bytes() if callable(to_bytes) and not isinstance(body, (bytes, int)) else bytes(body)
