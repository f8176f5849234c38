"""The sync test: can an environment's state be saved, restored and stepped again, with the same result?

Every agent acts at random, from a seed. A first run is remembered: observations, rewards and state hash of every frame.
Then, as often as a game's rollback would, frames are stepped with wrong actions, taken back, and stepped with the right
ones: the result must be the first run's, bit by bit. It is also compared with runs without pictures, with other clocks
and chance, and with a fresh environment after an episode. What differs is named: its attribute path, both values, the
frame. The method is that of GGPO's and GGRS's sync tests; theirs repeat the same inputs, which hides what leaks.
"""

import gc
import hashlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mug.play.determinism import Entropy, NativeEntropy
from mug.play.encoding import encode
from mug.play.errors import EnvironmentFailedError, PlayError
from mug.play.seeding import derive_seed
from mug.play.snapshots import LEVELS, SnapshotError, Snapshots
from mug.play.spaces import sample_action
from mug.play.sync_test_report import Finding, SyncReport, Timing
from mug.play.sync_test_view import Difference, View, shared_objects, view_of
from mug.play.world import World

__all__ = ["MakeWorld", "sync_test"]

MakeWorld = Callable[[Entropy | None], World]
"""Makes a new world; `None`: with the entropy of its own match."""

MakeEntropy = Callable[[int, int, Callable[[str], None] | None], Entropy]
"""Makes an entropy of a seed and the frames per second; the function is told of every question."""

RIGHT: Final = 1
WRONG: Final = 2
OTHER_ENTROPY: Final = 0x5EED
OTHER_FPS: Final = 7
"""The other clock runs at another pace, too: differences of two readings are noticed."""
RESET_FRAMES: Final = 60
NAMED: Final = 3
"""At most so many findings of one kind."""


@dataclass
class _Frame:
    """One frame of the first run: what must come again."""

    episode: int
    frame: int
    before: tuple[bytes, str | None]
    after: tuple[bytes, str | None]
    last: bool


@dataclass
class _Times:
    step: list[float] = field(default_factory=list)
    render: list[float] = field(default_factory=list)
    hash: list[float] = field(default_factory=list)
    save: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)


class _Mismatch(Exception):
    """Frame number `index` of the story did not come again after `distance` frames were taken back."""

    def __init__(self, index: int, distance: int) -> None:
        self.index = index
        self.distance = distance
        super().__init__(index, distance)


def sync_test(
    make_world: MakeWorld,
    *,
    distances: Sequence[int] = (1, 2, 7, 8),
    frames: int = 500,
    levels: Sequence[str] = LEVELS,
    pictures: bool = True,
    make_entropy: MakeEntropy = NativeEntropy,
    progress: Callable[[str, float], None] | None = None,
) -> SyncReport:
    """Test one environment.

    Args:
        make_world: Makes a new world of it, every time.
        distances: How many frames are taken back.
        frames: How many frames each run has, over several episodes where one is shorter.
        levels: The levels of snapshots to try, in this order; the first that holds is the result.
        pictures: Draw as a page does. False: the environment cannot draw.
        make_entropy: Makes other clocks and chance than the match's.
        progress: Told what is being done, and how much of the whole is done.

    Raises:
        EnvironmentFailedError: The environment's code raised in the first run.
        PlayError: The settings do not fit the environment.
    """
    return _Test(make_world, distances, frames, levels, pictures, make_entropy, progress).run()


