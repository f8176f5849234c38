"""An environment without a task: it draws every object that `mug.rendering` has."""

import math

from mug.rendering import Surface

WIDTH, HEIGHT = 600, 400
MOVES = {1: (1, 0), 2: (0, 1), 3: (-1, 0), 4: (0, -1)}
FRAMES = {(1, 0): "right.png", (0, 1): "down.png", (-1, 0): "left.png", (0, -1): "up.png"}
STEP = 50


class Gallery:
    possible_agents = ("human",)

    def __init__(self):
        self.surface = Surface(WIDTH, HEIGHT)
        self.surface.register_image("backdrop", path="static/backdrop.png")
        self.surface.register_image("diamond", path="static/diamond.png")
        self.surface.register_atlas("faces", img_path="static/faces.png", json_path="static/faces.json")

    def reset(self, seed=None, options=None):
        self.x, self.y, self.facing = 300, 200, (1, 0)
        self.diamond = True
        self.frame = 0
        self.surface.reset()
        return [self.x, self.y], {}

    def step(self, actions):
        action = int(actions["human"])
        self.frame += 1
        if action in MOVES:
            self.facing = MOVES[action]
            self.x = min(max(self.x + STEP * self.facing[0], 50), 550)
            self.y = min(max(self.y + STEP * self.facing[1], 50), 350)
        if action == 5:
            self.diamond = not self.diamond
        return [self.x, self.y], 0.0, action == 6, False, {}

    def render(self):
        self._draw_standing()
        self._draw_moving()
        return self.surface.commit().to_dict()

    def _draw_standing(self):
        draw = self.surface
        draw.image("backdrop", 0, 0, WIDTH, HEIGHT, id="backdrop", persistent=True, depth=-10)
        draw.text("rect", 30, 20, size=13, color="#5a6b75", id="t1", persistent=True)
        draw.rect(30, 40, 90, 60, color="#2f6690", border_radius=14, stroke_color="#1d4a6b", stroke_width=3,
                  id="rect", persistent=True)  # fmt: skip
        draw.text("circle", 150, 20, size=13, color="#5a6b75", id="t2", persistent=True)
        draw.circle(
            190, 70, 30, color=(209, 73, 91), stroke_color="white", stroke_width=3, id="circle", persistent=True
        )
        draw.text("ellipse", 250, 20, size=13, color="#5a6b75", id="t3", persistent=True)
        draw.ellipse(300, 70, 45, 22, color="goldenrod", stroke_color="#7a5a10", stroke_width=2,
                     id="ellipse", persistent=True)  # fmt: skip
        draw.text("polygon", 370, 20, size=13, color="#5a6b75", id="t4", persistent=True)
        star = [
            (410 + (32 if corner % 2 == 0 else 14) * math.sin(corner * math.pi / 5),
             72 - (32 if corner % 2 == 0 else 14) * math.cos(corner * math.pi / 5))
            for corner in range(10)
        ]  # fmt: skip
        draw.polygon(star, color="#6d597a", stroke_color="#3d2f45", stroke_width=2, id="polygon", persistent=True)
        draw.text("arc", 490, 20, size=13, color="#5a6b75", id="t5", persistent=True)
        draw.arc(510, 70, 32, -math.pi / 4, math.pi, color="#8fb996", stroke_color="#4f7a5b", stroke_width=3,
                 id="arc", persistent=True)  # fmt: skip
        draw.arc(560, 70, 18, 0, 1.5 * math.pi, color=None, stroke_color="#4f7a5b", stroke_width=4,
                 id="open-arc", persistent=True)  # fmt: skip
        wave = [(x / 60, 0.88 + 0.04 * math.sin(x / 4)) for x in range(61)]
        draw.line(wave, color="#b8d8c3", width=3, fill_below=True, relative=True, id="wave", persistent=True, depth=-5)
        sky = [(x / 60, 0.012 + 0.008 * math.sin(x / 3)) for x in range(61)]
        draw.line(sky, color="#cfe0ea", width=2, fill_above=True, relative=True, id="sky", persistent=True, depth=-5)

    def _draw_moving(self):
        draw = self.surface
        if self.diamond:
            draw.image("diamond", 60, 270, 64, 64, angle=20, id="diamond", persistent=True, depth=1)
        else:
            draw.remove("diamond")
        draw.circle(480, 300, 40, color="#f4a261", depth=2)
        draw.circle(510, 300, 40, color="#e76f51", depth=1)
        turn = self.frame / 20
        draw.line([(300, 320), (300 + 50 * math.cos(turn), 320 + 50 * math.sin(turn))], color="#263238", width=4)
        draw.image(
            "faces", self.x - 24, self.y - 24, 48, 48, frame=FRAMES[self.facing], id="face", depth=5, tween_duration=150
        )
        draw.text(f"frame {self.frame}", 20, 372, size=14, color="#37474f", depth=6)


def hud_text(game):
    """Where the face is."""
    return f"The face is at {game.env.x}, {game.env.y}"


env = Gallery()
