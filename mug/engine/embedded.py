"""Scenes that show a build: what a page is told of it, its episodes as they come in, the study's functions for them.

A build plays by itself in the browser; the server hears of its episodes in the chunks of the event stream. So a
finished episode is on the disk before its functions are called, and it is finished once, however often its page is
loaded again.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mug.engine.effects import ConnectionId, Send
from mug.engine.live import Core, PendingCall
from mug.engine.payload import FrozenStudy, Scene, body_text
from mug.engine.state import ParticipantState, VisitState
from mug.ids import VisitId
from mug.protocol.messages import BuildFile, EmbeddedContent, EpisodeTaken
from mug.records import facts as f
from mug.records.json_lines import read_lines
from mug.study.builds import build_address
from mug.study.model import EmbeddedBuild, HtmlGame, UnityGame

__all__ = ["EPISODE_ENDED", "EPISODE_STARTED", "Embedded", "embedded_content", "episodes_in", "preloaded_builds"]

EPISODE_STARTED: Final = "build_episode_started"
EPISODE_ENDED: Final = "build_episode_ended"
BUILD_ADDRESS: Final = "_mug/build/"
"""Where builds are served, below the server's root."""

MAX_ROWS: Final = 4_000
MAX_DATA_CHARS: Final = 16_384
MAX_STARTS: Final = 200
"""Starts of episodes in one visit for which the study's function is called: a page that is loaded again starts anew."""


def preloaded_builds(frozen: FrozenStudy, ahead: Iterable[Scene]) -> tuple[BuildFile, ...]:
    """Return the files that a page fetches ahead: those of Unity builds that ask for it, among the scenes to come."""
    found: dict[str, BuildFile] = {}
    for scene in ahead:
        if isinstance(scene, UnityGame) and scene.webgl.preload_game:
            found.update((file.url, file) for file in _files(frozen, scene))
    return tuple(found.values())


def _files(frozen: FrozenStudy, scene: EmbeddedBuild) -> tuple[BuildFile, ...]:
    return frozen.builds.get(build_address(scene), ())


def embedded_content(frozen: FrozenStudy, scene: EmbeddedBuild, visit: VisitState) -> EmbeddedContent:
    """Build the view of a scene with a build."""
    webgl, game = scene.webgl, scene.game
    return EmbeddedContent(
        build="html" if isinstance(scene, HtmlGame) else "unity",
        scene_header=scene.scene_header or "",
        scene_subheader=scene.scene_subheader or "",
        body_html=body_text(frozen, scene.scene_body, scene.scene_body_filepath),
        folder_url=f"{frozen.static_base}{BUILD_ADDRESS}{build_address(scene)}/",
        files=_files(frozen, scene),
        width=webgl.width,
        height=webgl.height,
        allow_continue_on=webgl.allow_continue_on,
        ready_timeout_s=webgl.ready_timeout_s,
        num_episodes=game.num_episodes,
        show_score=game.show_score,
        scores=tuple(visit.episodes.get(number) for number in range(_done(visit))),
        settles=game.score_fn is not None or scene.on_unity_episode_end is not None,
    )


def _done(visit: VisitState) -> int:
    """How many episodes are over: a build plays one after the other."""
    return max(visit.episodes, default=-1) + 1


@dataclass(frozen=True)
class _Happened:
    """What one row of the event stream says of an episode."""

    episode: int
    is_end: bool
    score: float | None
    data: dict[str, Any]


def _happened(scene: EmbeddedBuild, body: bytes) -> Iterator[_Happened]:
    for row in islice(read_lines(body), MAX_ROWS):
        if not isinstance(row, dict) or row.get("name") not in (EPISODE_STARTED, EPISODE_ENDED):
            continue
        episode, data = row.get("episode"), row.get("data")
        if type(episode) is not int or not 0 <= episode < scene.game.num_episodes:
            continue
        if not isinstance(data, dict) or len(json.dumps(data)) > MAX_DATA_CHARS:
            data = {}
        yield _Happened(episode, row["name"] == EPISODE_ENDED, _number(row.get("score")), data)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def episodes_in(scene: EmbeddedBuild, body: bytes) -> dict[str, Any]:
    """Return what a chunk of the stream `event` says of episodes, for its fact.

    Returns:
        `episodes_started`: their numbers, each start; `episodes_ended`: number as text -> its score, None where the
        study's function is still to say it.
    """
    started: list[int] = []
    ended: dict[str, float | None] = {}
    for happened in _happened(scene, body):
        if happened.is_end:
            ended.setdefault(str(happened.episode), None if scene.game.score_fn is not None else happened.score)
        else:
            started.append(happened.episode)
    return {"episodes_started": started, "episodes_ended": ended} if started or ended else {}


