"""A GameCallback hears of a browser's game in order, once a row."""

from pathlib import Path
from typing import Any

import msgspec

from mug.engine.effects import ObserveChunk, ObserveWaitroom
from mug.ids import ParticipantId, VisitId
from mug.play.chunks import encode_chunk
from mug.server.callback import GameCallback
from mug.server.hooks import StudyHooks
from mug.server.remote_game import ServerGame
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame, Study

GAME = GymGame(scene_id="car")


class Told(GameCallback):
    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int, float]] = []

    def _add(self, name: str, game: ServerGame) -> None:
        self.calls.append((name, game.episode_num, game.tick_num, game.episode_rewards.get("human", 0.0)))

    def on_episode_start(self, game: ServerGame) -> None:
        self._add("start", game)

    def on_episode_end(self, game: ServerGame) -> None:
        self._add("end", game)

    def on_game_tick_end(self, game: ServerGame) -> None:
        self._add("tick", game)

    def on_game_end(self, game: ServerGame) -> None:
        self._add("over", game)


def hooks(**callables: Any) -> StudyHooks:
    references = {f"script.py:{name}": value for name, value in callables.items()}
    return StudyHooks(LoadedStudy(Study(id="x"), references, Path(), Path("script.py")))


def chunk(stream: str, body: bytes = b"") -> ObserveChunk:
    return ObserveChunk("script.py:told", ParticipantId("ann"), VisitId("v"), GAME, stream, body, {"human": "ann"})


def rows(episode: int, first: int, last: int) -> bytes:
    frames = list(range(first, last + 1))
    columns = {"frame": frames, "rewards.human": [1.0] * len(frames)}
    return encode_chunk(match_id="m", episode=episode, first=first, columns=columns)


def ended(episode: int, frames: int) -> bytes:
    return msgspec.json.encode({"name": "episode_ended", "match_id": "m", "episode": episode, "frames": frames}) + b"\n"


def test_that_episodes_and_ticks_are_told_in_order_whichever_chunk_comes_first() -> None:
    told = Told()
    study = hooks(told=told)
    study.observe(chunk("frames", rows(0, 0, 1)))
    study.observe(chunk("event", ended(0, 3)))
    study.observe(chunk("frames", rows(0, 2, 2)))
    study.observe(chunk("frames", rows(1, 0, 1)))
    study.observe(chunk("frames", rows(1, 0, 1)))
    study.observe(chunk("event", b"not json\n" + ended(1, 2)))
    study.observe(chunk("end"))
    assert told.calls == [
        ("start", 0, 0, 0.0),
        ("tick", 0, 1, 1.0),
        ("tick", 0, 2, 2.0),
        ("tick", 0, 3, 3.0),
        ("end", 0, 3, 3.0),
        ("start", 1, 0, 0.0),
        ("tick", 1, 1, 1.0),
        ("tick", 1, 2, 2.0),
        ("end", 1, 2, 2.0),
        ("over", 1, 2, 2.0),
    ]


def test_that_a_callback_may_be_given_as_a_class() -> None:
    made: list[GameCallback] = []

    class Counting(Told):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    study = hooks(told=Counting)
    study.observe(chunk("frames", rows(0, 0, 0)))
    study.observe(chunk("end"))
    assert len(made) == 1


def test_that_a_page_function_gets_the_game_and_the_participant() -> None:
    def page(game: ServerGame, subject_id: str) -> str:
        return f"{subject_id} plays {game.scene.scene_id} as {next(iter(game.human_players))} at {game.fps} Hz"

    context = {"game": GAME, "match_id": "m", "human_players": {"human": "ann"}, "subject_id": "ann"}
    assert hooks(page=page).call("game_page_html_fn", "script.py:page", context) == "ann plays car as human at 10 Hz"


def test_that_the_hooks_of_a_waitroom_are_told_what_happened() -> None:
    class Waits(GameCallback):
        def __init__(self) -> None:
            self.calls: list[tuple[str, dict[str, Any]]] = []

        def on_waitroom_start(self, context: Any) -> None:
            self.calls.append(("start", context))

        def on_waitroom_join(self, context: Any) -> None:
            self.calls.append(("join", context))

        def on_waitroom_end(self, context: Any) -> None:
            self.calls.append(("end", context))

        def on_waitroom_timeout(self, context: Any) -> None:
            self.calls.append(("timeout", context))

    waits = Waits()
    study = hooks(waits=waits)
    for hook in ("start", "join", "end", "timeout"):
        context = {"scene_id": "car", "subject_ids": ["ann"]}
        study.observe(ObserveWaitroom("script.py:waits", hook, ParticipantId("ann"), VisitId("v"), context))
    assert [name for name, _ in waits.calls] == ["start", "join", "end", "timeout"]
    assert waits.calls[0][1] == {"scene_id": "car", "subject_ids": ["ann"]}