class _Test:
    def __init__(
        self,
        make_world: MakeWorld,
        distances: Sequence[int],
        frames: int,
        levels: Sequence[str],
        pictures: bool,
        make_entropy: MakeEntropy,
        progress: Callable[[str, float], None] | None,
    ) -> None:
        self.make_world = make_world
        self.distances = tuple(distances)
        self.frames = frames
        self.levels = tuple(levels)
        self.pictures = pictures
        self.make_entropy = make_entropy
        self.tell = progress or (lambda _text, _share: None)
        self.story: list[_Frame] = []
        self.times = _Times()
        self.findings: list[Finding] = []
        self.tried: dict[str, str] = {}
        self.compared = 0
        self.name = ""
        self.fps = 30

    # ------------------------------------------------------------------ the whole

    def run(self) -> SyncReport:
        self.tell("stepping the environment", 0.0)
        self._first_run()
        self.tell("stepping it again with other clocks and chance", 0.1)
        level: str | None = None
        if self._runs_again():
            self._look_at_reset()
            level = self._find_level()
        wrong = {finding.path for finding in self.findings if finding.severity == "error"}
        self.findings = [f for f in self.findings if f.kind != "reset_keeps_state" or f.path not in wrong]
        order = {"error": 0, "warning": 1}
        self.findings.sort(key=lambda finding: order[finding.severity])
        names = ("step", "save", "load", "hash", "render")
        return SyncReport(
            level=level,
            findings=tuple(self.findings),
            tried=self.tried,
            timings={name: Timing.of(getattr(self.times, name)) for name in names if getattr(self.times, name)},
            frames=len(self.story),
            episodes=len({frame.episode for frame in self.story}),
            compared=self.compared,
            distances=self.distances,
            name=self.name,
            python="Pyodide"
            if sys.platform == "emscripten"
            else f"CPython {sys.version_info[0]}.{sys.version_info[1]}",
        )

    def _first_run(self) -> None:
        world = self._fresh(None)
        self.name = type(getattr(world.env, "unwrapped", world.env)).__qualname__
        self.fps = world.config.fps
        try:
            for _ in range(self.frames):
                before = self._state(world)
                episode, frame = world.episode, world.next_frame
                began = time.perf_counter()
                answer = _step(world, RIGHT)
                stepped = time.perf_counter()
                self.times.step.append(stepped - began)
                after = (answer, world.world_hash.digest())
                self.times.hash.append(time.perf_counter() - stepped)
                self.story.append(_Frame(episode, frame, before, after, world.ended is not None))
                self._draw(world, self.times.render)
                if world.ended is not None and len(self.story) < self.frames:
                    world.reset(world.episode + 1)
                    self._draw(world)
            if world.world_hash.reason is not None:
                path = world.world_hash.reason_path
                self._find(
                    "cannot_be_hashed",
                    "error",
                    path,
                    f"{world.world_hash.reason}: the partners' computers could not compare their states. "
                    "Keep such an object out of the environment's attributes, or make it plain data",
                )
        finally:
            world.close()

    # ------------------------------------------------------------------ once more, otherwise

    def _runs_again(self) -> bool:
        """Step again without pictures and with other clocks and chance; find out what made a difference."""
        quiet = self._differs(self._other_entropy(), draws=False)
        if quiet is None:
            return True
        same = self._differs(None, draws=True)
        if same is not None:
            self._name_nondeterminism(same)
            return False
        unseeded = self._differs(self._other_entropy(), draws=True)
        if unseeded is not None:
            self._name_unseeded(unseeded)
        undrawn = self._differs(None, draws=False)
        if undrawn is not None:
            self._name_drawing(undrawn)
            self.pictures = False  # what follows from it is not said again
        return True

    def _other_entropy(self, told: Callable[[str], None] | None = None) -> Entropy:
        return self.make_entropy(OTHER_ENTROPY, self.fps + OTHER_FPS, told)

    def _differs(self, entropy: Entropy | None, *, draws: bool) -> int | None:
        """Return the index of the first frame that does not come again in a straight run."""
        world = self._fresh(entropy)
        try:
            for index, expected in enumerate(self.story):
                if self._state(world) != expected.before:
                    return index - 1 if index and not self.story[index - 1].last else index
                if (_step(world, RIGHT), world.world_hash.digest()) != expected.after:
                    return index
                self.compared += 1
                if draws:
                    self._draw(world)
                if expected.last and index + 1 < len(self.story):
                    world.reset(world.episode + 1)
                    if draws:
                        self._draw(world)
        except EnvironmentFailedError:
            return world.next_frame
        finally:
            world.close()
        return None

    def _view_at(self, index: int, entropy: Entropy | None, *, draws: bool) -> View:
        """Look at a fresh world after frame number `index` of the story."""
        world = self._fresh(entropy)
        try:
            for _ in range(index + 1):
                if world.ended is not None:
                    world.reset(world.episode + 1)
                    if draws:
                        self._draw(world)
                _step(world, RIGHT)
                if draws:
                    self._draw(world)
            return view_of(world)
        finally:
            world.close()

    def _name_nondeterminism(self, index: int) -> None:
        differences = self._view_at(index, None, draws=True).differences(self._view_at(index, None, draws=True))
        where = self.story[min(index, len(self.story) - 1)]
        self._named(
            "nondeterministic",
            "error",
            differences,
            where,
            lambda d: (
                f"{d.path} is not the same when the same seed and the same actions are played again: {d.expected} the "
                f"first time, {d.found} the second (frame {where.frame}). Nothing a step reads may come from outside "
                "the environment: no files, no globals that stay, no identities of objects"
            ),
            "the same seed and the same actions give something else the second time",
        )

    def _name_unseeded(self, index: int) -> None:
        where = self.story[min(index, len(self.story) - 1)]
        sources: list[str] = []
        self._view_with_sources(index, sources)
        differences = self._view_at(index, None, draws=True).differences(
            self._view_at(index, self._other_entropy(), draws=True)
        )
        source = f" ({sources[0]})" if sources else ""
        self._named(
            "unseeded",
            "warning",
            differences[:1],
            where,
            lambda d: (
                f"{d.path} comes from a clock or from a generator that nobody seeded{source}: it is taken from the "
                "match's seed instead, equal for all partners. Draw from the generator that reset(seed) seeds"
            ),
            f"a step reads a clock or draws from a generator that nobody seeded{source}: it is taken from the match's "
            "seed instead, equal for all partners. Draw from the generator that reset(seed) seeds",
        )

    def _view_with_sources(self, index: int, sources: list[str]) -> None:
        def told(kind: str) -> None:
            line = _studys_line()
            text = f"{line}, {'a clock' if kind == 'clock' else 'an unseeded generator'}"
            if line and text not in sources:
                sources.append(text)

        self._view_at(index, self._other_entropy(told), draws=True)

    def _name_drawing(self, index: int) -> None:
        if self._name_mixed():
            return
        where = self.story[min(index, len(self.story) - 1)]
        drawn, undrawn = self._view_at(index, None, draws=True), self._view_at(index, None, draws=False)
        self._named(
            "drawing_changes_state",
            "error",
            drawn.differences(undrawn),
            where,
            lambda d: (
                f"render() changes {d.path}: {d.expected} with pictures, {d.found} without (frame {where.frame}). "
                "Partners do not draw the same frames, so their games would part: let render() only read, or make "
                "what it needs the first time it is called"
            ),
            "what a step gives depends on whether pictures are drawn",
        )

    def _name_mixed(self) -> bool:
        """Find attributes that pictures and steps both change: they are left out of the state, and belong to it."""
        world, found = self._fresh(None), {}
        try:
            for frame in range(min(RESET_FRAMES, len(self.story))):
                before = world.world_hash.left_out_digests()
                if not before or world.ended is not None:
                    break
                _step(world, RIGHT)
                after = world.world_hash.left_out_digests()
                found.update({path: frame for path in before if path not in found and before[path] != after.get(path)})
        finally:
            world.close()
        for path, frame in found.items():
            message = (
                f"render() changes {path}, and so do steps (frame {frame}): what pictures change is no part of the "
                "game's state and is not restored. Let render() only read it"
            )
            self.findings.append(_finding("drawing_changes_state", "error", path, message, frame=frame))
        return bool(found)

    # ------------------------------------------------------------------ reset

    def _look_at_reset(self) -> None:
        """Compare an episode of a used environment with the same episode of a fresh one."""
        self.tell("resetting a used environment", 0.25)
        used, fresh = self._fresh(None), None
        try:
            for _ in range(min(RESET_FRAMES, len(self.story))):
                if used.ended is not None:
                    break
                _step(used, RIGHT)
            used.reset(1)
            views = [view_of(used)]
            after_used = self._short_episode(used)
        finally:
            used.close()
        fresh = self._fresh(None, episode=1)
        try:
            views.append(view_of(fresh))
            after_fresh = self._short_episode(fresh)
        finally:
            fresh.close()
        self.compared += len(after_fresh)
        if after_used == after_fresh:
            return
        frame = next((i for i, (a, b) in enumerate(zip(after_fresh, after_used, strict=False)) if a != b), 0) - 1
        where = _Frame(1, frame, (b"", None), (b"", None), False)
        differences = [d for d in views[1].differences(views[0]) if not d.outside] or views[1].differences(views[0])
        self._named(
            "reset_keeps_state",
            "warning",
            differences,
            where,
            lambda d: (
                f"reset(seed) does not set {d.path} anew: {d.expected} in a new environment, {d.found} after an "
                "earlier episode. Who comes back into a match then has to step it again from its start, which takes "
                "longer"
            ),
            "what reset(seed) gives depends on the episodes before",
        )

    def _short_episode(self, world: World) -> list[tuple[bytes, str | None]]:
        # An attribute that the first step sets anew may be left over from before.
        seen: list[tuple[bytes, str | None]] = [(self._state(world)[0], None)]
        for _ in range(RESET_FRAMES):
            if world.ended is not None:
                break
            seen.append((_step(world, RIGHT), world.world_hash.digest()))
        return seen

    # ------------------------------------------------------------------ saving and restoring

    def _find_level(self) -> str | None:
        failures: dict[str, list[Finding]] = {}
        for number, level in enumerate(self.levels):
            self.tell(f"taking back frames, level {level!r}", 0.3 + 0.7 * number / max(1, len(self.levels)))
            times = _Times()
            found = self._try_level(level, times)
            if not any(finding.severity == "error" for finding in found):
                self.findings += found
                self.times.save, self.times.load = times.save, times.load
                return level
            if found[0].kind == "absent" and len(self.levels) > 1:
                continue
            failures[level] = found
            self.tried[level] = found[0].message
            if level == "own" and found[0].kind == "own_incomplete":
                self.findings.append(_as_warning(found[0]))
        # Of several reasons the one counts that is left when everything inside the environment is restored.
        ranked = [level for level in ("walker", "deepcopy", "pickle", "own") if level in failures]
        if any(finding.kind == "drawing_changes_state" for finding in self.findings) or self._name_mixed():
            return None  # the rest follows from it
        best = next((level for level in ranked if any(f.path for f in failures[level])), ranked[0] if ranked else None)
        if best is not None:
            self.findings += failures[best]
        return None

    def _try_level(self, level: str, times: _Times) -> list[Finding]:
        found: list[Finding] = []
        for distance in self.distances:
            world = self._fresh(None)
            try:
                snapshots = Snapshots(world, level)
                if level in ("pickle", "deepcopy") and (shared := shared_objects(world)) is not None:
                    return [_shared(level, *shared)]
                found += self._take_back(world, snapshots, distance, times)
            except SnapshotError as error:
                message = f"{error}. Make it plain data, or write get_state() and set_state(state)"
                return [
                    _finding("absent" if error.absent else "cannot_be_saved", "error", error.path, message, level=level)
                ]
            except _Mismatch as mismatch:
                return self._name_unrestored(level, mismatch)
            except EnvironmentFailedError as error:
                message = f"after a restore {error}"
                return [_finding("failed", "error", "", message, level=level, frame=world.next_frame)]
            finally:
                world.close()
        return found[:NAMED]

    def _take_back(self, world: World, snapshots: Snapshots, distance: int, times: _Times) -> list[Finding]:
        """Play the whole story, taking back wrong frames before each stretch of `distance` frames."""
        cycle = 0
        found: list[Finding] = []
        while cycle * distance < len(self.story):
            first = cycle * distance
            looks = cycle in (0, 1, 5)
            index = first
            began = time.perf_counter()
            saved = snapshots.save()
            times.save.append(time.perf_counter() - began)
            view = view_of(world) if looks else None
            for branch in range(1 + cycle % 2):
                _speculate(world, distance, branch)
                if world.ended is None:
                    self._draw(world)
                began = time.perf_counter()
                snapshots.load(saved)
                times.load.append(time.perf_counter() - began)
            if self._state(world) != self.story[first].before:
                raise _Mismatch(first, distance)
            if view is not None:
                found += self._compare_views(view, view_of(world), snapshots.level, world, found)
            for index in range(first, min(first + distance, len(self.story))):
                expected = self.story[index]
                if (_step(world, RIGHT), world.world_hash.digest()) != expected.after:
                    raise _Mismatch(index, distance)
                self.compared += 1
                if expected.last and index + 1 < len(self.story):
                    world.reset(world.episode + 1)
            self._draw(world)
            cycle += 1
        return found

    def _compare_views(
        self, before: View, after: View, level: str, world: World, known: Sequence[Finding]
    ) -> list[Finding]:
        """What a restore leaves different inside the environment, although nothing has come of it yet."""
        found: list[Finding] = []
        for difference in before.differences(after):
            if difference.outside or any(finding.path == difference.path for finding in known):
                continue
            where = {"episode": world.episode, "frame": world.next_frame, "level": level}
            if difference.order:
                path = difference.path.removesuffix("{order}")
                message = (
                    f"the set {path} iterates in another order after it was restored: {difference.expected} before, "
                    f"{difference.found} after. Iterate over sorted({path.rpartition('.')[2]}), or use a dict or a list"
                )
                found.append(_finding("set_order", "warning", path, message, difference, **where))
            elif level == "own":
                message = (
                    f"the environment's own get_state() leaves out {difference.path}: {difference.expected} was saved, "
                    f"{difference.found} was there after set_state(). The next way of saving states is tried"
                )
                found.append(_finding("own_incomplete", "error", difference.path, message, difference, **where))
            else:
                message = (
                    f"{difference.path} is not restored: {difference.expected} was saved, {difference.found} found"
                )
                found.append(_finding("not_restored", "error", difference.path, message, difference, **where))
        return found

    def _name_unrestored(self, level: str, mismatch: _Mismatch) -> list[Finding]:
        """Play up to the place again and look what frames leave behind that are stepped there and taken back."""
        where = self.story[mismatch.index]
        try:
            views: tuple[View, View] | None = self._views_around(level, mismatch)
        except (EnvironmentFailedError, SnapshotError):
            views = None
        told = {"episode": where.episode, "frame": where.frame, "level": level}
        if views is not None:
            before, after = views
            differences = before.differences(after)
            real = [d for d in differences if not d.order]
            # A global that counts or caches may change without harm: what is inside the environment is said first.
            chosen = [d for d in real if not d.outside] or real or differences
            if chosen:
                return [self._unrestored(level, difference, where, mismatch) for difference in chosen[:NAMED]]
            if before.opaque:
                path, kind = before.opaque[0]
                message = (
                    f"{path} ({kind}) is not restored: nobody can read or put back what it holds. Steps that were "
                    f"taken back have moved it on (frame {where.frame})"
                )
                return [_finding("not_restored", "error", path, message, None, **told)]
        symptom = self._symptom(level, mismatch)
        if symptom is not None:
            message = (
                f"{symptom.path} is another one when the frame before it is stepped again: {symptom.expected} the "
                f"first time, {symptom.found} after {_frames(mismatch.distance)} taken back (frame {where.frame}). "
                "Something that the step reads is not restored"
            )
            return [_finding("not_restored", "error", symptom.path, message, symptom, **told)]
        message = (
            f"frame {where.frame} gives something else when {_frames(mismatch.distance)} taken back before it: "
            "something that the step reads is not restored"
        )
        return [_finding("not_restored", "error", "", message, None, **told)]

    def _unrestored(self, level: str, difference: Difference, where: _Frame, mismatch: _Mismatch) -> Finding:
        path = difference.path.removesuffix("{order}")
        told = {"episode": where.episode, "frame": where.frame, "level": level}
        values = f"{difference.expected} was saved, {difference.found} was there after the restore"
        if difference.order:
            message = (
                f"the set {path} iterates in another order after it was restored ({values}), and frame {where.frame} "
                "depends on it: iterate over the sorted set, or use a dict or a list"
            )
            return _finding("set_order", "error", path, message, difference, **told)
        if level == "own" and not difference.outside:
            message = (
                f"the environment's own get_state() leaves out {path}: {values}. The next way of saving states is tried"
            )
            return _finding("own_incomplete", "error", path, message, difference, **told)
        place = (
            "it lies outside the environment: keep it in an attribute of the environment"
            if difference.outside
            else "what it belongs to is made anew in another state"
        )
        message = (
            f"{path} is not restored when {_frames(mismatch.distance)} taken back: {values} (frame {where.frame}); "
            f"{place}"
        )
        return _finding("not_restored", "error", path, message, difference, **told)

    def _views_around(self, level: str, mismatch: _Mismatch) -> tuple[View, View]:
        """Look before frames are stepped wrongly and after they were taken back, where the mismatch was."""
        world = self._fresh(None)
        try:
            snapshots = Snapshots(world, level)
            first = mismatch.index - mismatch.index % mismatch.distance
            for index in range(first):
                _step(world, RIGHT)
                if self.story[index].last and index + 1 < len(self.story):
                    world.reset(world.episode + 1)
            saved = snapshots.save()
            before = view_of(world)
            for branch in range(2):
                _speculate(world, mismatch.distance, branch)
                snapshots.load(saved)
            return before, view_of(world)
        finally:
            world.close()

    def _symptom(self, level: str, mismatch: _Mismatch) -> Difference | None:
        """What differs in the world after the frame that did not come again."""
        try:
            straight = self._view_at(mismatch.index, None, draws=True)
            world = self._fresh(None)
        except EnvironmentFailedError:
            return None
        try:
            self._take_back(world, Snapshots(world, level), mismatch.distance, _Times())
        except _Mismatch:
            return next(iter(straight.differences(view_of(world))), None)
        except PlayError:
            return None
        finally:
            world.close()
        return None

    # ------------------------------------------------------------------ small parts

    def _fresh(self, entropy: Entropy | None, episode: int = 0) -> World:
        gc.collect()
        world = self.make_world(entropy)
        try:
            world.reset(episode)
            if self.pictures:
                world.first_picture()
        except BaseException:
            world.close()
            raise
        return world

    def _draw(self, world: World, times: list[float] | None = None) -> None:
        if not self.pictures:
            return
        began = time.perf_counter()
        world.picture()
        world.hud_text()
        if times is not None:
            times.append(time.perf_counter() - began)
        for agent in world.viewers[1:]:  # a partner's page draws this one
            world.picture(agent)

    def _state(self, world: World) -> tuple[bytes, str | None]:
        return _digest(world.observations, world.rewards, world.ended, world.next_frame), world.world_hash.digest()

    def _find(self, kind: str, severity: str, path: str, message: str) -> None:
        self.findings.append(_finding(kind, severity, path, message))

    def _named(
        self,
        kind: str,
        severity: str,
        differences: Sequence[Difference],
        where: _Frame,
        say: Callable[[Difference], str],
        unnamed: str,
    ) -> None:
        chosen = [difference for difference in differences if not difference.order][:NAMED]
        told = {"episode": where.episode, "frame": where.frame}
        for difference in chosen:
            self.findings.append(_finding(kind, severity, difference.path, say(difference), difference, **told))
        if not chosen:
            message = f"{unnamed} (frame {where.frame})"
            self.findings.append(_finding(kind, severity, "", message, None, **told))


