"""What holds for every match: equal records, that a fresh world makes again, and a run that can be repeated."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from match_worlds import match_config

from mug.play.actors import Actors
from mug.play.chunks import EMPTY_CHAIN, decode_chunk
from mug.play.config import GameConfig
from mug.play.match_globals import MatchGlobals
from mug.play.match_interpreter import OwnInterpreter
from mug.play.recorder import Recorder
from mug.play.replay import StoredGame
from mug.play.rollback.core import Rollback
from mug.play.rollback.requests import Request
from mug.play.rollback.timeline import Timeline
from mug.play.world import World
from tests.drivers.match_net import MatchNet, Page


def _way(delay: float, jitter: float, loss: float = 0.0, **more: float) -> dict[str, Any]:
    return {"delay_ms": delay, "jitter_ms": jitter, "loss": loss, **more}


PROFILES: Mapping[str, dict[str, Any]] = {
    "lan": _way(1, 1),
    "wifi_good": _way(5, 5, 0.01),
    "wifi_average": _way(15, 15, 0.05, reorder=0.02, reorder_ms=60, duplicate=0.01),
    "wifi_congested": _way(30, 40, 0.15, reorder=0.05, reorder_ms=100, duplicate=0.02, burst=0.02, burst_length=3),
    "mobile_4g": _way(50, 25, 0.08, reorder=0.03, reorder_ms=100, duplicate=0.01, burst=0.01, burst_length=2),
    "mobile_3g": _way(100, 50, 0.15, reorder=0.05, reorder_ms=200, duplicate=0.02, burst=0.02, burst_length=4),
    "intercontinental": _way(150, 20, 0.02),
    "heavy_reorder": _way(30, 20, 0.02, reorder=0.3, reorder_ms=330),
    "duplicating": _way(20, 10, duplicate=0.15),
    "bursty": _way(25, 15, 0.05, burst=0.1, burst_length=8),
    "terrible": _way(120, 60, 0.25, reorder=0.1, reorder_ms=240, duplicate=0.05, burst=0.05, burst_length=5),
}
"""Ways as Fortress-rollback's tests have them: loss, one-way delay, jitter, reordering, duplication, bursts."""


class WithoutRollback(Rollback):
    """A core that never goes back: its guesses stand."""

    def _repair(self, timeline: Timeline, requests: list[Request]) -> None:
        timeline.repair([])
        timeline._awaited = False


def on_all(config: GameConfig, conditions: Mapping[str, Any], seed: int = 0) -> dict[str, dict[str, Any]]:
    """`network_conditions` under which every player sends, each with chance of its own."""
    return {agent: {**conditions, "seed": seed * 10 + number} for number, agent in enumerate(config.players)}


def play(config: GameConfig | None = None, *, limit_ms: float = 600_000.0, **options: Any) -> MatchNet:
    """Play a match to its end."""
    net = MatchNet(match_config() if config is None else config, **options).run(limit_ms)
    net.close()
    return net


def assert_equal_records(net: MatchNet, *, rollbacks: int = 0, outcome: str = "completed", root: Path = Path()) -> None:
    """All pages are done, recorded the same bytes, compared hashes, and went back often enough for it to mean much."""
    first = net.pages[0]
    for page in net.pages:
        assert page.finished, f"{page.number} is {page.stage} at {net.now_ms:.0f} ms"
        assert page.outcome == outcome
        assert page.rollbacks >= rollbacks
        assert page.compared > 0
        assert page.heard("desync") == []
        assert page.bodies == first.bodies
    assert first.bodies
    assert_replays(net.config, first, root)


def assert_replays(config: GameConfig, page: Page, root: Path = Path()) -> None:
    """A fresh world that is given the recorded actions makes the recorded rows again, byte for byte."""
    assert resimulated(config, page.bodies, root) == page.bodies


def resimulated(config: GameConfig, bodies: Sequence[bytes], root: Path = Path()) -> list[bytes]:
    """Step the recorded actions in a fresh world, without a rollback core, and record them again."""
    game = StoredGame.read(config.match_id, bodies, None)
    made: list[bytes] = []
    with OwnInterpreter()():
        mug_globals = MatchGlobals({})
        world = World(config, root=root, mug_globals=mug_globals)
        try:
            actors = Actors(config, world.agent_env, world)
            for episode in sorted(game.chunks):
                seed = world.reset(episode)
                actors.begin_episode()
                context = game.context(episode)
                assert context["seed"] == seed
                if not world.drawn:
                    world.first_picture()
                recorder = Recorder(
                    match_id=config.match_id, episode=episode, agents=world.agents, fps=config.fps, context=context
                )
                for frame in game.frames(episode):
                    row = world.step(actors.replayed(frame.actions, frame.statuses), frame.statuses)
                    made += [chunk.body for chunk in recorder.add(row)]
                made += [chunk.body for chunk in recorder.finish()]
        finally:
            world.close()
    return made


def fingerprint(net: MatchNet) -> str:
    """A hash of everything that came out of a run."""
    digest = hashlib.sha256()
    for page in net.pages:
        told = [page.rows, page.lives, [(e.name, e.data) for e in page.events], [(e.name, e.data) for e in page.peers]]
        digest.update(json.dumps([told, page.ticks, page.outputs, page.finished_ms], sort_keys=True).encode())
        digest.update(b"".join(page.bodies))
    return digest.hexdigest()


def assert_repeatable(run: Callable[[], MatchNet]) -> MatchNet:
    """The same run gives the same records, events and figures, bit by bit."""
    first, second = run(), run()
    assert fingerprint(first) == fingerprint(second)
    return first


def frames_of(page: Page, episode: int = 0) -> list[int]:
    """The recorded frames of an episode; they follow each other without gaps, chained."""
    chain, frames = EMPTY_CHAIN, []
    for body in page.bodies:
        chunk = decode_chunk(body)
        if chunk.episode == episode:
            assert chunk.previous_chain_hash == chain
            chain = chunk.chain_hash
            frames += range(chunk.first, chunk.last + 1)
    assert frames == list(range(len(frames)))
    return frames
