"""Studies that the tests of the page are run with: small, and without packages besides numpy."""

from pathlib import Path

import numpy as np

from tests.e2e.client.png import encode

__all__ = ["write_gallery", "write_game", "write_pages", "write_pictures"]

PAGES = """\
format = 1
id = "pages"
title = "Pages"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"
scene_subheader = "A study about pages"
scene_body = '''
<p id="plain">Read this <b>carefully</b>.</p>
<p><button id="trap" type="button" onclick="document.title='taken'">A handler</button>
<a id="link" href="javascript:document.title='taken'">A script as address</a></p>
<label>Your age <input name="age" type="number"></label>
'''

[[chain]]
kind = "static_page"
scene_id = "scripted"
scene_header = "With a script"
scene_body = '''
<p id="out">not run</p>
<label>Name <input name="first"></label>
<script>
  const said = ["ran in " + mug.scene_id];
  try { parent.document.title = "taken"; } catch { said.push("cannot reach the page"); }
  try { localStorage.length; } catch { said.push("has no storage"); }
  mug_globals.colour = "blue";
  mug.setValue("choice", [1, 2]);
  document.getElementById("out").textContent = said.join(", ");
  fetch("/_mug/health").catch(() => { document.getElementById("out").textContent += ", has no connections"; });
</script>
'''

[[chain]]
kind = "completion_code_page"
scene_id = "end"
scene_header = "Thank you"
scene_body = "<p>That was all.</p>"
{more}"""

GAME = """\
format = 1
id = "keys"
title = "Keys"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "keys"

[chain.rendering]
fps = 20
game_width = 300
game_height = 200
hud_text_fn = "keys_env.py:hud"

[chain.gameplay]
human_id = "human"
action_mapping = [
    {keys = ["ArrowLeft", "ArrowUp"], action = 12},
    {keys = ["ArrowLeft"], action = 1},
    {keys = ["ArrowUp"], action = 2},
    {keys = ["w"], action = 3},
    {keys = [" "], action = 4},
    {keys = ["q"], action = 9},
]
default_action = 0
max_steps = 100000

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "keys_env.py"
packages_to_install = ["numpy"]

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""

KEYS_ENV = '''\
"""Shows the last action; ends with action 9."""

from mug.rendering import Surface


class Keys:
    agent_ids = ["human"]

    def __init__(self):
        self.surface = Surface(300, 200)
        self.last = 0

    def reset(self, seed=None, options=None):
        self.last = 0
        return [0], {}

    def step(self, actions):
        self.last = actions["human"]
        return [self.last], 1.0, self.last == 9, False, {}

    def render(self):
        self.surface.rect(0, 0, 300, 200, color="#ddeeff", id="ground", persistent=True)
        self.surface.text(f"action {self.last}", 20, 20, size=24)
        return self.surface.commit().to_dict()


def hud(game):
    return f"action {game.env.last}"


env = Keys()
'''

GALLERY = """\
format = 1
id = "gallery"
title = "Gallery"
static_files = ["assets"]

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

{scenes}

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""

GALLERY_SCENE = """\
[[chain]]
kind = "gym_game"
scene_id = "{name}"

[chain.rendering]
fps = 20
game_width = 600
game_height = 400
background = "{background}"
{more}

[chain.gameplay]
human_id = "human"
action_mapping = [{{keys = ["n"], action = 1}}, {{keys = ["q"], action = 9}}]
default_action = 0
input_mode = "single_keystroke"
max_steps = 100000

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "{name}_env.py"
packages_to_install = ["numpy"]
"""

BASE_ENV = '''\
"""An environment that counts the presses of one key and ends with another."""


class Stages:
    agent_ids = ["human"]

    def __init__(self):
        self.stage = 0

    def reset(self, seed=None, options=None):
        self.stage = 0
        return [0], {}

    def step(self, actions):
        self.stage += actions["human"] == 1
        return [self.stage], 0.0, actions["human"] == 9, False, {}
'''

