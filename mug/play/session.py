"""A single player's game from its first reset to its last episode: one call per tick, everything else comes out.

The session calls no page, no clock and no network. Each call returns an `Output`: pictures to show, rows to keep,
events to record, how long to wait. A page that comes back gives the stored chunks and the tail to `open`, and the
session stands again where it stood.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mug.play.actors import Actors
from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.differences import Difference, first_difference
from mug.play.encoding import encode
from mug.play.errors import EnvironmentFailedError, IrreproducibleError
from mug.play.inputs import Given, KeyBoard
from mug.play.output import Event, Output, View, begun_episode, finished_episode, json_text, world_view
from mug.play.recorder import Recorder, Row
from mug.play.replay import StoredFrame, StoredGame, Tail
from mug.play.values import json_value
from mug.play.world import World

__all__ = ["GameSession"]

Next = Literal["step", "between", "finished"]


class GameSession:
    """Plays one visit of a game scene with one person.

    Args:
        config: The game.
        root: The study's folder (``/study`` in the browser).
        entropy: Clocks and chance of a step; None: CPython's.

    Raises:
        EnvironmentFailedError: From every method that runs study code.
        PlayError: When the settings do not fit the environment.

    Attributes:
        config: The game.
        mug_globals: The participant's dict.
        last_row: What the newest step of the episode gave; None: there was none yet.
    """

    def __init__(self, config: GameConfig, *, root: Path, entropy: Entropy | None = None) -> None:
        self.config = config
        self.last_row: Row | None = None
        self.mug_globals: dict[str, Any] = json.loads(json.dumps(config.mug_globals))
        self._root = root
        self._entropy = entropy
        self._sent_globals = json_text(self.mug_globals)
        self._world = self._new_world()
        self._actors: Actors | None = None
        self._keyboard: KeyBoard | None = None
        self._recorder: Recorder | None = None
        self._tail_entries: list[str] = []
        self._next: Next = "step"
        self._started = False
        self._resumed = False
        self._raise: EnvironmentFailedError | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """All agents of the environment."""
        return self._world.agents

    @property
    def world(self) -> World:
        """The environment as it stands."""
        return self._world

    def asset_specs(self) -> list[dict[str, Any]]:
        """Return the images and atlases that the environment's surface has registered."""
        return self._world.asset_specs()

    def open(self, stored: Sequence[bytes] = (), tail: Tail | None = None) -> Output:
        """Reset the first episode, or step again what was stored; the game then stands before its next frame.

        Args:
            stored: Bodies of this match's chunks, in order: what the server holds and what the page still keeps.
            tail: The page's tail of the same match.

        Raises:
            IrreproducibleError: When stepping again gives something else than what is stored.
        """
        output = Output()
        game = StoredGame.read(self.config.match_id, stored, tail)
        if game.is_empty:
            self._begin_episode(0, output)
        else:
            self._resume(game, output)
        output.finished = False
        self._add_globals(output)
        return output

    def start(self) -> Output:
        """Let the game begin; ticks follow."""
        output = Output()
        if self._started:
            return output
        self._started = True
        output.finished = self._next == "finished"
        if self._resumed:
            data = {"match_id": self.config.match_id, "episode": self._world.episode, "frame": self._world.next_frame}
            output.events.append(Event("episode_resumed", data))
        elif self._world.next_frame == 0:
            output.wait_s = self.config.reset_freeze_s
        return output

    def keys(self, held: Iterable[str], pressed: Iterable[str]) -> None:
        """Take the keys as they are now, and the presses since the last call."""
        if self._keyboard is not None:
            self._keyboard.update(held, pressed)

    def change_globals(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        """Change the participant's dict as a page did; what else is in it stays."""
        self.mug_globals.update(values)
        for name in removed:
            self.mug_globals.pop(name, None)

    def tick(self) -> Output:
        """Make one step, or begin the next episode after the last picture of the one before."""
        if self._raise is not None:
            error, self._raise = self._raise, None
            raise error
        output = Output()
        if not self._started:
            return output
        if self._next == "between":
            self._begin_episode(self._world.episode + 1, output)
            output.wait_s = self.config.reset_freeze_s
        elif self._next == "step":
            world, actors = self._world, self._require_actors()
            if world.next_frame == 0 and self.config.reset_freeze_s > 0:
                self._forget_presses()  # made while the first picture stood still
            given = self._read_people()
            began = time.perf_counter()
            actions, statuses = actors.decide(world.episode, world.next_frame, world.observations, given)
            self._step(actions, statuses, output)
            stepped = time.perf_counter()
            try:
                output.views += self._views()
            except EnvironmentFailedError as error:
                if not output.chunks:
                    raise
                self._raise = error  # what was recorded goes first
            output.step_s, output.render_s = stepped - began, time.perf_counter() - stepped
            output.events += [Event("policy_slow", data) for data in actors.take_slow()]
            if output.finished:
                self._add_figures(output)
        self._add_globals(output)
        return output

    def flush(self) -> Output:
        """Cut the rows that are not cut yet: the game stops before its end, and no row may be lost."""
        output = Output()
        if self._recorder is not None:
            output.chunks += self._recorder.finish()
            self._tail_entries = []
        self._add_figures(output)
        return output

    def close(self) -> None:
        """Close the environment and leave a clean interpreter."""
        self._next = "finished"
        if self._actors is not None:
            self._actors.close()
        self._world.close()

    def _new_world(self) -> World:
        return World(self.config, root=self._root, mug_globals=self.mug_globals, entropy=self._entropy)

    def _require_actors(self) -> Actors:
        if self._actors is None:
            self._actors = self._new_actors()
        return self._actors

    def _new_actors(self) -> Actors:
        """Make who decides; the world has been reset."""
        return Actors(self.config, self._world.agent_env, self._world)

    def _read_people(self) -> dict[str, Given]:
        """What each person gives for the next frame."""
        keyboard = self._require_keyboard()
        return {agent: keyboard.read() for agent in self.config.human_agents}

    def _forget_presses(self) -> None:
        """Drop what was pressed before the next frame."""
        self._require_keyboard().forget_presses()

    def _views(self) -> list[View]:
        """Draw the world as it stands."""
        world = self._world
        return [world_view(world, world.picture() if world.drawn else world.first_picture())]

    def _add_figures(self, output: Output) -> None:
        if self._actors is not None:
            output.policy_figures = [figures.to_dict() for figures in self._actors.figures()]

    def _require_keyboard(self) -> KeyBoard:
        if self._keyboard is None:
            self._keyboard = KeyBoard(self.config.action_mapping, self.config.input_mode)
        return self._keyboard

    def _begin_episode(self, episode: int, output: Output, *, again: bool = False) -> None:
        world = self._world
        if world.ended is not None:
            world.carry_over(world.rewards)
        context: dict[str, Any] = {"mug_globals": json_value(self.mug_globals)}
        seed = world.reset(episode)
        self.last_row = None
        self._next = "step"
        context["seed"] = seed
        context["reset_hash"] = world.seen_hash
        fresh, actors = self._actors is None, self._require_actors()
        actors.begin_episode()
        if carried := actors.carried():
            context["policies"] = carried
        if fresh:
            actors.warm_up(world.observations)
        self._forget_presses()
        self._recorder = Recorder(
            match_id=self.config.match_id,
            episode=episode,
            agents=world.agents,
            fps=self.config.fps,
            context=context,
        )
        self._tail_entries = []
        views = self._views()
        data = begun_episode(world, self.config.match_id, seed)
        output.events.append(Event("episode_started", {**data, "again": True} if again else data))
        output.tail = self._tail()
        output.views += views

    def _step(
        self, actions: Mapping[str, Any], statuses: Mapping[str, str], output: Output, *, again: bool = False
    ) -> None:
        world, recorder = self._world, self._recorder
        assert recorder is not None
        row = self.last_row = world.step(actions, statuses)
        chunks = recorder.add(row)
        if world.ended is not None:
            chunks += recorder.finish()
        if chunks:
            self._tail_entries = []
        if recorder.waiting:
            entry = encode((row.frame, dict(row.actions), dict(row.statuses), _seen_hash(world)))
            self._tail_entries.append(base64.b64encode(entry).decode("ascii"))
        output.tail = self._tail()
        output.chunks += chunks
        if world.ended is not None:
            self._end_episode(output, again=again)

    def _end_episode(self, output: Output, *, again: bool) -> None:
        world, recorder = self._world, self._recorder
        assert recorder is not None
        data = finished_episode(world, self.config.match_id, recorder.chain_hash)
        output.events.append(Event("episode_ended", {**data, "again": True} if again else data))
        last = world.episode + 1 >= self.config.num_episodes
        self._next = "finished" if last else "between"
        output.finished = last

    def _tail(self) -> Tail:
        recorder = self._recorder
        assert recorder is not None
        return Tail(
            match_id=self.config.match_id,
            episode=recorder.episode,
            first=self._world.next_frame - len(self._tail_entries),
            entries=tuple(self._tail_entries),
            context=json_text(recorder.context) if self._world.next_frame < self.config.fps else "",
        )

    def _add_globals(self, output: Output) -> None:
        if not self.mug_globals and self._sent_globals == "{}":
            return
        text = json_text(self.mug_globals)
        if text != self._sent_globals:
            self._sent_globals = text
            output.mug_globals = json.loads(text)

    # ------------------------------------------------------------------ coming back

    def _resume(self, game: StoredGame, output: Output) -> None:
        """Step the stored episode again; from the match's start where its reset depends on earlier episodes."""
        episode = game.last_episode
        try:
            self._rebuild(game, episode, episode, output)
        except (IrreproducibleError, EnvironmentFailedError) as error:
            if episode == 0:
                raise _irreproducible(error, self._world) from error
            if self._actors is not None:
                self._actors.close()
            self._world.close()
            self._restore_globals(game.context(0))
            self._world, self._actors = self._new_world(), None
            self._clear(output)
            try:
                self._rebuild(game, 0, episode, output)
            except (IrreproducibleError, EnvironmentFailedError) as again:
                raise _irreproducible(again, self._world) from again
        self._resumed = self._world.next_frame > 0 or episode > 0
        self._take_latest_globals()
        self._sent_globals = json_text(self.mug_globals)
        if self._world.next_frame > 0:
            output.views += self._views()

    def _rebuild(self, game: StoredGame, first_episode: int, last_episode: int, output: Output) -> None:
        for earlier in range(first_episode):
            self._world.carry_over(game.rewards(earlier))
        for episode in range(first_episode, last_episode + 1):
            self._restore_globals(game.context(episode))
            made = output if episode == last_episode else Output()
            self._begin_episode(episode, made, again=True)
            self._check_context(game.context(episode))
            for stored in game.frames(episode):
                self._step_again(stored, game, made)
            if episode < last_episode:
                if self._world.ended is None:
                    raise IrreproducibleError(
                        f"episode {episode} did not end where it had ended", episode, self._world.next_frame
                    )
                output.views += [view for view in made.views if view.frame == 0]

    def _step_again(self, stored: StoredFrame, game: StoredGame, output: Output) -> None:
        world = self._world
        if world.ended is not None or set(stored.actions) != set(world.agent_env.live_agents):
            raise IrreproducibleError(
                f"episode {world.episode} ended or lost an agent before frame {stored.frame}, where it had gone on",
                world.episode,
                stored.frame,
            )
        made = Output()
        self._step(self._require_actors().replayed(stored.actions, stored.statuses), stored.statuses, made, again=True)
        if stored.seen_hash is not None and stored.seen_hash != _seen_hash(world):
            raise IrreproducibleError(
                f"episode {world.episode}: stepping frame {stored.frame} again gave another observation or reward",
                world.episode,
                stored.frame,
            )
        recorder = self._recorder
        if recorder is not None and recorder.waiting and game.ends_at(world.episode, stored.frame):
            made.chunks += recorder.finish()  # it was cut early here: the game had stopped
            self._tail_entries = []
            made.tail = self._tail()
        output.events += made.events
        output.tail = made.tail
        for chunk in made.chunks:
            known = game.chunk(world.episode, chunk.meta["first"])
            if known is None:
                output.chunks.append(chunk)
            elif known.chain_hash != chunk.meta["chain_hash"]:
                raise IrreproducibleError(
                    f"episode {world.episode}: stepping frames {known.first} to {known.last} again gave other rows "
                    f"than the stored ones ({_words(first_difference(known, chunk))})",
                    world.episode,
                    known.first,
                )

    def _check_context(self, context: Mapping[str, Any]) -> None:
        made = self._recorder.context if self._recorder is not None else {}
        for name, what in (("seed", "seed"), ("reset_hash", "first observation"), ("policies", "policy's memory")):
            if name in context and context[name] != made.get(name):
                raise IrreproducibleError(
                    f"episode {self._world.episode} begins with another {what}", self._world.episode, 0
                )

    def _take_latest_globals(self) -> None:
        """The page's dict is newer than what stepping again made of the episode's."""
        self._restore_globals({"mug_globals": self.config.mug_globals})

    def _restore_globals(self, context: Mapping[str, Any]) -> None:
        values = context.get("mug_globals")
        if isinstance(values, Mapping):
            self.mug_globals.clear()
            self.mug_globals.update(json.loads(json.dumps(values)))

    def _clear(self, output: Output) -> None:
        output.views.clear()
        output.events.clear()
        output.chunks.clear()
        output.tail = None


def _irreproducible(error: IrreproducibleError | EnvironmentFailedError, world: World) -> IrreproducibleError:
    if isinstance(error, IrreproducibleError):
        return error
    return IrreproducibleError(str(error), world.episode, world.next_frame)


def _words(difference: Difference | None) -> str:
    if difference is None:
        return "the beginning of the episode differs"
    return f"first difference: {difference.column} at frame {difference.frame}"


def _seen_hash(world: World) -> bytes:
    """A short hash of what the agents see and have earned: enough to notice that a replay went another way."""
    return hashlib.blake2b(encode((world.observations, world.rewards)), digest_size=6).digest()
