"""Tag for two to four people: one is "it" and hunts the others around obstacles; stars make fast and give points.

An environment of our own, in PettingZoo's parallel form, small enough to be read at once. It shows what a game of
several people asks of an environment:

- all state is plain data, and `get_state`/`set_state` give and take it, so that a step can be taken back;
- chance comes from the environment's own generator, in mid-game too (where and when stars appear), never from outside;
- only + - * / and the square root are used in a step, which give the same bits on every machine;
- `render` draws what is there and changes nothing.

Lengths are metres of a field of 16 x 9, times are seconds.
"""

import math

import gymnasium
import numpy as np

from mug.rendering import Surface

FIELD_WIDTH, FIELD_HEIGHT = 16.0, 9.0
FRAME_TIME = 1 / 30

RADIUS = 0.42
SPEED, FAST = 5.0, 8.0
RESPONSE = 9.0
"""How quickly a player takes the speed of the stick, per second."""
TAGGED_STAND = 1.2
"""Who was tagged stands still so long, and then hunts."""
BOOST_TIME = 2.5

STARS = 3
"""At most so many stars lie on the field at once."""
STAR_RADIUS = 0.32
STAR_WAIT = (1.0, 3.5)
STAR_POINTS, HUNTED_POINTS, TAG_POINTS = 3.0, 1.0, 5.0

CIRCLES = ((4.2, 2.6, 0.75), (11.8, 6.4, 0.75), (4.4, 6.7, 0.5), (11.6, 2.3, 0.5))
"""Pillars: x, y, radius."""
WALLS = ((7.3, 3.1, 1.4, 0.5), (7.3, 5.4, 1.4, 0.5))
"""Hedges: x, y of the upper left corner, width, height."""
STARTS = ((2.0, 4.5), (14.0, 4.5), (8.0, 1.3), (8.0, 7.7))

SCALE = 60
WIDTH, HEIGHT = int(FIELD_WIDTH * SCALE), int(FIELD_HEIGHT * SCALE)
COLORS = (("blue", "#2f6db5"), ("orange", "#e8932f"), ("green", "#2f9e77"), ("violet", "#8b5fbf"))