SHAPES_ENV = """\
import math

from mug.rendering import Surface
from stages import Stages


class Shapes(Stages):
    def __init__(self):
        super().__init__()
        self.surface = Surface(600, 400)
        self.surface.register_image("quarters", path="assets/quarters.png")
        self.surface.register_atlas("sheet", img_path="assets/sheet.png", json_path="assets/sheet.json")

    def get_asset_specs(self):
        return self.surface.get_asset_specs()

    def render(self):
        draw = self.surface
        if self.stage < 2:
            draw.rect(10, 10, 80, 60, color="#cc0000", id="kept", persistent=True)
        elif self.stage == 2:
            draw.remove("kept")
        draw.rect(110, 10, 80, 60, color="#00aa00", border_radius=30)
        draw.rect(210, 10, 80, 60, color=None, stroke_color="#0000cc", stroke_width=8)
        draw.circle(340, 40, 30, color="#aa00aa", stroke_color="#000000", stroke_width=6)
        draw.ellipse(450, 40, 60, 20, color="#00aaaa")
        draw.arc(560, 40, 30, 0, math.pi / 2, color="#ff8800")
        draw.arc(40, 140, 30, math.pi, 2 * math.pi, color=None, stroke_color="#884400", stroke_width=8)
        draw.polygon([(110, 170), (190, 170), (150, 110)], color="#336699")
        draw.line([(210, 140), (290, 140)], color="#111111", width=6)
        draw.line([(310, 130), (390, 150)], color="#55aa55", fill_below=True, depth=-5)
        draw.line([(420, 90), (490, 90)], color="#dd88dd", width=2, fill_above=True, depth=-5)
        draw.text("MMMM", 510, 100, size=30, color="#000000")
        draw.image("quarters", 20, 220, 80, 80)
        draw.image("quarters", 120, 220, 80, 80, angle=90)
        draw.image("sheet", 220, 220, 80, 80, frame="blue.png")
        draw.image("sheet", 0.55, 0.55, 0.1, 0.2, frame=0, relative=True)
        draw.image("assets/quarters.png", 520, 220)
        draw.circle(60, 350, 30, color="#ff0000", depth=1)
        draw.circle(80, 350, 30, color="#0000ff", depth=0)
        x = 200 if self.stage == 0 else 500
        draw.circle(x, 350, 20, color="#222222", id="glider", tween_duration=400)
        return draw.commit().to_dict()


env = Shapes()
"""

IMAGE_ENV = """\
import numpy as np
from stages import Stages


class Image(Stages):
    render_mode = "rgb_array"

    def render(self):
        picture = np.zeros((100, 100, 3), dtype=np.uint8)
        picture[:50, :50] = (255, 0, 0)
        picture[:50, 50:] = (0, 255, 0)
        picture[50:, :50] = (0, 0, 255)
        picture[50:, 50:] = (250, 250, 250) if self.stage == 0 else (250, 250, 0)
        return picture


env = Image()
"""

STATE_ENV = """\
from stages import Stages

env = Stages()


def state(env):
    return [
        {"object_type": "sprite", "uuid": "ground", "x": 0, "y": 0, "w": 600, "h": 400, "depth": -10,
         "permanent": True, "image_name": "assets/quarters.png"},
        {"object_type": "rect", "uuid": "r", "x": 300, "y": 100, "w": 100, "h": 50, "color": "#ff00ff"},
        {"object_type": "circle", "uuid": "c", "x": 100, "y": 300, "radius": 40, "color": "#123456"},
    ]
"""

PICTURES = """\
format = 1
id = "pictures"
title = "Pictures"
static_files = ["more"]

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "pictures"

[chain.rendering]
fps = 20
game_width = 600
game_height = 400
background = "backdrops/wide.png"

[chain.assets]
assets_dir = "./art/"
assets_to_preload = ["icons/dot.png"]
preload_specs = [
    {object_type = "atlas_spec", name = "sheet", img_path = "sheet.png", json_path = "sheet.json"},
    {object_type = "img_spec", name = "other", img_path = "more/other.png"},
]
animation_configs = [
    {name = "blink", image = "sheet", frames = ["red.png", "blue.png"], frame_rate = 4},
    {name = "turn", image = "sheet", frames = [0, 1], frame_rate = 10, repeat = false},
]

[[chain.assets.state_init]]
uuid = "ground"
object_type = "rect"
x = 0.0
y = 0.9
w = 1.0
h = 0.1
color = "Tomato"

[[chain.assets.state_init]]
uuid = "sun"
object_type = "circle"
x = 0.5
y = 0.75
radius = 0.05
color = [255, 255, 0]

[chain.gameplay]
human_id = "human"
action_mapping = [{keys = ["n"], action = 1}, {keys = ["q"], action = 9}]
default_action = 0
input_mode = "single_keystroke"
max_steps = 100000

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "pictures_env.py"
packages_to_install = ["numpy"]

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""

PICTURES_ENV = """\
from mug.rendering import Surface
from stages import Stages


