"""Loads one game's environment in a process of its own and says what it is: agents, spaces, pictures.

Run as ``python -m gui.runtime.inspect_environment_child WISH --out FILE``. WISH is a JSON `Wish`; one JSON
`EnvironmentInfo` is written to FILE. What the environment prints is thrown away.
"""

import argparse
import contextlib
import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from gui.models.environment_info import AgentInfo, EnvironmentInfo, SpaceInfo
from gui.runtime.child_life import end_process, end_with_parent
from mug.study.model import Study

__all__ = ["Wish", "main"]

MAX_BOUNDS: Final = 64
MAX_AGENTS: Final = 64
MAX_TEXT: Final = 4_000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which environment is to be described.

    Attributes:
        study: The study as it is edited.
        source: What was opened: a study folder, its file, or a script.
        path: The game's place in the chain.
    """

    study: Study
    source: str
    path: tuple[int, ...]


def main(argv: Sequence[str]) -> int:
    """Describe the environment and write what was found."""
    parser = argparse.ArgumentParser(prog="inspect_environment_child")
    parser.add_argument("wish", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    wish = msgspec.json.decode(options.wish.read_bytes(), type=Wish)
    os.environ.update({"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "MPLBACKEND": "Agg"})
    with _silence():
        info = _describe(wish)
    written = options.out.with_suffix(".part")
    written.write_bytes(msgspec.json.encode(info))
    written.replace(options.out)
    return 0


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Throw away what is printed, by Python or by a library below it: there may be any amount of it."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number, _ in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _describe(wish: Wish) -> EnvironmentInfo:
    from mug.errors import MugError
    from mug.play.errors import EnvironmentFailedError
    from mug.play.trial import missing_module

    try:
        return _found(wish)
    except EnvironmentFailedError as error:
        missing = missing_module(error)
        if missing is not None:
            words = (
                f"The module {missing!r} is not installed in this Python, so the environment cannot be read here. The "
                "browser may have it all the same."
            )
            return EnvironmentInfo(error=words, missing=missing)
        return EnvironmentInfo(error=_sentence(str(error)), detail=error.traceback[-MAX_TEXT:])
    except MugError as error:
        return EnvironmentInfo(error=_sentence(str(error)))
    except OSError as error:
        return EnvironmentInfo(error=f"{error.filename or 'A file'} cannot be read: {error.strerror or error}.")
    except BaseException as error:  # whatever study code raises is told to its author
        return EnvironmentInfo(error=f"The environment could not be loaded: {type(error).__name__}: {error}"[:MAX_TEXT])


def _sentence(text: str) -> str:
    text = text[:MAX_TEXT].rstrip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _found(wish: Wish) -> EnvironmentInfo:
    import tempfile

    from mug.check.environments import trial_config, with_generated
    from mug.play.environment import AgentEnvironment
    from mug.play.loading import Workspace
    from mug.study.loading import LoadedStudy, load
    from mug.study.model import GymGame
    from mug.study.traversal import agents_of, node_at

    source = Path(wish.source)
    game = node_at(wish.study, wish.path)
    assert isinstance(game, GymGame)
    if source.suffix == ".py":
        loaded = dataclasses.replace(load(source), study=wish.study)
    else:
        folder = source if source.is_dir() else source.parent
        loaded = LoadedStudy(wish.study, {}, folder.resolve(), source, folder.resolve())
    sys.path[:0] = [str(loaded.folder), str(loaded.working_directory)]
    with tempfile.TemporaryDirectory(prefix="mug-inspect-") as place:
        config = with_generated(trial_config(loaded, game), loaded, Path(place))
        env = Workspace(config, loaded.folder, {}).make_environment()
        own = AgentEnvironment(env, ())
        names_agents = bool(own.agents)
        agents = own if names_agents else AgentEnvironment(env, agents_of(game))
        metadata = getattr(env, "metadata", None)
        metadata = metadata if isinstance(metadata, Mapping) else {}
        fps = metadata.get("render_fps")
        mode = getattr(env, "render_mode", None)
        return EnvironmentInfo(
            name=type(_innermost(env)).__name__,
            agents=tuple(_agent(agents, agent, env) for agent in agents.agents[:MAX_AGENTS]),
            names_agents=names_agents,
            render_mode=mode if isinstance(mode, str) else None,
            draws=_draws(env, config),
            fps=float(fps) if isinstance(fps, int | float) and not isinstance(fps, bool) else None,
        )


def _innermost(env: Any) -> Any:
    from mug.play.environment import SingleAgent

    inner = env.env if isinstance(env, SingleAgent) else env
    try:
        return getattr(inner, "unwrapped", inner)
    except Exception:  # an attribute of study code may do anything
        return inner


def _agent(agents: Any, agent: str, env: Any) -> AgentInfo:
    spaces = getattr(env, "observation_spaces", None)
    observation = None
    with contextlib.suppress(Exception):
        if isinstance(spaces, Mapping):
            observation = next((space for own, space in spaces.items() if str(own) == agent), None)
        if observation is None:
            space = getattr(env, "observation_space", None)
            observation = space(agent) if callable(space) and not hasattr(space, "contains") else space
    meanings = _meanings(env)
    action = agents.action_space(agent)
    return AgentInfo(
        agent=agent,
        action=None if action is None else _space(action, meanings),
        observation=None if observation is None else _space(observation, ()),
    )


def _meanings(env: Any) -> tuple[str, ...]:
    with contextlib.suppress(Exception):
        found = getattr(env, "action_meanings", None) or getattr(_innermost(env), "action_meanings", None)
        if found is None:
            found = getattr(_innermost(env), "get_action_meanings", lambda: ())()
        if isinstance(found, Mapping):
            found = [found[key] for key in sorted(found)]
        return tuple(str(word)[:40] for word in found)[:MAX_BOUNDS]
    return ()


def _space(space: Any, meanings: tuple[str, ...]) -> SpaceInfo:
    kind = type(space).__name__
    shape = tuple(int(length) for length in getattr(space, "shape", None) or ())
    dtype = str(getattr(space, "dtype", None) or "")
    parts = getattr(space, "spaces", None)
    if isinstance(parts, Mapping):
        return SpaceInfo(kind="Dict", parts=tuple(str(key) for key in parts)[:MAX_BOUNDS])
    if isinstance(parts, tuple | list):
        return SpaceInfo(kind="Tuple", parts=tuple(type(part).__name__ for part in parts)[:MAX_BOUNDS])
    if hasattr(space, "n") and hasattr(space, "start"):
        return SpaceInfo(kind="Discrete", n=int(space.n), start=int(space.start), dtype=dtype, meanings=meanings)
    if hasattr(space, "low") and hasattr(space, "high"):
        return SpaceInfo(kind="Box", shape=shape, dtype=dtype, low=_bounds(space.low), high=_bounds(space.high))
    if hasattr(space, "nvec"):
        return SpaceInfo(kind="MultiDiscrete", shape=shape, nvec=tuple(int(n) for n in _flat(space.nvec)), dtype=dtype)
    if hasattr(space, "n") and shape:
        return SpaceInfo(kind="MultiBinary", n=int(shape[0]), shape=shape, dtype=dtype)
    return SpaceInfo(kind=kind, shape=shape, dtype=dtype)


def _bounds(values: Any) -> tuple[float | None, ...]:
    import math

    flat = _flat(values)
    if len(flat) > MAX_BOUNDS:
        flat = [flat[0]] if len(set(flat)) == 1 else []
    return tuple(float(value) if math.isfinite(value) else None for value in flat)


def _flat(values: Any) -> list[Any]:
    import numpy as np

    return list(np.asarray(values).reshape(-1).tolist())


def _draws(env: Any, config: Any) -> str:
    """Return what a picture of the environment is, tried after a reset; empty: it is not drawn."""
    if config.env_to_state_fn:
        return "objects, by the draw function"
    try:
        env.reset(seed=1)
        drawn = env.render()
    except Exception as error:  # render() may need what only the browser has
        return f"nothing here ({type(error).__name__}: {str(error)[:120]})"
    if drawn is None:
        return ""
    shape = getattr(drawn, "shape", None)
    if shape is not None and len(shape) == 3:
        return f"an image of {shape[1]} × {shape[0]} pixels"
    if isinstance(drawn, str):
        return "text, which no page shows"
    return "objects"


if __name__ == "__main__":
    end_with_parent()
    end_process(main(sys.argv[1:]))