def _finding(
    kind: str, severity: str, path: str, message: str, difference: Difference | None = None, **where: Any
) -> Finding:
    expected, found = (difference.expected, difference.found) if difference is not None else ("", "")
    return Finding(kind=kind, severity=severity, path=path, message=message, expected=expected, found=found, **where)


def _as_warning(finding: Finding) -> Finding:
    values = {name: getattr(finding, name) for name in Finding.__dataclass_fields__}
    return Finding(**{**values, "severity": "warning"})


def _shared(level: str, outer: str, inner: str) -> Finding:
    message = (
        f"{outer} and {inner} are one object, and this level would make only the second anew: the first would go on "
        "with an old one"
    )
    return _finding("not_restored", "error", inner, message, None, level=level)


def _step(world: World, seed: int) -> bytes:
    """Step with the seed's actions; returns a digest of everything that came back."""
    row = world.step(dict(_actions(world, seed)), {})
    return _digest(
        row.actions, row.rewards, row.terminated, row.truncated, world.observations, world.infos, world.ended
    )


def _frames(count: int) -> str:
    return "a frame was" if count == 1 else f"{count} frames were"


def _speculate(world: World, distance: int, branch: int) -> None:
    """Step with wrong actions: every branch has others; an episode that ends by them is not begun anew."""
    for _ in range(distance):
        if world.ended is not None:
            return
        _step(world, WRONG + branch)


