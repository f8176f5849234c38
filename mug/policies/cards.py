"""Policy cards: what a policy of the study is, from which file, and where its chance comes from."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mug.play.errors import PlayError
from mug.play.models import ModelPort
from mug.play.policies_kinds import framework_of, model_settings, policy_name, reference_parts
from mug.policies.native import NativeModels
from mug.study.loading import LoadedStudy
from mug.study.model import GymGame
from mug.study.treatments import every_version

__all__ = ["STAND_IN", "describe", "policies_of", "study_cards"]

STAND_IN = "(stand-in)"
"""In an agent's place: the policy that takes over from whoever drops out."""

_EACH_DECISION = "each decision: match seed, agent, episode and frame"
_OF_CODE = "rng: match seed, agent and episode; other chance of its code: match seed, agent, episode and frame"


def policies_of(game: GymGame) -> Iterator[tuple[str, Any]]:
    """Return agent (or `STAND_IN`) and value of every policy of a game that is no person's."""
    for agent, policy in game.policies.policy_mapping.items():
        if policy != "human":
            yield str(agent), policy
    if game.multiplayer.dropout_policy == "policy" and game.multiplayer.dropout_agent_policy is not None:
        yield STAND_IN, game.multiplayer.dropout_agent_policy


def study_cards(loaded: LoadedStudy) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return scene, agent, treatment and card of every policy of a study.

    Without a treatment's name a card is that of all; a treatment has one of its own where its policy is another one.
    """
    cards: dict[tuple[str, str, str], dict[str, Any]] = {}
    for treatment, _, game in every_version(loaded.study):
        if not isinstance(game, GymGame):
            continue
        for agent, policy in policies_of(game):
            card = describe(loaded, game, policy)
            if cards.get((game.scene_id, agent, "")) != card:
                cards.setdefault((game.scene_id, agent, treatment), card)
    return [(*key, card) for key, card in cards.items()]


def describe(loaded: LoadedStudy, game: GymGame, policy: Any) -> dict[str, Any]:
    """Return a policy's card.

    What cannot be read leaves its fields empty: what is wrong with a policy is told by `mug.policies.problems`.

    Args:
        loaded: The study.
        game: The scene.
        policy: A value of `policy_mapping`.

    Returns:
        name, framework (random, python, onnx), file, sha256, size, inputs and outputs (name, dtype, shape), recurrent,
        sampling, frame_skip, seed (in words), as JSON can carry them.
    """
    card: dict[str, Any] = {
        "name": policy_name(policy),
        "framework": "",
        "file": "",
        "sha256": "",
        "size": 0,
        "inputs": [],
        "outputs": [],
        "recurrent": False,
        "sampling": "",
        "frame_skip": game.policies.frame_skip,
        "seed": "",
    }
    try:
        framework = framework_of(policy)
    except PlayError:
        return card
    if framework == "random":
        return {**card, "framework": "random", "sampling": "random", "seed": _EACH_DECISION}
    if framework == "onnx":
        return {**card, "framework": "onnx", **_of_model(loaded, policy)}
    ref = str(policy) if framework == "python" else game.policies.load_policy_fn or game.policies.policy_inference_fn
    return {**card, "framework": "python", "sampling": "the policy's own", "seed": _OF_CODE, **_of_code(loaded, ref)}


def _of_model(loaded: LoadedStudy, policy: Any) -> dict[str, Any]:
    try:
        settings = model_settings(policy)
    except PlayError:
        return {}
    chance = _EACH_DECISION if settings.sampling == "sample" else "none: the same observation gives the same action"
    card: dict[str, Any] = {
        "file": settings.path,
        "recurrent": bool(settings.state_inputs),
        "sampling": settings.sampling,
        "seed": chance,
    }
    if settings.custom_inference_fn is not None:
        card["sampling"] = f"{settings.sampling}, run by {settings.custom_inference_fn}"
    try:
        data = loaded.resolve_path(settings.path).read_bytes()
    except OSError:
        return card
    card.update(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    try:
        model = NativeModels().load(settings.path, data)
    except PlayError:
        return card
    card.update(inputs=list(map(_port, model.inputs)), outputs=list(map(_port, model.outputs)))
    return card


def _port(port: ModelPort) -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": list(port.shape)}


def _of_code(loaded: LoadedStudy, ref: str | None) -> dict[str, Any]:
    parts = None if ref is None else reference_parts(ref)
    if parts is None:
        return {}
    place = parts[0]
    if place in loaded.generated:
        return {"file": place, **_digest(loaded.generated[place].encode())}
    names = [place] if place.endswith(".py") else _module_files(place)
    for name in names:
        try:
            data = loaded.resolve_path(name).read_bytes()
        except OSError:
            continue
        return {"file": Path(name).as_posix(), **_digest(data)}
    return {"file": place}


def _module_files(module: str) -> list[str]:
    path = module.replace(".", "/")
    return [f"{path}.py", f"{path}/__init__.py"]


def _digest(data: bytes) -> Mapping[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
