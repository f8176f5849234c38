"""Gather: two players walk on a meadow. Apples are for whoever is there first; a melon takes both of them.

A small environment in PettingZoo's parallel form. What a game of several people asks of an environment:

- its state is plain data in attributes, so that frames can be taken back when a partner's key comes late;
- all chance comes from its own generator, which `reset(seed=...)` seeds;
- `render` draws what is there and changes nothing else.
"""

import gymnasium
import numpy as np

from mug.rendering import Surface

COLUMNS, ROWS, CELL = 12, 8, 60
WIDTH, HEIGHT = COLUMNS * CELL, ROWS * CELL
WALK = 6
"""Frames from one cell to the next."""
APPLES = 4
APPLE_POINTS, MELON_POINTS = 1.0, 5.0
MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""Of the actions 0 to 4: stay, left, right, up, down."""
COLORS = {"player_1": "#2f6db5", "player_2": "#e8932f"}
NAMES = {"player_1": "blue", "player_2": "orange"}


class Gather:
    """Action: 0 stay, 1 left, 2 right, 3 up, 4 down; while somebody walks to the next cell it does not count.

    Observation: (16,) float32: column and row of oneself, of the other, of the melon and of four apples, then the
    frames that oneself and the other still walk.
    Reward: `APPLE_POINTS` for an apple; `MELON_POINTS` for both when both stand on the melon.
    An episode has no end of its own: the scene's `max_steps` sets it.
    """

    render_mode = "mug"

    def __init__(self):
        self.possible_agents = ["player_1", "player_2"]
        self.agents = list(self.possible_agents)
        self.action_spaces = dict.fromkeys(self.agents, gymnasium.spaces.Discrete(len(MOVES)))
        self.observation_spaces = dict.fromkeys(self.agents, gymnasium.spaces.Box(0.0, 16.0, (16,), np.float32))
        self.surface = Surface(WIDTH, HEIGHT)
        self.chance = np.random.default_rng(0)
        self.place = dict.fromkeys(self.agents, (0, 0))
        self.came_from = dict(self.place)
        self.walks = dict.fromkeys(self.agents, 0)
        self.apples = []
        self.melon = None

    def action_space(self, agent):
        return self.action_spaces[agent]

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def reset(self, seed=None, options=None):
        self.chance = np.random.default_rng(seed)
        self.place = {"player_1": (1, ROWS // 2), "player_2": (COLUMNS - 2, ROWS // 2)}
        self.came_from = dict(self.place)
        self.walks = dict.fromkeys(self.agents, 0)
        self.apples, self.melon = [], None
        self._fill_up()
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions):
        rewards = dict.fromkeys(self.agents, 0.0)
        for agent in self.agents:
            self._walk(agent, MOVES[int(actions[agent])])
        # Who comes first is not always player_1: of two on one apple, chance decides.
        for number in self.chance.permutation(len(self.agents)):
            agent = self.agents[number]
            if self.walks[agent] == 0 and self.place[agent] in self.apples:
                self.apples.remove(self.place[agent])
                rewards[agent] += APPLE_POINTS
        together = all(self.place[agent] == self.melon and self.walks[agent] == 0 for agent in self.agents)
        if together:
            self.melon = None
            rewards = {agent: reward + MELON_POINTS for agent, reward in rewards.items()}
        self._fill_up()
        no = dict.fromkeys(self.agents, False)
        # Infos are recorded in every frame, for each player.
        infos = {agent: {"together": together} for agent in self.agents}
        return self._observations(), rewards, no, dict(no), infos

    def _walk(self, agent, move):
        if self.walks[agent] > 0:
            self.walks[agent] -= 1
            return
        column, row = self.place[agent]
        self.came_from[agent] = self.place[agent]
        column = min(max(column + move[0], 0), COLUMNS - 1)
        row = min(max(row + move[1], 0), ROWS - 1)
        if (column, row) != self.place[agent]:
            self.place[agent] = (column, row)
            self.walks[agent] = WALK - 1

    def _fill_up(self):
        while len(self.apples) < APPLES:
            self.apples.append(self._free_cell())
        if self.melon is None:
            self.melon = self._free_cell()

    def _free_cell(self):
        taken = {*self.apples, *self.place.values(), self.melon}
        while True:
            cell = (int(self.chance.integers(COLUMNS)), int(self.chance.integers(ROWS)))
            if cell not in taken:
                return cell

    def _observations(self):
        things = [*self.melon, *(value for apple in self.apples for value in apple)]
        seen = {}
        for agent, other in (self.agents, self.agents[::-1]):
            places = [*self.place[agent], *self.place[other], *things]
            seen[agent] = np.array([*places, self.walks[agent], self.walks[other]], dtype=np.float32)
        return seen

    def render(self):
        self._draw_meadow()
        for number, (column, row) in enumerate(self.apples):
            x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
            self.surface.circle(x, y, 12, color="#d1495b", id=f"apple-{number}", depth=1)
            self.surface.line([(x, y - 11), (x + 4, y - 19)], color="#5b4636", width=3, id=f"stem-{number}", depth=1)
        x, y = (self.melon[0] + 0.5) * CELL, (self.melon[1] + 0.5) * CELL
        self.surface.ellipse(x, y, 26, 20, color="#3f8f5f", stroke_color="#2c6a45", stroke_width=3, id="melon", depth=1)
        self.surface.text("2", x - 5, y - 10, size=18, color="white", id="melon-number", depth=2)
        for agent in self.agents:
            x, y = self._seen_place(agent)
            self.surface.circle(x + 2, y + 4, 21, color="#d5dccb", id=f"{agent}-shadow", depth=3)
            self.surface.circle(x, y, 21, color=COLORS[agent], stroke_color="white", stroke_width=3, id=agent, depth=4)
        return self.surface.commit().to_dict()

    def _draw_meadow(self):
        self.surface.rect(0, 0, WIDTH, HEIGHT, color="#eef3e8", id="meadow", persistent=True, depth=-2)
        for column in range(COLUMNS):
            for row in range(column % 2, ROWS, 2):
                self.surface.rect(column * CELL, row * CELL, CELL, CELL, color="#e6eedd",
                                  id=f"cell-{column}-{row}", persistent=True, depth=-1)  # fmt: skip

    def _seen_place(self, agent):
        """Where a player is drawn, in pixels: on the way from the last cell to this one."""
        rest = self.walks[agent] / WALK
        (column, row), (was_column, was_row) = self.place[agent], self.came_from[agent]
        return (
            (column + (was_column - column) * rest + 0.5) * CELL,
            (row + (was_row - row) * rest + 0.5) * CELL,
        )


def make_env():
    """What the study names as its environment."""
    return Gather()


def hud_text(game):
    """The line above the game: who one is, one's points, the time that is left."""
    own = next(iter(game.human_players), "player_1")
    left = max(0.0, (game.scene.max_steps - game.tick_num) / game.fps)
    return f"You are {NAMES[own]} · {game.episode_rewards.get(own, 0.0):.0f} points · {left:.0f} s"
