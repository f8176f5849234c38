"""A game that the server steps: several people, each at a page of their own, one world.

As `GameSession`, whose rows, events, seeds and ways of coming back it has, it has no clock and no network. What comes
late is late: a frame takes the keys that are there, and nothing is ever stepped again. Policies that take longer than
the rest of a frame are late by rule, where they are not waited for: their agents get what stands in for a missing key,
the rows say "late", and stepping the rows again does not ask them for these frames.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from mug.play.actors import Actors
from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.errors import PlayError
from mug.play.inputs import STATUS_DROPPED, STATUS_HIDDEN, Given
from mug.play.match_inputs import LocalPerson
from mug.play.output import Output, View
from mug.play.replay import StoredFrame, StoredGame
from mug.play.session import GameSession
from mug.play.world import World

__all__ = ["AuthoritySession", "player_views", "viewers"]

LEAST_SHARE: Final = 0.25
"""Of a frame's time, policies always have so much, also when the frame began late."""

_AWAY = Given(STATUS_HIDDEN)
_DROPPED = Given(STATUS_DROPPED)


def viewers(config: GameConfig, world: World) -> tuple[str, ...]:
    """Return the players whose views differ, by picture or by text; none where one view is for all."""
    if len(config.players) > 1 and (config.hud_text_fn is not None or len(world.viewers) > 1):
        return config.players
    return ()


def player_views(world: World, players: Sequence[str]) -> list[View]:
    """Draw the world as it stands for each player; where the study's code draws one picture, they share it."""
    return [
        View(
            episode=world.episode,
            frame=world.next_frame,
            picture=picture,
            hud=world.hud_text(agent),
            score=world.score(agent),
            agent=agent,
        )
        for agent, picture in world.pictures(players).items()
    ]


class AuthoritySession(GameSession):
    """Plays one match with all of its people.

    The views of an `Output` name their `agent`; where the study's code draws one picture for all, they share it.

    Args:
        config: The game; its `players` are the people, `human_agents` is empty.
        root: The study's folder.
        entropy: Clocks and chance of a step; None: CPython's.
        waits: Whether policies are waited for, however long they take; else they have the rest of their frame.
        stepped_again: Called after each stored frame that is stepped again.

    Raises:
        PlayError: When nobody plays, or the settings do not fit the environment.
    """

    def __init__(
        self,
        config: GameConfig,
        *,
        root: Path,
        entropy: Entropy | None = None,
        waits: bool = True,
        stepped_again: Callable[[], None] | None = None,
    ) -> None:
        if not config.players or config.human_agents:
            raise PlayError("a game on the server needs its people in config.players, and none in config.human_agents")
        self._waits = waits
        self._stepped_again = stepped_again
        self._step_s = self._draw_s = 0.0
        super().__init__(config, root=root, entropy=entropy)
        self._people = {agent: LocalPerson(config) for agent in config.players}
        self._away: set[str] = set()
        self._dropped: set[str] = set()
        self._keys_n = dict.fromkeys(config.players, -1)
        self._taken_n = dict.fromkeys(config.players, -1)

    @property
    def players(self) -> tuple[str, ...]:
        """The agents that people control, also of people who are out of the match."""
        return self.config.players

    @property
    def hidden(self) -> frozenset[str]:
        """Agents whose pages are there, but not to be seen."""
        return frozenset(
            agent
            for agent, person in self._people.items()
            if person.hidden and agent not in self._away and agent not in self._dropped
        )

    def take_keys(self, agent: str, n: int, held: list[str], pressed: list[str], *, hidden: bool = False) -> None:
        """Take an agent's keys as its page has them now, and the presses since its last message.

        Args:
            agent: Whose page it is; keys of others than `players` are left aside.
            n: The page's number of this message; one that is not newer than the last says nothing.
            held: Keys that are down.
            pressed: Key presses, in order.
            hidden: The page is not to be seen.
        """
        person = self._people.get(agent)
        if person is None or n <= self._keys_n[agent]:
            return
        self._keys_n[agent] = n
        person.hidden = hidden
        person.update(held, pressed)

    def keys_taken(self, agent: str) -> int:
        """Return the number of the newest keys that the last frame has taken in; -1: none."""
        return self._taken_n[agent]

    def new_page(self, agent: str) -> None:
        """An agent has another page, which holds no key yet and counts its messages from 0."""
        if agent in self._people:
            self._people[agent] = LocalPerson(self.config)
            self._keys_n[agent] = self._taken_n[agent] = -1

    def away(self, agent: str) -> None:
        """An agent's page is gone for now: it acts neutrally."""
        if agent in self._people:
            self._away.add(agent)
            self._people[agent] = LocalPerson(self.config)

    def back(self, agent: str) -> None:
        """An agent's page is there again."""
        self._away.discard(agent)

    def drop(self, agent: str) -> None:
        """An agent's player is out of the match: it acts as the study's `dropout_policy` says, to the end."""
        if agent in self._people:
            self._dropped.add(agent)

    def forget_presses(self) -> None:
        """Drop what was pressed while the game stood still."""
        self._forget_presses()

    def give_time(self, left_s: float) -> None:
        """Say how much is left of the frame that the next `tick` steps: what its step does not need, policies have."""
        frame_s = 1.0 / self.config.fps
        self._require_actors().give_time(max(frame_s * LEAST_SHARE, left_s - self._step_s - self._draw_s))

    def show(self) -> list[View]:
        """Return the views of the world as it stands, for pages that come."""
        return self._views() if self.world.episode >= 0 else []

    def _read_people(self) -> dict[str, Given]:
        given = {}
        for agent, person in self._people.items():
            self._taken_n[agent] = self._keys_n[agent]
            given[agent] = _DROPPED if agent in self._dropped else _AWAY if agent in self._away else person.peek()
            person.next_frame()
        return given

    def _new_actors(self) -> Actors:
        deadline_s = None if self._waits else 1.0 / self.config.fps
        return Actors(self.config, self.world.agent_env, self.world, deadline_s=deadline_s)

    def _step(
        self, actions: Mapping[str, Any], statuses: Mapping[str, str], output: Output, *, again: bool = False
    ) -> None:
        began = perf_counter()
        super()._step(actions, statuses, output, again=again)
        self._step_s = _of_late(self._step_s, perf_counter() - began)

    def _step_again(self, stored: StoredFrame, game: StoredGame, output: Output) -> None:
        super()._step_again(stored, game, output)
        if self._stepped_again is not None:
            self._stepped_again()

    def _forget_presses(self) -> None:
        for person in self._people.values():
            person.forget_presses()

    def _views(self) -> list[View]:
        world, began = self.world, perf_counter()
        views = player_views(world, self.config.players)
        self._draw_s = _of_late(self._draw_s, perf_counter() - began)
        return views

    def _take_latest_globals(self) -> None:
        """Nobody else changes the dict of a game on the server: what stepping again made of it holds."""


def _of_late(before_s: float, took_s: float) -> float:
    """What something takes of late: a slow time counts for some frames."""
    return max(took_s, 0.9 * before_s)
