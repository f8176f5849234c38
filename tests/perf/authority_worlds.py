"""Environments of three sizes for processes that step matches, as the code of a study would have them."""

from dataclasses import dataclass

from mug.play.config import ActionBinding, GameConfig

__all__ = ["FPS", "WORLDS", "AuthorityWorld"]

FPS = 30

MOUNTAIN_CAR = """
import gymnasium
import numpy as np

from mug.play import SingleAgent
from mug.rendering import Surface


class Drawn(gymnasium.Wrapper):
    def __init__(self, env):
        super().__init__(env)
        self.surface = Surface(600, 400)

    def reset(self, **kwargs):
        self.surface.reset()
        return self.env.reset(**kwargs)

    def step(self, action):
        observation, reward, _, _, info = self.env.step(action)
        return observation, reward, False, False, info

    def render(self):
        surface, position = self.surface, float(self.unwrapped.state[0])
        xs = np.linspace(-1.2, 0.6, 50)
        points = [((x + 1.2) / 1.8, 0.9 - 0.35 * (np.sin(3 * x) + 1)) for x in xs]
        surface.polygon(color="#9acd32", points=[(0, 1), *points, (1, 1)], id="hill", persistent=True, relative=True)
        x, y = (position + 1.2) / 1.8, 0.88 - 0.35 * (np.sin(3 * position) + 1)
        surface.circle(color="#cc3333", x=x, y=y, radius=0.03, id="car", relative=True)
        surface.circle(color="#222222", x=x - 0.02, y=y + 0.03, radius=0.01, id="wheel 1", relative=True)
        surface.circle(color="#222222", x=x + 0.02, y=y + 0.03, radius=0.01, id="wheel 2", relative=True)
        surface.text(f"{position:.3f}", x=0.05, y=0.05, id="place", relative=True)
        return surface.commit().to_dict()


env = SingleAgent(Drawn(gymnasium.make("MountainCar-v0").unwrapped))
"""

OVERCOOKED = """
import cogrid.envs.overcooked
from cogrid.envs import registry

env = registry.make("Overcooked-CrampedRoom-V0")


def draw(env):
    grid = env.grid
    objects = []
    for row in range(grid.height):
        for column in range(grid.width):
            place = {"x": column / grid.width, "y": row / grid.height, "w": 1 / grid.width, "h": 1 / grid.height}
            objects.append({"uuid": f"floor {row} {column}", "object_type": "rect", "color": "#dddddd", **place})
            thing = grid.get(row, column)
            if thing is not None:
                named = {"uuid": f"thing {row} {column}", "object_type": "rect", "color": "#8b5a2b"}
                objects.append({**named, "depth": 1, **place})
                text = {"uuid": f"name {row} {column}", "object_type": "text", "text": type(thing).__name__}
                objects.append({**text, "depth": 2, "x": place["x"], "y": place["y"]})
    for name, agent in env.env_agents.items():
        row, column = agent.pos
        at = {"x": (int(column) + 0.5) / grid.width, "y": (int(row) + 0.5) / grid.height, "radius": 0.05}
        objects.append({"uuid": f"agent {name}", "object_type": "circle", "color": "#3366cc", "depth": 3, **at})
        looks = {"uuid": f"looks {name}", "object_type": "text", "text": str(agent.dir), "depth": 4}
        objects.append({**looks, "x": at["x"], "y": at["y"]})
    return objects
"""

LUNAR_LANDER = """
import gymnasium

from mug.play import SingleAgent


class Again(gymnasium.Wrapper):
    # Goes on for ever: a lander that is down starts again.

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        if terminated or truncated:
            observation, info = self.env.reset()
        return observation, reward, False, False, info
DRAWN

env = SingleAgent(Again(gymnasium.make("LunarLander-v3", render_mode="rgb_array")))
"""

DRAWN_LANDER = """
    def render(self):
        world = self.unwrapped
        objects = []
        for n, body in enumerate([world.lander, *world.legs, world.moon, *world.particles]):
            for m, fixture in enumerate(body.fixtures):
                shape, name = fixture.shape, f"{n} {m}"
                if hasattr(shape, "vertices") and len(shape.vertices) > 1:
                    points = [body.transform * v for v in shape.vertices]
                    points = [(p[0] / 20, 1 - p[1] / 13.3) for p in points]
                    objects.append({"uuid": name, "object_type": "polygon", "color": "#8866cc", "points": points})
                else:
                    x, y = body.position
                    at = {"x": x / 20, "y": 1 - y / 13.3, "radius": 0.005}
                    objects.append({"uuid": name, "object_type": "circle", "color": "#cc6688", **at})
        for n, sky in enumerate(world.sky_polys):
            points = [(p[0] / 20, 1 - p[1] / 13.3) for p in sky]
            objects.append({"uuid": f"sky {n}", "object_type": "polygon", "color": "#000000", "points": points})
        return objects
"""


@dataclass(frozen=True)
class AuthorityWorld:
    """One environment, and how it is played."""

    name: str
    code: str
    players: tuple[str, ...] = ("human",)
    policies: tuple[tuple[str, str], ...] = ()
    actions: int = 3
    default_action: int = 0
    draw: str | None = None

    def game(self, match_id: str, seconds: float, *, fps: int = FPS) -> GameConfig:
        """Return a game of one episode."""
        return GameConfig(
            scene_id="perf",
            match_id=match_id,
            match_seed=7,
            subject_id="",
            human_agents=(),
            players=self.players,
            policies=dict(self.policies),
            frame_skip=1,
            fps=fps,
            max_steps=round(fps * seconds),
            action_mapping=tuple(ActionBinding(keys=(f"k{n}",), action=n) for n in range(self.actions)),
            default_action=self.default_action,
            environment_code=self.code,
            environment_filename="environment.py",
            env_to_state_fn=self.draw,
            mode="server_authoritative",
            countdown_ms=0,
        )


WORLDS = (
    AuthorityWorld("MountainCar", MOUNTAIN_CAR, default_action=1),
    AuthorityWorld("Overcooked", OVERCOOKED, ("0", "1"), actions=7, default_action=6, draw="environment.py:draw"),
    AuthorityWorld("LunarLander, images", LUNAR_LANDER.replace("DRAWN", "")),
    AuthorityWorld("LunarLander, draw lists", LUNAR_LANDER.replace("DRAWN", DRAWN_LANDER)),
)
