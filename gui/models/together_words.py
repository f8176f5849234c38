"""A game of several people in words: how partners are kept equal, what is done to their network, what if one leaves."""

from collections.abc import Mapping
from typing import Any

from mug.study.model import GymGame
from mug.study.multiplayer import conditions_for, is_multiplayer
from mug.study.traversal import human_agents

__all__ = ["together_words"]

_AFTER_DROPOUT = {
    "end": "the match ends for everybody",
    "default_action": "the others play on, and the missing player's agent does its default action",
    "void": "the match ends and is marked as void",
}


def together_words(game: GymGame) -> tuple[str, ...]:
    """Return sentences about how people play `game` together; none for a game of one person."""
    if not is_multiplayer(game):
        return ()
    sentences = (_partners(game), _kept_equal(game), _network(game), _dropout(game))
    return tuple(sentence for sentence in sentences if sentence)


def _partners(game: GymGame) -> str:
    agents = human_agents(game)
    if len(agents) < 2:
        return "Played together: each match has one person and the policies."
    return f"Played together: each match has {len(agents)} people, who play {_listed(agents)}."


def _kept_equal(game: GymGame) -> str:
    section = game.multiplayer
    if section.mode == "server_authoritative":
        return "The game runs on the server."
    if section.input_delay == "auto":
        delay = "the input delay is chosen from the players' round trip"
    elif section.input_delay:
        delay = f"a key takes effect {section.input_delay} frame{'' if section.input_delay == 1 else 's'} later"
    else:
        delay = "keys take effect at once"
    return f"Each page runs the game and rollback keeps them equal; {delay}."


def _network(game: GymGame) -> str:
    try:
        by_agent = conditions_for(game)
    except ValueError as error:
        return f"Network conditions that cannot be: {error}."
    words = {str(agent): _conditions(conditions) for agent, conditions in by_agent.items()}
    words = {agent: word for agent, word in words.items() if word}
    if not words:
        return ""
    people = human_agents(game)
    if len(words) == len(people) and len(set(words.values())) == 1:
        return f"Network conditions, added on purpose to what every player sends: {next(iter(words.values()))}."
    parts = [f"{agent}: {words.get(str(agent), 'unchanged')}" for agent in people]
    return f"Network conditions, added on purpose to what a player sends: {'; '.join(parts)}."


def _conditions(values: Mapping[str, Any]) -> str:
    def of(name: str) -> float:
        return float(values.get(name, 0) or 0)

    parts = []
    if of("delay_ms") or of("jitter_ms"):
        spread = f" ± {of('jitter_ms'):g} ms" if of("jitter_ms") else ""
        parts.append(f"{of('delay_ms'):g} ms{spread} delay")
    if of("loss"):
        parts.append(f"{_percent(of('loss'))} of packets lost")
    if of("burst"):
        parts.append(f"bursts of {of('burst_length'):g} lost packets, begun by {_percent(of('burst'))}")
    if of("reorder"):
        parts.append(f"{_percent(of('reorder'))} held back by up to {of('reorder_ms'):g} ms")
    if of("duplicate"):
        parts.append(f"{_percent(of('duplicate'))} sent twice")
    return ", ".join(parts)


def _dropout(game: GymGame) -> str:
    section = game.multiplayer
    if len(human_agents(game)) < 2:
        return ""
    after = _AFTER_DROPOUT.get(section.dropout_policy, "")
    if section.dropout_policy == "policy":
        policy = section.dropout_agent_policy
        named = f" ({policy})" if isinstance(policy, str) else ""
        after = f"the others play on, and a policy{named} takes over the missing player's agent"
    seconds = section.reconnection_timeout_ms / 1000
    return f"When a player is gone for {seconds:g} s, {after}." if after else ""


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _listed(names: tuple[Any, ...]) -> str:
    texts = [str(name) for name in names]
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)
