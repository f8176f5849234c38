"""The sync test of policies: do they decide the same after a rollback, in a second run, and with other clocks?

People act at random, from a seed. A first run is remembered: every policy's action at every frame. Then frames are
stepped with other actions of the people, taken back, and stepped with the right ones, as a rollback does: the policies
must decide as in the first run. What does not is named with the agent, the policy and the frame.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mug.play.actors import Actors
from mug.play.config import GameConfig
from mug.play.determinism import Entropy
from mug.play.encoding import encode
from mug.play.inputs import NO_KEY, STATUS_DROPPED, STATUS_INPUT, Given
from mug.play.policies_kinds import policy_name
from mug.play.seeding import derive_seed
from mug.play.snapshots import Snapshots
from mug.play.values import own_copy
from mug.play.world import World

__all__ = ["PolicyFinding", "PolicyTest", "policy_sync_test"]

MakeWorld = Callable[[Entropy | None], World]

RIGHT = 1
WRONG = 2
FRAMES = 120
_DROPPED = Given(STATUS_DROPPED)


@dataclass(frozen=True)
class PolicyFinding:
    """What speaks against a policy.

    Attributes:
        agent: The agent that it acts for.
        kind: not_restored, nondeterministic, unseeded, slow.
        severity: error, warning.
        message: What, and how to fix it.
    """

    agent: str
    kind: str
    severity: str
    message: str


@dataclass(frozen=True)
class PolicyTest:
    """What came of it.

    Attributes:
        findings: What speaks against the policies.
        compared: Decisions that came again.
    """

    findings: tuple[PolicyFinding, ...]
    compared: int


def policy_sync_test(
    make_world: MakeWorld,
    config: GameConfig,
    *,
    level: str | None,
    other_entropy: Callable[[], Entropy] | None = None,
    distances: Sequence[int] = (1, 3, 8),
    frames: int = FRAMES,
) -> PolicyTest:
    """Test the policies of one game; stand-ins for people take part as if everybody had left half-way.

    Args:
        make_world: Makes a new world of it, every time.
        config: The game.
        level: How states are saved; None: nothing is ever taken back in this game.
        other_entropy: Makes other clocks and chance than the match's.
        distances: How many frames are taken back.
        frames: Of each run.

    Raises:
        PolicyFailedError: A policy failed.
        EnvironmentFailedError: The environment's code raised.
    """
    return _Test(make_world, config, frames).run(level, other_entropy, distances)


class _Test:
    def __init__(self, make_world: MakeWorld, config: GameConfig, frames: int) -> None:
        self._make_world = make_world
        self._config = config
        self._frames = frames
        self._people = config.players or config.human_agents
        self._findings: list[PolicyFinding] = []
        self._story: list[dict[str, bytes]] = []
        self._compared = 0

    def run(
        self, level: str | None, other_entropy: Callable[[], Entropy] | None, distances: Sequence[int]
    ) -> PolicyTest:
        run = _Run(self._make_world(None), self._config, self._people)
        try:
            for _ in range(self._frames):
                self._story.append(run.step(RIGHT))
            self._look_at_times(run.actors)
        finally:
            run.close()
        self._again(
            None,
            "nondeterministic",
            "error",
            "decides otherwise when the same seed and the same actions are played again (frame {frame}): it may read "
            "nothing that lies outside of it and that stays, such as global names of its module",
        )
        if not self._findings and other_entropy is not None:
            self._again(
                other_entropy(),
                "unseeded",
                "warning",
                "reads a clock or draws from a generator that nobody seeded (frame {frame}): it is taken from the "
                "match's seed instead, equal for all partners; draw from rng",
            )
        if level is not None and not any(finding.severity == "error" for finding in self._findings):
            for distance in distances:
                self._take_back(level, distance)
        return PolicyTest(tuple(self._findings), self._compared)

    def _again(self, entropy: Entropy | None, kind: str, severity: str, message: str) -> None:
        run = _Run(self._make_world(entropy), self._config, self._people)
        try:
            for frame, expected in enumerate(self._story):
                if not self._compare(run.step(RIGHT), expected, frame, kind, severity, message):
                    return
        finally:
            run.close()

    def _take_back(self, level: str, distance: int) -> None:
        run = _Run(self._make_world(None), self._config, self._people)
        message = (
            "decides otherwise at frame {frame} after frames were taken back: not all that it remembers is restored. "
            "Keep what it remembers in attributes of its object, not in global names or closures, and let "
            "get_state() and set_state(state), where it has them, speak of all of it"
        )
        try:
            run.begin(level)
            frame = 0
            while frame < len(self._story):
                saved = run.save()
                last = min(distance, len(self._story) - frame)
                for _ in range(last):
                    run.step(WRONG, within_episode=True)
                run.load(saved)
                for place in range(frame, frame + last):
                    if not self._compare(run.step(RIGHT), self._story[place], place, "not_restored", "error", message):
                        return
                frame += last
        finally:
            run.close()

    def _compare(
        self, made: dict[str, bytes], expected: dict[str, bytes], frame: int, kind: str, severity: str, message: str
    ) -> bool:
        for agent, action in expected.items():
            if made.get(agent) != action:
                if any(finding.agent == agent and finding.kind == kind for finding in self._findings):
                    return False
                policy = self._config.policies.get(agent, self._config.dropout_agent_policy)
                text = f"the policy {policy_name(policy)!r} of agent {agent!r} {message.format(frame=frame)}"
                self._findings.append(PolicyFinding(agent, kind, severity, text))
                return False
            self._compared += 1
        return True

    def _look_at_times(self, actors: Actors) -> None:
        frame_ms = 1000.0 / self._config.fps
        for figures in actors.figures():
            if figures.median_ms > frame_ms / 2 and figures.decisions >= 5:
                self._findings.append(
                    PolicyFinding(
                        figures.agent,
                        "slow",
                        "warning",
                        f"the policy {figures.policy!r} of agent {figures.agent!r} takes {figures.median_ms:.1f} ms "
                        f"for a decision here (99 % take no more than {figures.p99_ms:.1f} ms); a frame has "
                        f"{frame_ms:.1f} ms: on computers like this one the game would be slower than it should. Use a "
                        "smaller model, a larger frame_skip, or fewer fps",
                    )
                )


class _Run:
    """One world with its actors."""

    def __init__(self, world: World, config: GameConfig, people: Sequence[str]) -> None:
        self._world = world
        self._config = config
        self._people = people
        self._choices = [Given(STATUS_INPUT, binding.action) for binding in config.action_mapping] or [NO_KEY]
        self._stand_ins = config.dropout_policy == "policy" and bool(config.players)
        self._steps = 0
        self._snapshots: Snapshots | None = None
        try:
            world.reset(0)
            self.actors = Actors(config, world.agent_env, world)
            self.actors.begin_episode()
            self.actors.warm_up(world.observations)
        except BaseException:
            world.close()
            raise

    def begin(self, level: str) -> None:
        """Find out how the world is saved."""
        self._world.first_picture()
        self._snapshots = Snapshots(self._world, level)

    def step(self, which: int, *, within_episode: bool = False) -> dict[str, bytes]:
        """Make one frame; returns what the policies decided."""
        world = self._world
        if world.ended is not None:
            if within_episode:
                return {}  # a wrong run ended early: what follows is not this episode's
            world.reset(world.episode + 1)
            self.actors.begin_episode()
        actions, statuses = self.actors.decide(
            world.episode, world.next_frame, world.observations, self._given(which, world)
        )
        decided = {agent: encode(own_copy(action)) for agent, action in actions.items() if statuses[agent] == "policy"}
        world.step(actions, statuses)
        self._steps += 1
        return decided

    def save(self) -> tuple[object, object, int]:
        """Save all that stepping reads."""
        assert self._snapshots is not None
        return self._snapshots.save(), self.actors.save(), self._steps

    def load(self, saved: tuple[object, object, int]) -> None:
        """Go back."""
        assert self._snapshots is not None
        self._snapshots.load(saved[0])
        self.actors.load(saved[1])
        self._steps = saved[2]

    def close(self) -> None:
        """Close the world."""
        self._world.close()

    def _given(self, which: int, world: World) -> dict[str, Given]:
        given = {}
        for agent in self._people:
            if self._stand_ins and (world.next_frame >= 20):
                given[agent] = _DROPPED
            else:
                seed = derive_seed(which, "policy test", agent, world.episode, world.next_frame // 2)
                given[agent] = self._choices[seed % len(self._choices)]
        return given
