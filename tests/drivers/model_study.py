"""The small world of `pair_study` with models among its players: one that remembers, and one that does not."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from tests.drivers import models
from tests.drivers.pair_study import FRAMES, LOCKS, write_pair_study

__all__ = ["MEMORY", "REFLEX", "write_model_study"]

MEMORY: dict[str, Any] = {
    "kind": "onnx",
    "onnx_path": "memory.onnx",
    "obs_input": "obs",
    "logit_output": "logits",
    "state_inputs": ["h_in", "c_in"],
    "state_outputs": ["h_out", "c_out"],
    "state_shape": [1, 16],
}
"""Recurrent, with two states; its actions are drawn from its logits."""

REFLEX = "reflex.onnx"
"""Without a memory; its actions are drawn, too."""


def write_model_study(
    folder: Path,
    players: Mapping[str, Any],
    *,
    frames: int = FRAMES,
    frame_skip: int = 1,
    conditions: Mapping[str, Any] | None = None,
    **multiplayer: Any,
) -> Path:
    """Write the study.

    Args:
        folder: Made; the study's folder.
        players: Agents of the small world, "north" first, with "human" or a model each; two or more are people.
        frames: Of its only episode.
        frame_skip: Frames for which a model's action holds.
        conditions: As in `write_pair_study`.
        multiplayer: Fields of the game's section of this name.
    """
    humans: Sequence[str] = [agent for agent, who in players.items() if who == "human"]
    write_pair_study(folder, players=len(players), frames=frames, conditions=conditions, **multiplayer)
    models.write(folder / "memory.onnx", models.recurrent(3, 5, hidden=16, seed=4, states=2, scale=1.5))
    models.write(folder / "reflex.onnx", models.feed_forward(3, 5, seed=5, scale=1.5))
    document = tomlkit.parse((folder / "study.toml").read_text(encoding="utf-8"))
    game = next(node for node in document["chain"] if node["kind"] == "gym_game")  # type: ignore[union-attr]
    game["policies"].update({"policy_mapping": dict(players), "frame_skip": frame_skip})
    (folder / "study.toml").write_text(tomlkit.dumps(document), encoding="utf-8")
    (folder / "study.lock.json").unlink()
    lock = LOCKS / f"points_{len(humans)}_and_models.json"
    if lock.exists():
        shutil.copy(lock, folder / "study.lock.json")
    return folder