class Tag(gymnasium.Env):
    """Tag for `players` agents, ``player_1`` to ``player_4``.

    Action: (2,) float32 in [-1, 1], the stick: right and down. Longer than 1 counts as 1.
    Observation: (28,) float32: for each of four players, oneself first, x, y, speed x, speed y, "is it" (zeros where
    there is none), then x and y of up to three stars (-1 where there is none), the seconds one
    still stands and is fast.
    Reward: `HUNTED_POINTS` a second for everybody who is not it, `TAG_POINTS` for tagging, `STAR_POINTS` for a star.
    An episode has no end of its own: the scene's ``max_steps`` sets it.
    """

    render_mode = "mug"

    def __init__(self, players=2):
        if not 2 <= players <= 4:
            raise ValueError(f"tag is for 2 to 4 players, not {players}")
        self.possible_agents = [f"player_{number + 1}" for number in range(players)]
        self.agents = list(self.possible_agents)
        stick = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        seen = gymnasium.spaces.Box(-np.inf, np.inf, (28,), np.float32)
        self.action_spaces = dict.fromkeys(self.possible_agents, stick)
        self.observation_spaces = dict.fromkeys(self.possible_agents, seen)
        self.surface = Surface(WIDTH, HEIGHT)
        self.place = [[0.0, 0.0] for _ in self.possible_agents]
        self.speed = [[0.0, 0.0] for _ in self.possible_agents]
        self.stands = [0.0] * players
        self.fast = [0.0] * players
        self.hunter = 0
        self.tags = [0] * players
        self.stars = []
        self.next_star = 0.0

    def action_space(self, agent):
        return self.action_spaces[agent]

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    # --- state -----------------------------------------------------------------------------------------------------

    def get_state(self):
        """Return all that a step reads, as values of its own; the generator included."""
        return {
            "place": [list(place) for place in self.place],
            "speed": [list(speed) for speed in self.speed],
            "stands": list(self.stands),
            "fast": list(self.fast),
            "hunter": self.hunter,
            "tags": list(self.tags),
            "stars": [list(star) for star in self.stars],
            "next_star": self.next_star,
            "generator": self.np_random.bit_generator.state,
        }

    def set_state(self, state):
        """Take a state of `get_state`; the same one can be taken again."""
        self.place = [list(place) for place in state["place"]]
        self.speed = [list(speed) for speed in state["speed"]]
        self.stands = list(state["stands"])
        self.fast = list(state["fast"])
        self.hunter = state["hunter"]
        self.tags = list(state["tags"])
        self.stars = [list(star) for star in state["stars"]]
        self.next_star = state["next_star"]
        self.np_random.bit_generator.state = state["generator"]

    # --- the game --------------------------------------------------------------------------------------------------

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        count = len(self.possible_agents)
        starts = self.np_random.permutation(len(STARTS))[:count]
        self.place = [list(STARTS[start]) for start in starts]
        self.speed = [[0.0, 0.0] for _ in range(count)]
        self.stands = [0.0] * count
        self.fast = [0.0] * count
        self.tags = [0] * count
        self.hunter = int(self.np_random.integers(count))
        self.stands[self.hunter] = TAGGED_STAND
        self.stars = []
        self.next_star = float(self.np_random.uniform(*STAR_WAIT))
        return self._observations(), {agent: {} for agent in self.possible_agents}

    def step(self, actions):
        count = len(self.possible_agents)
        for number, agent in enumerate(self.possible_agents):
            self._move(number, float(actions[agent][0]), float(actions[agent][1]))
        self._keep_apart()
        for number in range(count):
            self._keep_on_field(number)

        rewards = [0.0 if number == self.hunter else HUNTED_POINTS * FRAME_TIME for number in range(count)]
        self._let_stars_appear()
        for number in range(count):
            rewards[number] += self._take_stars(number)
        tagged = self._tag()
        if tagged is not None:
            rewards[self.hunter] += TAG_POINTS
            self.tags[self.hunter] += 1
            self.hunter = tagged
            self.stands[tagged] = TAGGED_STAND

        agents = self.possible_agents
        infos = {agent: {"is_it": n == self.hunter, "tagged": n == tagged} for n, agent in enumerate(agents)}
        over = dict.fromkeys(agents, False)
        return self._observations(), dict(zip(agents, rewards, strict=True)), over, dict(over), infos

    def _move(self, number, stick_x, stick_y):
        self.stands[number] = max(0.0, self.stands[number] - FRAME_TIME)
        self.fast[number] = max(0.0, self.fast[number] - FRAME_TIME)
        length = math.sqrt(stick_x * stick_x + stick_y * stick_y)
        if length > 1.0:
            stick_x, stick_y = stick_x / length, stick_y / length
        top = 0.0 if self.stands[number] > 0.0 else FAST if self.fast[number] > 0.0 else SPEED
        speed, place = self.speed[number], self.place[number]
        speed[0] += (stick_x * top - speed[0]) * RESPONSE * FRAME_TIME
        speed[1] += (stick_y * top - speed[1]) * RESPONSE * FRAME_TIME
        place[0] += speed[0] * FRAME_TIME
        place[1] += speed[1] * FRAME_TIME

    def _keep_apart(self):
        """Two players who overlap push each other away, each by half."""
        for one in range(len(self.place)):
            for other in range(one):
                a, b = self.place[one], self.place[other]
                across, down = a[0] - b[0], a[1] - b[1]
                distance = math.sqrt(across * across + down * down)
                if distance >= 2 * RADIUS:
                    continue
                if distance == 0.0:
                    across, down, distance = 1.0, 0.0, 1.0
                    push = RADIUS
                else:
                    push = (2 * RADIUS - distance) / 2
                a[0] += across / distance * push
                a[1] += down / distance * push
                b[0] -= across / distance * push
                b[1] -= down / distance * push

    def _keep_on_field(self, number):
        place = self.place[number]
        for x, y, radius in CIRCLES:
            self._push_out(number, x, y, radius)
        for x, y, width, height in WALLS:
            nearest_x = min(max(place[0], x), x + width)
            nearest_y = min(max(place[1], y), y + height)
            if nearest_x == place[0] and nearest_y == place[1]:
                self._push_out_of_wall(number, x, y, width, height)
            else:
                self._push_out(number, nearest_x, nearest_y, 0.0)
        for axis, size in ((0, FIELD_WIDTH), (1, FIELD_HEIGHT)):
            inside = min(max(place[axis], RADIUS), size - RADIUS)
            if inside != place[axis]:
                place[axis], self.speed[number][axis] = inside, 0.0

    def _push_out(self, number, x, y, radius):
        """Move a player out of a circle; the part of the speed that leads into it is lost."""
        place, speed = self.place[number], self.speed[number]
        across, down = place[0] - x, place[1] - y
        distance = math.sqrt(across * across + down * down)
        reach = radius + RADIUS
        if distance >= reach:
            return
        if distance == 0.0:
            across, down, distance = 0.0, -1.0, 1.0
        across, down = across / distance, down / distance
        place[0], place[1] = x + across * reach, y + down * reach
        inwards = speed[0] * across + speed[1] * down
        if inwards < 0.0:
            speed[0] -= inwards * across
            speed[1] -= inwards * down

    def _push_out_of_wall(self, number, x, y, width, height):
        """Move a player whose middle is inside a hedge out by the shortest way."""
        place = self.place[number]
        ways = (
            (place[0] - x, 0, x - RADIUS),
            (x + width - place[0], 0, x + width + RADIUS),
            (place[1] - y, 1, y - RADIUS),
            (y + height - place[1], 1, y + height + RADIUS),
        )
        _, axis, to = min(ways)
        place[axis], self.speed[number][axis] = to, 0.0

    def _let_stars_appear(self):
        self.next_star -= FRAME_TIME
        if self.next_star > 0.0:
            return
        self.next_star = float(self.np_random.uniform(*STAR_WAIT))
        if len(self.stars) < STARS:
            self.stars.append(self._free_spot())

    def _free_spot(self):
        """A random spot with room for a player; how often it is drawn depends on chance, and is taken back with it."""
        while True:
            x = float(self.np_random.uniform(1.0, FIELD_WIDTH - 1.0))
            y = float(self.np_random.uniform(1.0, FIELD_HEIGHT - 1.0))
            room = 2 * RADIUS
            by_pillar = any((x - cx) ** 2 + (y - cy) ** 2 < (radius + room) ** 2 for cx, cy, radius in CIRCLES)
            by_hedge = any(wx - room < x < wx + w + room and wy - room < y < wy + h + room for wx, wy, w, h in WALLS)
            if not by_pillar and not by_hedge:
                return [x, y]

    def _take_stars(self, number):
        place, points, left = self.place[number], 0.0, []
        for star in self.stars:
            across, down = star[0] - place[0], star[1] - place[1]
            if math.sqrt(across * across + down * down) < RADIUS + STAR_RADIUS:
                points += STAR_POINTS
                self.fast[number] = BOOST_TIME
            else:
                left.append(star)
        self.stars = left
        return points

    def _tag(self):
        """The player whom the hunter touches, or None; a hunter who stands tags nobody."""
        if self.stands[self.hunter] > 0.0:
            return None
        hunter = self.place[self.hunter]
        reach = 2 * RADIUS + 0.06
        for number, place in enumerate(self.place):
            across, down = place[0] - hunter[0], place[1] - hunter[1]
            if number != self.hunter and math.sqrt(across * across + down * down) < reach:
                return number
        return None

    def _observations(self):
        count = len(self.possible_agents)
        stars = [value for star in self.stars for value in star]
        stars += [-1.0] * (2 * STARS - len(stars))
        seen = {}
        for number, agent in enumerate(self.possible_agents):
            values = []
            for other in (number, *(n for n in range(count) if n != number)):
                values += [*self.place[other], *self.speed[other], float(other == self.hunter)]
            values += [0.0] * (5 * (4 - count))
            seen[agent] = np.array([*values, *stars, self.stands[number], self.fast[number]], dtype=np.float32)
        return seen

    # --- the picture -----------------------------------------------------------------------------------------------

    def render(self):
        self._draw_field()
        for number, (x, y) in enumerate(self.stars):
            self._draw_star(number, x * SCALE, y * SCALE)
        for number in range(len(self.possible_agents)):
            self._draw_player(number)
        return self.surface.commit().to_dict()

    def _draw_field(self):
        draw = self.surface
        draw.rect(0, 0, WIDTH, HEIGHT, color="#eef3e8", id="lawn", persistent=True, depth=-10)
        for x, y, radius in CIRCLES:
            name = f"pillar-{x}-{y}"
            draw.circle(
                x * SCALE + 3,
                y * SCALE + 4,
                radius * SCALE,
                color="#d5dccb",
                id=f"{name}-shadow",
                persistent=True,
                depth=-6,
            )
            draw.circle(
                x * SCALE,
                y * SCALE,
                radius * SCALE,
                color="#9aa79b",
                stroke_color="#7d8a7f",
                stroke_width=3,
                id=name,
                persistent=True,
                depth=-5,
            )
        for x, y, width, height in WALLS:
            name, box = f"hedge-{x}-{y}", (width * SCALE, height * SCALE)
            draw.rect(
                x * SCALE + 3,
                y * SCALE + 4,
                *box,
                color="#d5dccb",
                border_radius=10,
                id=f"{name}-shadow",
                persistent=True,
                depth=-6,
            )
            draw.rect(
                x * SCALE,
                y * SCALE,
                *box,
                color="#86a97c",
                border_radius=10,
                stroke_color="#6b8d62",
                stroke_width=3,
                id=name,
                persistent=True,
                depth=-5,
            )

    def _draw_star(self, number, x, y):
        points = []
        for corner in range(10):
            reach = (STAR_RADIUS if corner % 2 == 0 else STAR_RADIUS * 0.45) * SCALE
            turn = corner * math.pi / 5
            points.append((x + reach * math.sin(turn), y - reach * math.cos(turn)))
        self.surface.polygon(points, color="#f5c542", stroke_color="#c99a1d", stroke_width=2, id=f"star-{number}")

    def _draw_player(self, number):
        draw = self.surface
        x, y = (value * SCALE for value in self.place[number])
        radius, name, color = RADIUS * SCALE, f"player-{number}", COLORS[number][1]
        draw.circle(x + 2, y + 4, radius, color="#d5dccb", id=f"{name}-shadow", depth=1)
        if self.fast[number] > 0.0:
            draw.circle(x, y, radius + 6, color="#f9e2a0", id=f"{name}-fast", depth=2)
        draw.circle(x, y, radius, color=color, id=name, depth=3)
        if number == self.hunter:
            draw.circle(x, y, radius + 3, color=None, stroke_color="#b3202c", stroke_width=5, id=f"{name}-it", depth=4)
            draw.text("it", x - 7, y - 11, size=20, color="white", id=f"{name}-word", depth=5)
        if self.stands[number] > 0.0:
            part = self.stands[number] / TAGGED_STAND
            draw.arc(x, y, radius + 10, -math.pi / 2, -math.pi / 2 + 2 * math.pi * part, color=None,
                     stroke_color="#5b4636", stroke_width=3, id=f"{name}-stands", depth=4)  # fmt: skip


def make_tag(players=2):
    """What the study calls with its ``env_config``."""
    return Tag(players)


def hud_text(game):
    """The line above the game: who one is, one's points, the time that is left."""
    own = next(iter(game.human_players), game.env.possible_agents[0])
    number = game.env.possible_agents.index(own)
    role = "you are it: catch somebody" if number == game.env.hunter else "run!"
    left = max(0.0, (game.scene.max_steps - game.tick_num) / game.fps)
    points = game.episode_rewards.get(own, 0.0)
    return f"You are {COLORS[number][0]} · {role} · {points:.0f} points · {left:.0f} s"