@dataclass(frozen=True)
class _Settling:
    """An episode that is over, while the study's functions are asked about it."""

    visit: VisitState
    scene: EmbeddedBuild
    episode: int
    reported: float | None
    data: dict[str, Any]


class Embedded:
    """Calls the study's functions for the episodes of builds, and tells pages what they answered."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._settling: dict[int, _Settling] = {}

    def stored(
        self,
        participant: ParticipantState,
        visit: VisitState,
        scene: EmbeddedBuild,
        body: bytes,
        before: tuple[frozenset[int], int],
    ) -> None:
        """A chunk of the event stream is stored.

        Args:
            participant: Whose.
            visit: The visit, with the chunk applied.
            scene: Its scene.
            body: The chunk's rows.
            before: As `known` told before the chunk was stored.
        """
        over, starts = before
        ended = set(over)
        for happened in _happened(scene, body):
            if not happened.is_end:
                starts += 1
                ref = scene.on_unity_episode_start
                if ref is not None and happened.episode not in ended and starts <= MAX_STARTS:
                    more = {"episode": happened.episode, "data": happened.data}
                    self._call("on_unity_episode_start", ref, participant, visit, more)
            elif happened.episode not in ended:
                ended.add(happened.episode)
                settling = _Settling(visit, scene, happened.episode, happened.score, happened.data)
                self._score(participant, settling)

    @staticmethod
    def known(visit: VisitState) -> tuple[frozenset[int], int]:
        """Return the episodes of a visit that are over, and how many were begun."""
        return frozenset(visit.episodes), visit.episode_starts

    def scored(self, call_id: int, participant: ParticipantState, value: Any) -> str:
        """Take the answer of `score_fn`; returns what is wrong with it, empty: nothing."""
        settling = self._settling.pop(call_id, None)
        if settling is None:
            return ""
        score = _number(value)
        if score is not None:
            self._core.record(
                f.EpisodeScored(
                    at=self._core.now(),
                    participant_id=participant.participant_id,
                    visit_id=settling.visit.planned.visit_id,
                    episode=settling.episode,
                    score=score,
                )
            )
            self._core.changed.add(participant.participant_id)
        self._tell(participant, settling)
        return "" if score is not None else f"answered {str(value)[:200]!r}, which is no finite number"

    def answered(self, call_id: int, participant: ParticipantState) -> None:
        """Go on after a function for the end of an episode, whatever it answered; nothing for other calls."""
        settling = self._settling.pop(call_id, None)
        if settling is not None:
            self._taken(participant, settling)

    def call_failed(self, call_id: int, kind: str, participant: ParticipantState) -> None:
        """Go on without a function's answer."""
        settling = self._settling.pop(call_id, None)
        if settling is None:
            return
        if kind == "score_fn":
            self._tell(participant, settling)
        else:
            self._taken(participant, settling)

    def _score(self, participant: ParticipantState, settling: _Settling) -> None:
        ref = settling.scene.game.score_fn
        if ref is None:
            self._tell(participant, settling)
            return
        more = {"episode": settling.episode, "reported_score": settling.reported, "data": settling.data}
        self._settling[self._call("score_fn", ref, participant, settling.visit, more)] = settling

    def _tell(self, participant: ParticipantState, settling: _Settling) -> None:
        """The score is known, or there is none: the study's function for the end of an episode comes next."""
        ref = settling.scene.on_unity_episode_end
        if ref is None:
            self._taken(participant, settling)
            return
        more = {
            "episode": settling.episode,
            "score": settling.visit.episodes.get(settling.episode),
            "reported_score": settling.reported,
            "data": settling.data,
        }
        self._settling[self._call("on_unity_episode_end", ref, participant, settling.visit, more)] = settling

    def _taken(self, participant: ParticipantState, settling: _Settling) -> None:
        core, visit = self._core, settling.visit
        connection: ConnectionId | None = core.presence(participant.participant_id).connection
        if connection is None or visit is not core.state.current_visit(participant):
            return
        taken = EpisodeTaken(
            visit_id=visit.planned.visit_id, episode=settling.episode, score=visit.episodes.get(settling.episode)
        )
        core.after_commit(Send(connection, taken))

    def _call(self, kind: str, ref: str, participant: ParticipantState, visit: VisitState, more: dict[str, Any]) -> int:
        core = self._core
        connection = core.presence(participant.participant_id).connection or ConnectionId("")
        visit_id = VisitId(visit.planned.visit_id)
        pending = PendingCall(kind, ref, participant.participant_id, visit_id, connection)
        core.call(kind, ref, {**core.context(participant, visit), **more}, pending)
        return core.calls_made