class Pictures(Stages):
    def __init__(self):
        super().__init__()
        self.surface = Surface(600, 400)
        self.surface.register_image("late", path="late.png")

    def get_asset_specs(self):
        return self.surface.get_asset_specs()

    def render(self):
        draw = self.surface
        if self.stage == 1:
            draw.remove("ground")
        draw.image("sheet", 20, 20, 60, 60, frame="blink", id="blinking")
        draw.image("sheet", 120, 20, 60, 60, frame="turn", id="turning")
        draw.image("icons/dot.png", 220, 20, 60, 60)
        draw.image("other", 320, 20, 60, 60)
        draw.image("late", 420, 20, 60, 60)
        return draw.commit().to_dict()


env = Pictures()
"""


def write_pages(folder: Path, more: str = "") -> Path:
    """Static pages: one without, one with scripts, and a completion code; `more` belongs to the last."""
    return _write(folder, {"study.toml": PAGES.replace("{more}", more)})


def write_game(folder: Path, environment: str = KEYS_ENV) -> Path:
    """A game that shows which action the keys give."""
    return _write(folder, {"study.toml": GAME, "keys_env.py": environment})


def write_gallery(folder: Path) -> Path:
    """Every draw object and every kind of picture, each where the tests look for it."""
    scenes = "\n".join(
        GALLERY_SCENE.format(name=name, background=background, more=more)
        for name, background, more in [
            ("shapes", "#f0f0e0", ""),
            ("image", "#404040", ""),
            (
                "state",
                "#ffffff",
                'env_to_state_fn = "state_env.py:state"\nlocation_representation = "pixels"',
            ),
        ]
    )
    _write(
        folder,
        {
            "study.toml": GALLERY.format(scenes=scenes),
            "stages.py": BASE_ENV,
            "shapes_env.py": SHAPES_ENV,
            "image_env.py": IMAGE_ENV,
            "state_env.py": STATE_ENV,
            "assets/sheet.json": """{"frames": {
                "red.png": {"frame": {"x": 0, "y": 0, "w": 16, "h": 16}, "rotated": false, "trimmed": false},
                "blue.png": {"frame": {"x": 16, "y": 0, "w": 16, "h": 16}, "rotated": false, "trimmed": false}
            }}""",
        },
    )
    quarters = np.zeros((40, 40, 3), dtype=np.uint8)
    quarters[:20, :20], quarters[:20, 20:] = (255, 0, 0), (0, 255, 0)
    quarters[20:, :20], quarters[20:, 20:] = (0, 0, 255), (255, 255, 0)
    (folder / "assets/quarters.png").write_bytes(encode(quarters))
    sheet = np.zeros((16, 32, 3), dtype=np.uint8)
    sheet[:, :16], sheet[:, 16:] = (200, 0, 0), (0, 0, 200)
    (folder / "assets/sheet.png").write_bytes(encode(sheet))
    return folder


def write_pictures(folder: Path) -> Path:
    """A game with a picture behind it, pictures below its assets folder, animations, and objects from the start."""
    _write(
        folder,
        {
            "study.toml": PICTURES,
            "stages.py": BASE_ENV,
            "pictures_env.py": PICTURES_ENV,
            "art/sheet.json": """{"frames": {
                "red.png": {"frame": {"x": 0, "y": 0, "w": 16, "h": 16}},
                "blue.png": {"frame": {"x": 16, "y": 0, "w": 16, "h": 16}}
            }}""",
        },
    )
    # Three times as wide as high, and the game is half as wide as that: a quarter is cut off on each side.
    wide = np.zeros((40, 120, 3), dtype=np.uint8)
    for index, stripe in enumerate([(90, 0, 0), (0, 90, 0), (0, 0, 90), (90, 90, 0)]):
        wide[:, index * 30 : index * 30 + 30] = stripe
    sheet = np.zeros((16, 32, 3), dtype=np.uint8)
    sheet[:, :16], sheet[:, 16:] = (200, 0, 0), (0, 0, 200)
    for name, picture in {
        "art/backdrops/wide.png": wide,
        "art/sheet.png": sheet,
        "art/icons/dot.png": np.full((8, 8, 3), (1, 200, 200), dtype=np.uint8),
        "more/other.png": np.full((8, 8, 3), (200, 1, 200), dtype=np.uint8),
        "art/late.png": np.full((8, 8, 3), (240, 240, 240), dtype=np.uint8),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode(picture))
    return folder


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
