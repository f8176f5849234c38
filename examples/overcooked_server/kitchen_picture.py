"""The picture of a kitchen: calm, flat shapes, all drawn with `mug.rendering.Surface`.

Every object is persistent: it travels once, and again only when it has changed, so most frames are a few hundred bytes.
Cooks glide from cell to cell (`tween_duration`); what they hold glides with them.
"""

import math

from kitchens import COUNTER, DELIVERY, DOWN, FLOOR, LEFT, MOVES, ONIONS, PLATES, POT, RIGHT, UP, sides

from mug.rendering import Surface

WIDTH, HEIGHT = 720, 480
BAR = 52
MARGIN = 32
LARGEST_CELL = 94
COOK_FRAMES = 30

COLORS = {
    "blue": ("#3d7ab8", "#2a5b8d"),
    "orange": ("#e08a3c", "#b0642a"),
    "green": ("#4f9a6b", "#35754c"),
    "violet": ("#8a67b5", "#684a8f"),
}
WALL, TOP, EDGE = "#d9c6ab", "#e6d7c0", "#b59f80"
TILES = ("#f4f1ea", "#ece7dc")
INK, PALE_INK = "#3f4a52", "#8a949b"


class Picture:
    """Draws scenes of one kitchen; `colors` are what the cooks wear."""

    def __init__(self, room, colors):
        for color in colors:
            if color not in COLORS:
                raise ValueError(f"a cook cannot wear {color!r}; there are {', '.join(COLORS)}")
        self.room = room
        self.colors = colors
        self.surface = Surface(WIDTH, HEIGHT)
        self.cell = min((WIDTH - MARGIN) // room.width, (HEIGHT - BAR - MARGIN) // room.height, LARGEST_CELL)
        self.left = (WIDTH - self.cell * room.width) // 2
        self.top = BAR + (HEIGHT - BAR - self.cell * room.height) // 2 - MARGIN // 4
        self.drawn, self.shown = set(), set()

    def draw(self, scene, soups, seconds, glide):
        """Return the packet of a scene."""
        self.drawn = set()
        self._kitchen()
        for number, (cell, (onions, timer)) in enumerate(zip(self.room.pots, scene.pots, strict=True)):
            self._pot(f"pot{number}", cell, onions, timer)
        for cell, thing in scene.lies.items():
            x, y = self._middle(cell)
            self._thing(f"lies-{cell[0]}-{cell[1]}", thing, x, y - self.cell * 0.05, 0.24 * self.cell, 1)
        for number in range(2):
            self._cook(number, scene, glide)
        self._bar(soups, seconds)
        for gone in sorted(self.shown - self.drawn):
            self.surface.remove(gone)
        self.shown = self.drawn
        return self.surface.commit().to_dict()

    # --- shapes that stay until they change ------------------------------------------------------------------------

    def _middle(self, cell):
        return self.left + (cell[1] + 0.5) * self.cell, self.top + (cell[0] + 0.5) * self.cell

    def _rect(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.rect(*args, id=name, persistent=True, **kwargs)

    def _circle(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.circle(*args, id=name, persistent=True, **kwargs)

    def _ellipse(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.ellipse(*args, id=name, persistent=True, **kwargs)

    def _polygon(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.polygon(*args, id=name, persistent=True, **kwargs)

    def _arc(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.arc(*args, id=name, persistent=True, **kwargs)

    def _line(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.line(*args, id=name, persistent=True, **kwargs)

    def _text(self, name, *args, **kwargs):
        self.drawn.add(name)
        self.surface.text(*args, id=name, persistent=True, **kwargs)

    # --- what stands there -----------------------------------------------------------------------------------------

    def _kitchen(self):
        room, size = self.room, self.cell
        self._rect("ground", self.left - 6, self.top - 6, size * room.width + 12, size * room.height + 12,
                   color=EDGE, border_radius=12, depth=-12)  # fmt: skip
        for row in range(room.height):
            for column in range(room.width):
                x, y = self.left + column * size, self.top + row * size
                kind = room.rows[row][column]
                name = f"cell-{row}-{column}"
                if kind == FLOOR:
                    self._rect(name, x, y, size, size, color=TILES[(row + column) % 2], depth=-11)
                    continue
                front = row + 1 < room.height and room.rows[row + 1][column] == FLOOR
                self._rect(name, x, y, size, size, color=WALL if front else TOP, depth=-10)
                if front:  # one sees the front of the counter below its top
                    self._rect(f"{name}-top", x, y, size, size * 0.84, color=TOP, depth=-9)
                if kind != COUNTER:
                    middle = (x + size / 2, y + size * (0.42 if front else 0.5))
                    {POT: self._stove, ONIONS: self._onions, PLATES: self._plates, DELIVERY: self._delivery}[kind](
                        name, (row, column), *middle
                    )
        for row, column in room.counters:
            x, y = self.left + column * size, self.top + row * size
            self._rect(f"board-{row}-{column}", x + size * 0.1, y + size * 0.07, size * 0.8, size * 0.7,
                       color="#eee2ce", border_radius=8, depth=-8)  # fmt: skip

    def _stove(self, name, cell, x, y):
        size = self.cell
        self._rect(f"{name}-stove", x - size * 0.44, y - size * 0.4, size * 0.88, size * 0.8, color="#7d878d",
                   border_radius=8, depth=-8)  # fmt: skip
        self._circle(f"{name}-plate", x, y, size * 0.37, color="#6a747a", depth=-7)

    def _onions(self, name, cell, x, y):
        size = self.cell
        self._rect(f"{name}-crate", x - size * 0.41, y - size * 0.36, size * 0.82, size * 0.74, color="#b98b56",
                   border_radius=7, stroke_color="#976d3e", stroke_width=3, depth=-8)  # fmt: skip
        for number, (right, down) in enumerate(((-0.19, -0.1), (0.19, -0.1), (0, 0.14))):
            self._thing(f"{name}-{number}", "onion", x + right * size, y + down * size, size * 0.2, -7 + number)

    def _plates(self, name, cell, x, y):
        size = self.cell
        for number in range(3):
            self._thing(f"{name}-{number}", "plate", x, y + (0.1 - number * 0.08) * size, size * 0.32, -7 + number)

    def _delivery(self, name, cell, x, y):
        size, room = self.cell, self.room
        self._rect(f"{name}-hatch", x - size * 0.44, y - size * 0.4, size * 0.88, size * 0.8, color="#8fc0a1",
                   border_radius=8, stroke_color="#5f9a76", stroke_width=3, depth=-8)  # fmt: skip
        inside = next((side for side in sides(cell) if room.kind(side) == FLOOR), (cell[0] - 1, cell[1]))
        down, right = cell[0] - inside[0], cell[1] - inside[1]  # the arrow leads out of the kitchen
        tip, wing, back = 0.26 * size, 0.2 * size, 0.06 * size
        points = [(tip, 0), (-back + 0.06 * size, wing), (-back + 0.06 * size, wing * 0.4), (-tip, wing * 0.4),
                  (-tip, -wing * 0.4), (-back + 0.06 * size, -wing * 0.4), (-back + 0.06 * size, -wing)]  # fmt: skip
        turned = [(x + a * right - b * down, y + a * down + b * right) for a, b in points]
        self._polygon(f"{name}-arrow", turned, color="#ffffff", depth=-7)

    def _pot(self, name, cell, onions, timer):
        size = self.cell
        x, y = self._middle(cell)
        front = cell[0] + 1 < self.room.height and self.room.rows[cell[0] + 1][cell[1]] == FLOOR
        y -= size * (0.08 if front else 0.0)
        full, ready = onions == 3, onions == 3 and timer == 0
        for side in (-1, 1):
            self._rect(f"{name}-handle{side}", x + side * size * 0.36 - size * 0.07, y - size * 0.06, size * 0.14,
                       size * 0.12, color="#39444b", border_radius=4, depth=0)  # fmt: skip
        self._circle(
            f"{name}-body", x, y, size * 0.33, color="#4a565e", stroke_color="#39444b", stroke_width=3, depth=1
        )
        inside = "#d9a24b" if ready else "#c9bd94" if full else "#a9c7d6"
        self._circle(f"{name}-inside", x, y, size * 0.26, color=inside, depth=2)
        if not ready:
            for number in range(onions):
                angle = -math.pi / 2 + number * 2 * math.pi / 3
                reach = size * 0.12
                self._circle(f"{name}-onion{number}", x + reach * math.cos(angle), y + reach * math.sin(angle),
                             size * 0.1, color="#f0dc9a", stroke_color="#b9862a", stroke_width=2, depth=3)  # fmt: skip
        if full:
            done = 1 - timer / COOK_FRAMES
            self._arc(f"{name}-ring", x, y, size * 0.37, 0, 2 * math.pi, color=None, stroke_color="#f7f4ee",
                      stroke_width=6, depth=4)  # fmt: skip
            if done > 0:
                self._arc(f"{name}-done", x, y, size * 0.37, -math.pi / 2, -math.pi / 2 + 2 * math.pi * done,
                          color=None, stroke_color="#3f9a5f" if ready else "#e3a13a", stroke_width=6,
                          depth=5)  # fmt: skip
        if ready:
            tick = [(x - size * 0.11, y), (x - size * 0.03, y + size * 0.09), (x + size * 0.13, y - size * 0.1)]
            self._line(f"{name}-tick", tick, color="#ffffff", width=size * 0.06, depth=6)

    def _thing(self, name, thing, x, y, radius, depth, glide=None):
        """An onion, a plate, or a plate of soup; `name` and what it is make its id."""
        kind = {"tween_duration": glide}
        name = f"{name}-{thing}"
        if thing == "onion":
            sprout = [
                (x - radius * 0.3, y - radius * 0.75),
                (x, y - radius * 1.35),
                (x + radius * 0.3, y - radius * 0.75),
            ]
            self._polygon(f"{name}-sprout", sprout, color="#7fa05a", depth=depth, **kind)
            self._circle(name, x, y, radius * 0.92, color="#edc25e", stroke_color="#b9862a", stroke_width=2,
                         depth=depth + 0.1, **kind)  # fmt: skip
            self._ellipse(f"{name}-shine", x - radius * 0.28, y, radius * 0.14, radius * 0.5, color="#f7dc9b",
                          depth=depth + 0.2, **kind)  # fmt: skip
            return
        self._circle(name, x, y, radius, color="#ffffff", stroke_color="#a9b5bd", stroke_width=2, depth=depth, **kind)
        inner = "#d9a24b" if thing == "soup" else "#eef2f4"
        edge = "#b98534" if thing == "soup" else "#cdd6db"
        self._circle(f"{name}-inner", x, y, radius * 0.66, color=inner, stroke_color=edge, stroke_width=2,
                     depth=depth + 0.1, **kind)  # fmt: skip
        if thing == "soup":
            for number, (right, down) in enumerate(((-0.22, -0.1), (0.2, -0.18), (0.02, 0.24))):
                self._circle(f"{name}-bit{number}", x + right * radius, y + down * radius, radius * 0.13,
                             color="#f3e3b3", depth=depth + 0.2, **kind)  # fmt: skip

    # --- the cooks -------------------------------------------------------------------------------------------------

    def _cook(self, number, scene, glide):
        size, name, facing = self.cell, f"cook{number}", scene.facing[number]
        color, edge = COLORS[self.colors[number]]
        x, y = self._middle(scene.places[number])
        y -= size * 0.08
        depth = 20 + scene.places[number][0] * 10
        kind = {"tween_duration": glide}
        down, right = MOVES[facing]
        self._ellipse(f"{name}-shadow", x, y + size * 0.4, size * 0.3, size * 0.09, color="#c9c2b4", depth=10, **kind)
        self._ellipse(f"{name}-body", x, y + size * 0.17, size * 0.29, size * 0.25, color=color, stroke_color=edge,
                      stroke_width=2, depth=depth + 1, **kind)  # fmt: skip
        if facing == DOWN:
            self._ellipse(f"{name}-apron", x, y + size * 0.22, size * 0.15, size * 0.16, color="#f6f4ef",
                          depth=depth + 2, **kind)  # fmt: skip
        self._circle(f"{name}-head", x, y - size * 0.12, size * 0.21, color="#f0cfa8", stroke_color="#c9a27a",
                     stroke_width=2, depth=depth + 3, **kind)  # fmt: skip
        hat = y - size * 0.3
        for part, (shift, radius) in enumerate(((-0.12, 0.105), (0.12, 0.105), (0.0, 0.13))):
            self._circle(f"{name}-hat{part}", x + shift * size, hat - size * 0.04, radius * size, color="#ffffff",
                         stroke_color="#c3ccd1", stroke_width=2, depth=depth + 4, **kind)  # fmt: skip
        self._rect(f"{name}-band", x - size * 0.17, hat, size * 0.34, size * 0.1, color=color, border_radius=4,
                   stroke_color=edge, stroke_width=2, depth=depth + 5, **kind)  # fmt: skip
        if facing != UP:
            for eye in (-1, 1):
                across = eye * 0.08 if facing == DOWN else right * 0.1 + eye * 0.05
                self._circle(f"{name}-eye{eye}", x + across * size, y - size * 0.09, size * 0.028, color=INK,
                             depth=depth + 5, **kind)  # fmt: skip
        reach = 0.3 if facing in (LEFT, RIGHT) else 0.18
        hand_x, hand_y = x + right * reach * size, y + size * (0.17 + down * 0.14)
        before = -1 if facing == UP else 6
        for hand in (-1, 1):
            shift = hand * 0.2 * (1 if down else 0.32)
            over = hand * 0.06 * (0 if down else 1)
            self._circle(f"{name}-hand{hand}", hand_x + shift * size, hand_y + over * size, size * 0.065,
                         color="#f0cfa8", stroke_color="#c9a27a", stroke_width=2, depth=depth + before + 1.5,
                         **kind)  # fmt: skip
        if scene.holds[number]:
            lift = -0.52 if facing == UP else 0.02
            self._thing(f"{name}-holds", scene.holds[number], hand_x + right * size * 0.05, hand_y + lift * size,
                        size * 0.19, depth + before + 0.5, glide)  # fmt: skip

    # --- the line above the kitchen --------------------------------------------------------------------------------

    def _bar(self, soups, seconds):
        self._thing("score", "soup", 44, BAR / 2, 17, 1)
        self._text("score-number", str(soups), 74, 14, size=26, color=INK, depth=1)
        for number, place in ((0, WIDTH / 2 - 86), (1, WIDTH / 2 + 14)):
            color, edge = COLORS[self.colors[number]]
            self._circle(f"label{number}", place, BAR / 2, 9, color=color, stroke_color=edge, stroke_width=2, depth=1)
            self._text(f"label{number}-name", self.colors[number], place + 16, 19, size=16, color=PALE_INK, depth=1)
        self._text("time", f"{seconds // 60}:{seconds % 60:02d}", WIDTH - 82, 14, size=26, color=INK, depth=1)
