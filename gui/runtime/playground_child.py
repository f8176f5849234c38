"""Steps one game's environment for the playground; run as a process of its own, because it may hang, exit or crash.

Run as ``python -m gui.runtime.playground_child STUDY EDITED PATH AGENT OTHERS``: the study's folder or script, a file
with its content as it is edited, the game's path (``2`` or ``1.0``), whom the keys control (empty: the first person),
and what other people's agents do: ``random`` or ``default``. Requests come by stdin and answers go by stdout, as
`gui.models.playground_messages` has them; what the environment prints becomes messages too.
"""

import dataclasses
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np

from gui.models.playground_messages import (
    Answer,
    Frames,
    PictureImage,
    Printed,
    Ready,
    Request,
    Reset,
    Shown,
    Step,
    Stepped,
    Trouble,
    pack,
)
from gui.runtime.child_life import end_process, end_with_parent
from mug.check.environments import trial_config, with_generated
from mug.errors import MugError
from mug.play.actors import Actors
from mug.play.config import GameConfig
from mug.play.errors import EnvironmentFailedError
from mug.play.inputs import Given, KeyBoard
from mug.play.picture import Picture
from mug.play.values import json_value
from mug.play.world import World
from mug.policies.native import run_models_here
from mug.study.assets import animations, background, first_objects, is_color, preloaded, served_path, served_roots
from mug.study.loading import LoadedStudy, load_as_edited
from mug.study.model import GymGame
from mug.study.traversal import agents_of, human_agents, node_at

__all__ = ["main"]

_MAX_TEXT: Final = 1_500
_MAX_TRACEBACK: Final = 20_000
_MAX_PRINTED: Final = 16_384
_MAX_TAIL: Final = 8_192
_PRINT_PERIOD_S: Final = 0.1
_SETTLE_S: Final = 2.0
_MARK: Final = b"\0mug-playground-settle\0"


class _Channel:
    """The answers' way out; whatever else is written to stdout and stderr becomes `Printed`, a flood in part only."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        self._lock = threading.Lock()
        reading, writing = os.pipe()
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        self._reading = reading
        self._settled = threading.Event()
        threading.Thread(target=self._forward, name="prints", daemon=True).start()

    def send(self, answer: Answer) -> None:
        """Send an answer."""
        data = memoryview(pack(answer))
        with self._lock:
            while data:
                data = data[self._out.write(data) :]

    def settle(self) -> None:
        """Let what was printed so far go before what is sent next."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._settled.clear()
        os.write(1, _MARK)
        self._settled.wait(_SETTLE_S)

    def _forward(self) -> None:
        """Of a flood its beginning and its end are sent, on the thread that reads the pipe."""
        flood = _Flood()
        rest = b""
        while chunk := os.read(self._reading, 65_536):
            *parts, rest = (rest + chunk).split(_MARK)
            keep = next((size for size in range(len(_MARK) - 1, 0, -1) if rest.endswith(_MARK[:size])), 0)
            part, rest = (rest[:-keep], rest[-keep:]) if keep else (rest, b"")  # a mark may come in two pieces
            for printed in (*(flood.take(piece) for piece in parts), flood.take(part) if part else None):
                if printed is not None:
                    self.send(printed)
            if parts:
                if (last := flood.end()) is not None:
                    self.send(last)
                self._settled.set()


class _Flood:
    """Lets so much through in a tenth of a second; of what is left out the end is kept."""

    def __init__(self) -> None:
        self._sent, self._until = 0, 0.0
        self._skipped = 0
        self._tail = b""

    def take(self, chunk: bytes) -> Printed | None:
        """Return what is to be sent of a piece of output."""
        now = time.monotonic()
        fresh = now > self._until
        if fresh:
            self._sent, self._until = 0, now + _PRINT_PERIOD_S
        if not self._tail and self._sent + len(chunk) <= _MAX_PRINTED:
            self._sent += len(chunk)
            return Printed(text=chunk.decode("utf-8", "replace")) if chunk else None
        whole = self._tail + chunk
        self._tail = whole[-_MAX_TAIL:]
        self._skipped += len(whole) - len(self._tail)
        return self.end() if fresh else None

    def end(self) -> Printed | None:
        """Return what was left out last, with how much before it."""
        if not self._tail:
            return None
        printed = Printed(text=self._tail.decode("utf-8", "replace"), skipped=self._skipped)
        self._sent += len(self._tail)
        self._tail, self._skipped = b"", 0
        return printed


