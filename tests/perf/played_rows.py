"""Rows as a game really makes them, for participants that are programs: the example's environment, played once here."""

import random
from pathlib import Path

from mug.play.config import GameConfig
from mug.play.inputs import STATUS_INPUT
from mug.play.recorder import RecordedChunk, Recorder, Row
from mug.play.world import World

__all__ = ["chunks_of", "play_rows"]


def play_rows(config: GameConfig, folder: Path, frames: int) -> list[Row]:
    """Play one episode with keys pressed at random; it has at least `frames` rows or ends of itself."""
    chance = random.Random(1)
    world = World(config, root=folder, mug_globals={})
    agent = config.human_agents[0]
    actions = [binding.action for binding in config.action_mapping] + [config.default_action]
    rows = []
    try:
        world.reset(0)
        action = actions[0]
        while world.ended is None and len(rows) < frames:
            if len(rows) % 10 == 0:
                action = chance.choice(actions)
            rows.append(world.step({agent: action}, {agent: STATUS_INPUT}))
    finally:
        world.close()
    return rows


def chunks_of(rows: list[Row], config: GameConfig) -> list[RecordedChunk]:
    """Cut rows into the chunks that this match's page would send."""
    recorder = Recorder(match_id=config.match_id, episode=0, agents=config.human_agents, fps=config.fps)
    chunks = [chunk for row in rows for chunk in recorder.add(row)]
    return chunks + recorder.finish()
