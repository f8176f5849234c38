"""What one tick costs in Pyodide: the worker's own code under Node, with an environment that does nothing.

What remains is MUG's share: keys, action, hashes, the row, the picture's way out. The example's environment is measured
beside it.
"""

import base64
import dataclasses
import json
import subprocess
from typing import Any

from mug.play.config import ActionBinding, GameConfig
from mug.runtime import browser_part, find_distribution, prepare_study, study_zip
from mug.runtime.errors import RuntimeMissingError
from mug.runtime.node import find_node
from tests.perf.bench import MOUNTAIN_CAR, ROOT, Bench
from tests.perf.measurement import Row, Skipped, Spread

__all__ = ["measure"]

TICKS = 1200
WARM_UP = 60
BUDGET_P50_MS = 1.0
BUDGET_P99_MS = 3.0

NOTHING = """
import gymnasium
import numpy as np

from mug.play.environment import SingleAgent


class Nothing(gymnasium.Env):
    render_mode = "mug"
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float32)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        self.seen = np.zeros(4, np.float32)
        return self.seen, {}

    def step(self, action):
        return self.seen, 0.0, False, False, {}

    def render(self):
        return {"game_state_objects": [], "removed": []}


env = SingleAgent(Nothing())
"""


def measure(bench: Bench) -> list[Row]:
    """Play both environments for some seconds."""
    nothing = _config("nothing", NOTHING, "nothing.py")
    car = dataclasses.replace(
        _config("car", (MOUNTAIN_CAR / "mountain_car_env.py").read_text(encoding="utf-8"), "mountain_car_env.py"),
        hud_text_fn="mountain_car_env.py:hud_text",
    )
    bench.say(f"{TICKS} ticks at 60 Hz, then a game of the example")
    own, example = (Spread.of(ms[WARM_UP:]) for ms in _tick_times(bench, [nothing, car]))
    bench.details["own_ms"], bench.details["example_ms"] = vars(own), vars(example)
    return [
        Row(
            what="tick in Pyodide, environment that does nothing, p50",
            value=own.p50,
            unit="ms",
            budget=BUDGET_P50_MS,
            note=f"{own.words()}; with the example's step and drawing: {example.words()}",
        ),
        Row(
            what="tick in Pyodide, environment that does nothing, p99",
            value=own.p99,
            unit="ms",
            budget=BUDGET_P99_MS,
        ),
    ]


def _config(scene_id: str, code: str, filename: str) -> GameConfig:
    return GameConfig(
        scene_id=scene_id,
        match_id=f"match-{scene_id}",
        match_seed=5,
        subject_id="bench",
        human_agents=("human",),
        fps=60,
        max_steps=TICKS,
        action_mapping=(ActionBinding(keys=("ArrowLeft",), action=0), ActionBinding(keys=("ArrowRight",), action=2)),
        default_action=1,
        environment_code=code,
        environment_filename=filename,
    )


def _tick_times(bench: Bench, configs: list[GameConfig]) -> list[list[float]]:
    node = find_node()
    if node is None:
        raise Skipped("Node is missing")
    try:
        distribution = find_distribution()
    except RuntimeMissingError as error:
        raise Skipped(str(error)) from error
    rolldown = ROOT / "web_client" / "node_modules" / "rolldown" / "bin" / "cli.mjs"
    if not rolldown.is_file():
        raise Skipped("the web client's packages are not installed: python3 bootstrap.py setup")
    prepared = prepare_study(["gymnasium"], lock_path=None)
    parts = {**browser_part(), "mountain_car_env.py": (MOUNTAIN_CAR / "mountain_car_env.py").read_bytes()}
    lock, archive, bundle = (bench.folder / name for name in ("lock.json", "study.zip", "game_in_node.mjs"))
    lock.write_bytes(prepared.lock_for_node())
    archive.write_bytes(study_zip(parts)[1])
    source = ROOT / "tests" / "integration" / "play" / "game_in_node.ts"
    build = [str(node), str(rolldown), str(source), "--format", "esm", "--platform", "node", "-o", str(bundle)]
    subprocess.run(build, check=True, capture_output=True, timeout=120, cwd=ROOT / "web_client")
    script = bench.folder / "script.json"
    content = {
        "folder": str(distribution.folder),
        "lock_file": str(lock),
        "packages": list(prepared.packages),
        "study_zip": str(archive),
        "visits": [_visit(config) for config in configs],
    }
    script.write_text(json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [str(node), str(bundle), str(script)], capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-4000:])
    results: list[dict[str, Any]] = json.loads(done.stdout)
    for result in results:
        failed = [message for message in result["messages"] if message["op"] == "failed"]
        if failed:
            raise RuntimeError(f"{failed[0]['message']}\n{failed[0]['traceback']}")
    bench.details["chunk_bytes"] = [[len(base64.b64decode(body)) for body in result["chunks"]] for result in results]
    return [result["tickMs"] for result in results]


def _visit(config: GameConfig) -> dict[str, Any]:
    data = dataclasses.asdict(config)
    data["match_seed"] = str(config.match_seed)
    return {"config": data, "stop_after": None, "stored": [], "tail": None, "first_tick": 0}