class _Playground:
    """One environment, its agents and the keys."""

    def __init__(self, loaded: LoadedStudy, game: GymGame, agent: str, others: str, folder: Path) -> None:
        self._loaded = loaded
        self._game = game
        self.notes: list[str] = []
        run_models_here()
        config = with_generated(trial_config(loaded, game), loaded, folder)
        self._config = self._controlled(config, agent, others)
        self._world = World(self._config, root=loaded.folder, mug_globals={})
        self._actors: Actors | None = None
        self._keyboard = KeyBoard(self._config.action_mapping, self._config.input_mode)
        self._seed = 0

    def ready(self) -> Ready:
        """Return what there is to know before the first step; the world is reset."""
        loaded, game, world = self._loaded, self._game, self._world
        study = loaded.study
        roots = {root: str(loaded.resolve_path(text)) for root, text in served_roots(study).items()}
        specs = [*preloaded(study, game), *world.asset_specs()]
        pictures: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            texts = [spec.get("img_path") or spec.get("path"), spec.get("json_path") or spec.get("atlas_path")]
            files = [self._file(text, roots) for text in texts if isinstance(text, str)]
            if files and isinstance(spec.get("name"), str):
                pictures[spec["name"]] = tuple(files)
        shown = background(study, game)
        return Ready(
            agents=world.agents,
            spaces={agent: _shortened(str(world.agent_env.action_space(agent)), 300) for agent in world.agents},
            pictures=pictures,
            folders=roots,
            background=shown if is_color(game.rendering.background) else self._file(shown, roots),
            first_objects=tuple(json_value(wire) for wire in first_objects(game)),
            animations=animations(game),
            notes=tuple(self.notes),
        )

    def reset(self, seed: int | None = None) -> Stepped:
        """Begin again with episode 0."""
        if seed is not None:
            self._world.config = dataclasses.replace(self._world.config, environment_seed=seed)
        return self._begin(0)

    def step(self, request: Step) -> Stepped:
        """Make one frame."""
        world = self._world
        self._keyboard.update(request.held, request.pressed)
        if world.ended is not None:
            return self._begin(world.episode + 1)
        assert self._actors is not None
        agent = self._config.human_agents[0]
        people: dict[str, Given] = {agent: self._keyboard.read()}
        actions, statuses = self._actors.decide(world.episode, world.next_frame, world.observations, people)
        began = time.perf_counter()
        row = world.step(actions, statuses)
        stepped = time.perf_counter()
        picture = world.picture()
        drawn = time.perf_counter()
        shown = tuple(
            self._shown(
                name,
                action=_words(actions[name]) if name in actions else "",
                status=statuses.get(name, ""),
                reward=row.rewards.get(name),
                terminated=row.terminated.get(name, False),
                truncated=row.truncated.get(name, False),
            )
            for name in world.agents
        )
        return self._answer(picture, shown, 1000 * (stepped - began), 1000 * (drawn - stepped))

    def _begin(self, episode: int) -> Stepped:
        world = self._world
        if world.ended is not None:
            world.carry_over(world.rewards)
        began = time.perf_counter()
        self._seed = world.reset(episode)
        reset = time.perf_counter()
        fresh = self._actors is None
        if self._actors is None:
            self._actors = Actors(self._config, world.agent_env, world)
        self._actors.begin_episode()
        if fresh:
            self._actors.warm_up(world.observations)
        self._keyboard.forget_presses()
        picture = world.picture() if world.drawn else world.first_picture()
        drawn = time.perf_counter()
        shown = tuple(self._shown(name) for name in world.agents)
        return self._answer(picture, shown, 1000 * (reset - began), 1000 * (drawn - reset))

    def _answer(self, picture: Picture, shown: tuple[Shown, ...], step_ms: float, render_ms: float) -> Stepped:
        world, image = self._world, picture.image
        return Stepped(
            episode=world.episode,
            frame=world.next_frame,
            seed=self._seed,
            ended=world.ended,
            agents=shown,
            packet=None if picture.packet is None else json_value(picture.packet),
            image=None if image is None else PictureImage(width=image.width, height=image.height, rgba=image.rgba),
            hud=world.hud_text(),
            step_ms=step_ms,
            render_ms=render_ms,
        )

    def _shown(self, agent: str, **more: Any) -> Shown:
        world = self._world
        observation = world.observations.get(agent)
        return Shown(
            agent=agent,
            kind=_kind(observation),
            observation=_words(observation),
            total=world.rewards.get(agent, 0.0),
            infos=_words(world.infos.get(agent, {})) if world.infos.get(agent) else "",
            **more,
        )

    def _controlled(self, config: GameConfig, agent: str, others: str) -> GameConfig:
        """Let the keys control one agent; policies act as they do, other people by chance, or as without a key."""
        game = self._game
        humans, agents = human_agents(game), agents_of(game)
        chosen = agent if agent in agents else (humans[0] if humans else next(iter(agents), "human"))
        still = [name for name in humans if name != chosen and others == "default"]
        if chosen not in humans:
            self.notes.append(f"{chosen} is controlled by keys here, not by its policy")
        return dataclasses.replace(
            config,
            human_agents=(chosen,),
            players=(chosen, *still) if still else (),
            policies={
                name: config.policies.get(name, "random") for name in agents if name != chosen and name not in still
            },
            dropout_policy="end",
            input_mode=game.gameplay.input_mode,
            action_population_method=game.gameplay.action_population_method,
        )

    def _file(self, path: str, roots: Mapping[str, str]) -> str:
        """Where a picture lies, by its address or as the environment writes it."""
        address = served_path(self._loaded.study, self._game, path)
        for root, folder in roots.items():
            if address.startswith(f"{root}/"):
                return str(Path(folder) / address.removeprefix(f"{root}/"))
        return str(self._loaded.resolve_path(path))


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, Mapping):
        return f"dict of {len(value)}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of {len(value)}"
    return "" if value is None else type(value).__name__


