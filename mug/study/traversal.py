"""Going through a study's chain: every node with its place, who plays in a game."""

from collections.abc import Iterator

from mug.ids import AgentId
from mug.study.model import GymGame, Node, RandomizeOrder, Repeat, Study

__all__ = ["NodePath", "agents_of", "human_agents", "node_at", "walk"]

NodePath = tuple[int, ...]
"""A node's place: its index in the chain, then in `scenes` of each wrapper on the way."""

DEFAULT_HUMAN = AgentId("human")


def walk(study: Study) -> Iterator[tuple[NodePath, Node]]:
    """Iterate over every node of the chain, outer nodes first, with its path."""

    def inside(nodes: tuple[Node, ...], above: NodePath) -> Iterator[tuple[NodePath, Node]]:
        for index, node in enumerate(nodes):
            path = (*above, index)
            yield path, node
            if isinstance(node, RandomizeOrder | Repeat):
                yield from inside(node.scenes, path)

    return inside(study.chain, ())


def node_at(study: Study, path: NodePath) -> Node:
    """Return the node at `path`.

    Raises:
        LookupError: When there is none.
    """
    nodes: tuple[Node, ...] = study.chain
    found: Node | None = None
    for index in path:
        if not 0 <= index < len(nodes):
            raise LookupError(f"the study has no node at {path}")
        found = nodes[index]
        nodes = found.scenes if isinstance(found, RandomizeOrder | Repeat) else ()
    if found is None:
        raise LookupError("an empty path names no node")
    return found


def human_agents(game: GymGame) -> tuple[AgentId, ...]:
    """Return the agents that people play, in the order of the mapping.

    They are those that `policy_mapping` calls human; without a mapping it is `human_id`, or "human".
    """
    mapping = game.policies.policy_mapping
    humans = tuple(AgentId(agent) for agent, policy in mapping.items() if policy == "human")
    if humans or mapping:
        return humans
    return (AgentId(game.gameplay.human_id) if game.gameplay.human_id is not None else DEFAULT_HUMAN,)


def agents_of(game: GymGame) -> tuple[AgentId, ...]:
    """Return every agent that the study names, people and policies."""
    return tuple(dict.fromkeys((*human_agents(game), *(AgentId(agent) for agent in game.policies.policy_mapping))))
