"""A page that comes back into a game of several people: what the server's records give it, and how it checks itself."""

from collections.abc import Callable, Sequence
from typing import Any

from mug.play.config import GameConfig
from mug.play.encoding import encode
from mug.play.errors import IrreproducibleError
from mug.play.inputs import NO_KEY, STATUS_DEFAULT, STATUS_HIDDEN, STATUS_INPUT, Given
from mug.play.match_inputs import InputCodec
from mug.play.match_world import MatchWorld
from mug.play.recorder import RecordedChunk
from mug.play.replay import StoredFrame, StoredGame
from mug.play.rollback.core import Rollback

__all__ = ["WayBack", "is_returning"]


def is_returning(config: GameConfig) -> bool:
    """Whether this page has been in the match before."""
    return bool(config.human_agents) and config.returns.get(config.human_agents[0], 0) > 0


class WayBack:
    """The stored frames of a match, as a returning page needs them.

    Args:
        config: The game.
        stored: Bodies of the match's chunks.

    Attributes:
        withheld: Chunks that were made again and are nobody's yet: they go out once the game goes on.

    Raises:
        IrreproducibleError: A chunk is damaged or missing.
    """

    def __init__(self, config: GameConfig, stored: Sequence[bytes]) -> None:
        self._config = config
        self._game = StoredGame.read(config.match_id, stored, None)
        self.withheld: list[RecordedChunk] = []

    @property
    def episode(self) -> int:
        """The newest stored episode; -1: nothing is stored."""
        return max(self._game.chunks, default=-1)

    def remember(self, core: Rollback, codec: InputCodec, fit: Callable[[str, Any], Any]) -> None:
        """Give the core the inputs of the newest stored episode."""
        inputs: list[list[bytes]] = [[] for _ in self._config.players]
        cuts: dict[int, int] = {}
        if self.episode >= 0:
            for frame in self._game.frames(self.episode):
                self._read(frame, inputs, cuts, codec, fit)
        core.remember(self.episode, inputs, cuts)

    def reset_again(self, world: MatchWorld, episode: int, wanted: set[str], fresh: Callable[[], MatchWorld]) -> bool:
        """Bring the world to an episode's beginning; by way of the earlier ones where its reset depends on them.

        Args:
            world: The world; it is replaced where it must be.
            episode: The episode.
            wanted: The hashes that the others have of the world after this reset.
            fresh: Makes a new world in the place of `world`.

        Returns:
            Whether the earlier episodes had to be stepped again.

        Raises:
            IrreproducibleError: The world begins otherwise than it did.
        """
        world.begin_episode(episode)
        if self._begins_so(world, episode, wanted):
            return False
        if episode > 0:
            world = fresh()
            codec = InputCodec(self._config.action_mapping)
            for earlier in range(episode):
                self._step_through(world, earlier, codec)
            world.begin_episode(episode)
            if self._begins_so(world, episode, wanted):
                return True
        raise IrreproducibleError(f"episode {episode} begins otherwise than it did", episode, 0)

    def rewards(self, episode: int) -> dict[str, float]:
        """Return the sums of a stored episode's rewards."""
        return self._game.rewards(episode)

    def check(self, chunk: RecordedChunk) -> None:
        """Compare a chunk that was made again with the stored one.

        Raises:
            IrreproducibleError: Its rows are others.
        """
        meta = chunk.meta
        known = self._game.chunk(meta["episode"], meta["first"])
        if known is not None and known.last == meta["last"] and known.chain_hash != meta["chain_hash"]:
            raise IrreproducibleError(
                f"stepping frames {known.first} to {known.last} of episode {meta['episode']} again gave other rows",
                meta["episode"],
                known.first,
            )

    def _begins_so(self, world: MatchWorld, episode: int, wanted: set[str]) -> bool:
        stored = self._game.context(episode).get("reset_hash")
        return wanted <= {world.reset_hash} and stored in (None, world.seen_hash)

    def _step_through(self, world: MatchWorld, episode: int, codec: InputCodec) -> None:
        world.begin_episode(episode)
        for frame in self._game.frames(episode):
            if world.ended:
                break
            inputs: list[list[bytes]] = [[] for _ in self._config.players]
            cuts: dict[int, int] = {}
            self._read(frame, inputs, cuts, codec, world.world.agent_env.fit)
            world.step_again([None if p in cuts else row[0] for p, row in enumerate(inputs)])
        if not world.ended:
            raise IrreproducibleError(f"episode {episode} is not stored to its end", episode, world.world.next_frame)

    def _read(
        self,
        frame: StoredFrame,
        inputs: list[list[bytes]],
        cuts: dict[int, int],
        codec: InputCodec,
        fit: Callable[[str, Any], Any],
    ) -> None:
        for number, agent in enumerate(self._config.players):
            status = frame.statuses.get(agent, STATUS_DEFAULT)
            given: Given | None = NO_KEY
            if number in cuts:
                pass
            elif status == STATUS_INPUT:
                given = self._of_keys(agent, frame.actions[agent], fit)
            elif status == STATUS_HIDDEN:
                given = Given(STATUS_HIDDEN)
            elif status != STATUS_DEFAULT:
                cuts[number] = frame.frame - 1  # out of the match: dropped, or a policy in the person's place
            if given is None:
                raise IrreproducibleError(f"no key of {agent!r} gives what is stored of frame {frame.frame}", 0, 0)
            inputs[number].append(codec.write(given))

    def _of_keys(self, agent: str, action: Any, fit: Callable[[str, Any], Any]) -> Given | None:
        wanted = encode(fit(agent, action))
        for binding in self._config.action_mapping:
            if encode(fit(agent, binding.action)) == wanted:
                return Given(STATUS_INPUT, binding.action)
        return None