def _words(value: Any) -> str:
    """A value for people: short, arrays shortened, dicts line by line."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, threshold=40, edgeitems=3, suppress_small=True, max_line_width=38)
    elif isinstance(value, Mapping):
        text = "\n".join(f"{key}: {_words(item)}" for key, item in list(value.items())[:40])
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = repr(value)
    return _shortened(text, _MAX_TEXT)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _missing_module(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name
        error = error.__cause__ or error.__context__
    return None


def _trouble(error: Exception, game: GymGame | None) -> Trouble:
    """Say what happened so that its author can do something about it."""
    missing = _missing_module(error)
    if missing is not None and game is not None:
        packages = game.runtime.packages_to_install
        listed = f" (the scene's packages: {', '.join(packages)})" if packages else ""
        name = missing.partition(".")[0]
        return Trouble(
            stage="load",
            message=f"The module “{name}” is not installed in the Python of MUG Lab{listed}. Participants' browsers "
            "get it from the scene's packages, so a preview plays the game all the same. To step it here, install it "
            f"in this Python, as with: {Path(sys.executable).name} -m pip install PACKAGE",
        )
    if isinstance(error, EnvironmentFailedError):
        return Trouble(message=str(error), traceback=error.traceback[-_MAX_TRACEBACK:], stage=error.stage)
    if isinstance(error, MugError | OSError):
        return Trouble(message=str(error), traceback=getattr(error, "detail", ""))
    said = f"{type(error).__name__}: {error}"
    return Trouble(message=said, traceback=traceback.format_exc()[-_MAX_TRACEBACK:])


def main(arguments: list[str]) -> int:
    """Step the environment until stdin ends."""
    place, edited, where, agent, others = arguments
    channel = _Channel()
    game: GymGame | None = None
    with tempfile.TemporaryDirectory(prefix="mug-playground-") as folder:
        try:
            loaded = load_as_edited(place, Path(edited))
            node = node_at(loaded.study, tuple(int(index) for index in where.split(".")))
            if not isinstance(node, GymGame):
                raise MugError("this scene is no game, so there is no environment to step")
            game = node
            sys.path[:0] = [str(loaded.folder), str(loaded.working_directory)]
            playground = _Playground(loaded, game, agent, others, Path(folder))
            first = playground.reset()
            channel.send(playground.ready())
            channel.send(first)
        except Exception as error:
            channel.settle()
            channel.send(_trouble(error, game))
            return 0
        return _serve(channel, playground, game, sys.stdin.buffer)


def _serve(channel: _Channel, playground: _Playground, game: GymGame, stdin: BinaryIO) -> int:
    frames = Frames()
    while data := os.read(stdin.fileno(), 65_536):
        for body in frames.feed(data):
            request = msgspec.msgpack.decode(body, type=Request)
            try:
                answer: Answer = (
                    playground.reset(request.seed) if isinstance(request, Reset) else playground.step(request)
                )
            except Exception as error:  # the study's own code: shown to its author
                answer = _trouble(error, game)
            channel.settle()
            channel.send(answer)
    return 0


if __name__ == "__main__":
    end_with_parent()
    end_process(main(sys.argv[1:]))
