"""Stepping a recorded match again: do its seed and its actions give the rows that are recorded?

The answer is exact only on the platform that recorded: the browser's arithmetic differs from CPython's in the last bit
of `sin` and its like, so records of browsers are stepped again in Pyodide (under Node), not here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mug.play.config import GameConfig
from mug.play.determinism import BrowserEntropy, Entropy
from mug.play.differences import Difference, first_difference
from mug.play.errors import EnvironmentFailedError, IrreproducibleError, PlayError
from mug.play.recorder import RecordedChunk, Recorder
from mug.play.replay import StoredGame
from mug.play.world import World

__all__ = ["Resimulation", "resimulate", "resimulate_in_page", "resimulate_matches"]


@dataclass(frozen=True)
class Resimulation:
    """What stepping a match again gave.

    Attributes:
        episodes: Episodes that were stepped.
        frames: Frames that were stepped and are equal.
        hashes: State hashes among them that are equal.
        difference: The first difference; None: every row is as it is recorded.
    """

    match_id: str
    episodes: int
    frames: int
    hashes: int
    difference: Difference | None


def resimulate(
    config: GameConfig, chunks: Sequence[bytes], *, root: Path, entropy: Entropy | None = None
) -> Resimulation:
    """Step a match again from its seed and its recorded actions, and compare every row.

    Args:
        config: The match's game, of any of its players.
        chunks: The bodies of the match's chunks, one copy, in any order.
        root: The study's folder.
        entropy: Clocks and chance of a step; None: CPython's.

    Raises:
        IrreproducibleError: The chunks have a gap or are damaged.
    """
    game = StoredGame.read(config.match_id, chunks, None)
    mug_globals = dict(config.mug_globals)
    world = World(config, root=root, mug_globals=mug_globals, entropy=entropy)
    done = _Done()
    try:
        for episode in range(game.last_episode + 1 if game.chunks else 0):
            difference = _episode(world, game, episode, mug_globals, done)
            if difference is not None:
                return Resimulation(config.match_id, done.episodes, done.frames, done.hashes, difference)
            done.episodes += 1
    finally:
        world.close()
    return Resimulation(config.match_id, done.episodes, done.frames, done.hashes, None)


@dataclass
class _Done:
    episodes: int = 0
    frames: int = 0
    hashes: int = 0


def _episode(
    world: World, game: StoredGame, episode: int, mug_globals: dict[str, Any], done: _Done
) -> Difference | None:
    if world.ended is not None:
        world.carry_over(world.rewards)
    context = game.context(episode)
    if isinstance(context.get("mug_globals"), dict):
        mug_globals.clear()
        mug_globals.update(context["mug_globals"])
    seed = world.reset(episode)
    if not world.drawn:
        world.first_picture()
    if context.get("seed", seed) != seed:
        return Difference(episode, 0, "seed", str(context["seed"]), str(seed))
    recorder = Recorder(
        match_id=_match_id(game), episode=episode, agents=world.agents, fps=world.config.fps, context=context
    )
    made: list[RecordedChunk] = []
    for stored in game.frames(episode):
        if world.ended is not None:
            return Difference(episode, stored.frame, "frame", "recorded", "the episode had ended before it")
        actions = {agent: world.agent_env.fit(agent, action) for agent, action in stored.actions.items()}
        try:
            made += recorder.add(world.step(actions, stored.statuses))
            if recorder.waiting and game.ends_at(episode, stored.frame):
                made += recorder.finish()  # it was cut early here: the game had stopped
        except (EnvironmentFailedError, PlayError) as error:
            return Difference(episode, stored.frame, "step", "recorded", str(error))
        difference = _compare(game, episode, made, done)
        if difference is not None:
            return difference
    made += recorder.finish()
    return _compare(game, episode, made, done)


def _compare(game: StoredGame, episode: int, made: list[RecordedChunk], done: _Done) -> Difference | None:
    """Compare the finished chunks with the recorded ones, and forget them."""
    for chunk in made:
        known = game.chunk(episode, chunk.meta["first"])
        if known is None or known.last != chunk.meta["last"]:
            return Difference(episode, chunk.meta["first"], "chunk", "cut elsewhere", f"to frame {chunk.meta['last']}")
        if known.chain_hash != chunk.meta["chain_hash"]:
            difference = first_difference(known, chunk)
            return difference or Difference(
                episode, known.first, "context", "another beginning of the episode", "the recorded actions' beginning"
            )
        done.frames += known.last - known.first + 1
        done.hashes += sum(value is not None for value in known.columns.get("state_hash", ()))
    made.clear()
    return None


def _match_id(game: StoredGame) -> str:
    """Return the match that the chunks belong to.

    Raises:
        IrreproducibleError: There is no chunk.
    """
    for chunks in game.chunks.values():
        return chunks[0].match_id
    raise IrreproducibleError("nothing is stored of this match", 0, 0)


def resimulate_matches(
    root: Path,
    matches: Sequence[Mapping[str, Any]],
    make_entropy: Callable[[GameConfig], Entropy],
    tell: Callable[[str, float], Any] | None = None,
) -> list[dict[str, Any]]:
    """Do `resimulate` for several matches.

    Args:
        root: The study's folder.
        matches: ``{"config": GameConfig, "chunks": [paths]}`` of each.
        make_entropy: Makes a match's clocks and chance.
        tell: Told what is being done, and how much of the whole is done.

    Returns:
        A `Resimulation` as a dict for each match, or ``{"match_id", "error"}``.
    """
    answers: list[dict[str, Any]] = []
    for place, match in enumerate(matches):
        config = GameConfig.from_dict(match["config"])
        if tell is not None:
            tell(f"stepping match {config.match_id} again", place / len(matches))
        chunks = [Path(path).read_bytes() for path in match["chunks"]]
        try:
            done = resimulate(config, chunks, root=root, entropy=make_entropy(config))
        except PlayError as error:
            answers.append({"match_id": config.match_id, "error": str(error)})
        else:
            answers.append(asdict(done))
    return answers


def resimulate_in_page(
    spec_json: str,
    begin: Callable[[int, int, float], Any],
    end: Callable[[], Any],
    tell: Callable[[str, float], Any],
) -> str:
    """Do `resimulate` for several matches with the clocks and chance of a page; texts in and out, for JavaScript.

    Args:
        spec_json: ``{"root": folder, "matches": [{"config": GameConfig, "chunks": [paths]}]}``.
        begin: Puts the match's clocks and chance in place of the page's (seed low, seed high, clock in ms).
        end: Puts the page's back.
        tell: Told what is being done, and how much of the whole is done.

    Returns:
        A list with a `Resimulation` for each match, or ``{"match_id", "error"}``, as JSON.
    """
    spec = json.loads(spec_json)

    def entropy(config: GameConfig) -> Entropy:
        return BrowserEntropy(config.match_seed, config.fps, begin, end)

    return json.dumps(resimulate_matches(Path(spec["root"]), spec["matches"], entropy, tell))
