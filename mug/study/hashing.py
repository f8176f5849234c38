"""One name for the content of a study: equal for equal studies, whatever file or script they came from."""

import hashlib
import json
from typing import Any

import msgspec

from mug.study.decoding import encode_study
from mug.study.model import GymGame, Study
from mug.study.traversal import human_agents, walk
from mug.study.treatments import applied, arms_of

__all__ = ["content_hash"]


def content_hash(study: Study) -> str:
    """Return the SHA-256 of the study's content, in hex; places in the editor (`layout`) do not count."""
    plain = encode_study(study)
    plain.pop("layout", None)
    # Tables have no order, but for one: people get their agents in the order of the mapping.
    orders = [list(human_agents(node)) for _, node in walk(study) if isinstance(node, GymGame)]
    if any(len(order) > 1 for order in orders):
        plain["human_agents"] = orders
    changed = _changed_orders(study)
    if changed:
        plain["human_agents_by_treatment"] = changed
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _changed_orders(study: Study) -> list[list[Any]]:
    """Return the people's agents in mappings that a treatment gives, where there are several of them."""
    return [
        [arm.name, scene_id, human_agents(node)]
        for arm in sorted(arms_of(study), key=lambda arm: arm.name)
        for scene_id in sorted(arm.changes)
        if "policies.policy_mapping" in arm.changes[scene_id]
        for _, node in walk(applied(study, arm)[0])
        if isinstance(node, GymGame) and node.scene_id == scene_id and len(human_agents(node)) > 1
    ]


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