def _digest(*values: Any) -> bytes:
    return hashlib.blake2b(encode(values), digest_size=12).digest()


def _actions(world: World, seed: int) -> Iterator[tuple[str, Any]]:
    config, frame = world.config, world.next_frame
    people = config.players or config.human_agents
    for agent in world.agent_env.live_agents:
        if agent in people and config.action_mapping:
            choices = [binding.action for binding in config.action_mapping]
            if config.default_action is not None:
                choices.append(config.default_action)
            chosen = choices[derive_seed(seed, "input", agent, world.episode, frame // 3) % len(choices)]
        else:
            chosen = _sampled(world, agent, derive_seed(seed, "input", agent, world.episode, frame))
        yield agent, world.agent_env.fit(agent, chosen)


def _sampled(world: World, agent: str, seed: int) -> Any:
    space = world.agent_env.action_space(agent)
    if space is None:
        if world.config.default_action is None:
            raise PlayError(f"agent {agent!r} has no action_space, and the study gives no actions: it cannot be tried")
        return world.config.default_action
    try:
        return sample_action(space, seed)
    except TypeError:
        return world.config.default_action


def _studys_line() -> str:
    """Return file and line of the study's code that is asking for a clock or for chance; "": it is a library."""
    for frame in reversed(traceback.extract_stack()):
        name = frame.filename.replace("\\", "/")
        if "/mug/play/" in name:
            continue
        if "site-packages" in name or "/lib/python" in name or name.startswith("<frozen") or "python3" in name:
            continue
        return f"{name}, line {frame.lineno}"
    return ""
