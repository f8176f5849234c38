"""What a decision of an ONNX policy takes: in a participant's page, and natively beside it.

A study's environment asks the policies while the page draws, when the browser's clock is the real one, and prints the
times. That clock tells tenths of a millisecond at best, so the median is that of many decisions in a row.
"""

import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from mug.play.policies import PolicyPlace, make_policy
from mug.policies.native import run_models_here
from tests.drivers import models
from tests.drivers.server_driver import ServerDriver
from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, quantile
from tests.perf.participant_page import opened_browser, playwright_or_skip

__all__ = ["measure"]

MARK = "DECISIONS "
ROUNDS = 1_000
IN_A_ROW = 5

STUDY = """\
format = 1
id = "decisions"
title = "Decisions"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "gym_game"
scene_id = "game"

[chain.content]
scene_header = "Decisions"

[chain.policies]
policy_mapping = {human = "human", bot = "small.onnx"}

[chain.gameplay]
action_mapping = [{keys = ["ArrowLeft"], action = 0}]
default_action = 0
num_episodes = 1
max_steps = 3000

[chain.runtime]
run_through_pyodide = true
environment_initialization_code_filepath = "decisions_env.py"
files = ["*.onnx", "policies.json"]

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""

TIMING = '''\
import json
import time

import numpy as np

from mug.play.policies import PolicyPlace, make_policy


def times_of(folder, policies, rounds, in_a_row):
    """By name: median and 99th percentile of a decision, in ms."""
    found = {}
    seen = np.random.default_rng(1).normal(size=(64, 12)).astype(np.float32)
    for name, policy in policies.items():
        asked = make_policy("bot", policy, space=None, place=PolicyPlace(match_seed=1, root=folder))
        asked.reset(0)
        for frame in range(rounds // 2):  # until the browser has compiled it well
            asked.decide(0, frame, seen[frame % 64])
        singles, rows = [], []
        for frame in range(rounds):
            began = time.perf_counter()
            asked.decide(0, frame, seen[frame % 64])
            singles.append(1000 * (time.perf_counter() - began))
        for first in range(0, rounds, in_a_row):
            began = time.perf_counter()
            for frame in range(first, first + in_a_row):
                asked.decide(0, frame, seen[frame % 64])
            rows.append(1000 * (time.perf_counter() - began) / in_a_row)
        found[name] = [sorted(rows)[len(rows) // 2], sorted(singles)[int(0.99 * rounds)]]
    return found
'''

ENVIRONMENT = """
from pathlib import Path


class Decisions:
    possible_agents = ["human", "bot"]

    def __init__(self):
        self.told = False

    def reset(self, seed=None, options=None):
        return dict.fromkeys(self.possible_agents, np.zeros(12, np.float32)), {}

    def step(self, actions):
        over = dict.fromkeys(self.possible_agents, False)
        seen = dict.fromkeys(self.possible_agents, np.zeros(12, np.float32))
        return seen, dict.fromkeys(self.possible_agents, 0.0), over, over, {}

    def render(self):
        if not self.told:
            self.told = True
            policies = json.loads(Path("policies.json").read_text())
            print(MARK + json.dumps(times_of(Path("."), policies, ROUNDS, IN_A_ROW)))
        return {"game_state_objects": [], "removed": []}


env = Decisions()
"""


def measure(bench: Bench) -> list[Row]:
    """Ask four models in a page, then natively."""
    folder = bench.folder / "decisions"
    policies = _write(folder)
    sizes = {name: (folder / _path(policy)).stat().st_size for name, policy in policies.items()}
    with (
        ServerDriver(folder, bench.folder / "data") as server,
        playwright_or_skip() as playwright,
        opened_browser(playwright, bench.folder / "profile", server.port) as anna,
    ):
        with anna.page.expect_console_message(lambda message: MARK in message.text, timeout=120_000) as said:
            anna.open("anna")  # the probe presses Continue; the game is loaded then, and draws its first picture
        page: dict[str, list[float]] = json.loads(said.value.text.partition(MARK)[2])
    natively = _natively(folder, policies)
    bench.details["decisions"] = {"page": page, "natively": natively, "bytes": sizes}
    return [
        Row(
            what=f"decision of a model in the page, p50: {name}, {sizes[name] / 1000:.0f} kB",
            value=page[name][0],
            unit="ms",
            note=f"p99 {page[name][1]:.2f} ms; natively p50 {natively[name][0]:.3f}, p99 {natively[name][1]:.3f} ms",
        )
        for name in policies
    ]


def _write(folder: Path) -> dict[str, Any]:
    models.write(folder / "small.onnx", models.feed_forward(12, 6, hidden=32))
    models.write(folder / "memory.onnx", models.recurrent(12, 6, hidden=64, states=2))
    models.write(folder / "large.onnx", _large())
    partner = ROOT / "examples" / "slime_volleyball_ai" / "partner.onnx"
    models.write(folder / "partner.onnx", partner.read_bytes())
    memory = {
        "kind": "onnx",
        "onnx_path": "memory.onnx",
        "obs_input": "obs",
        "logit_output": "logits",
        "state_inputs": ["h_in", "c_in"],
        "state_outputs": ["h_out", "c_out"],
        "state_shape": [1, 64],
    }
    policies = {
        "two layers": "small.onnx",
        "the example's partner": "partner.onnx",
        "recurrent, two states": memory,
        "three layers of 480": "large.onnx",
    }
    (folder / "policies.json").write_text(json.dumps(policies), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    values = f"MARK, ROUNDS, IN_A_ROW = {MARK!r}, {ROUNDS}, {IN_A_ROW}\n"
    (folder / "decisions_env.py").write_text(TIMING + values + ENVIRONMENT, encoding="utf-8")
    return policies


def _path(policy: Any) -> str:
    return str(policy if isinstance(policy, str) else policy["onnx_path"])


def _large() -> bytes:
    rng = np.random.default_rng(2)
    sizes, x, nodes, weights = [12, 480, 480, 6], "obs", [], []
    for number, (before, after) in enumerate(itertools.pairwise(sizes)):
        name = f"w{number}"
        matrix = rng.normal(0, before**-0.5, (before, after)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, name))
        out = "logits" if number == 2 else f"a{number}"
        nodes.append(helper.make_node("MatMul", [x, name], [out]))
        if number < 2:
            x = f"h{number}"
            nodes.append(helper.make_node("Relu", [out], [x]))
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, [1, 12])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 6])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString(deterministic=True))


def _natively(folder: Path, policies: dict[str, Any]) -> dict[str, tuple[float, float]]:
    run_models_here()
    seen = np.random.default_rng(1).normal(size=(64, 12)).astype(np.float32)
    found = {}
    for name, policy in policies.items():
        asked = make_policy("bot", policy, space=None, place=PolicyPlace(match_seed=1, root=folder))
        asked.reset(0)
        for frame in range(ROUNDS // 2):
            asked.decide(0, frame, seen[frame % 64])
        times = []
        for frame in range(ROUNDS):
            began = time.perf_counter()
            asked.decide(0, frame, seen[frame % 64])
            times.append(1000 * (time.perf_counter() - began))
        found[name] = (quantile(times, 0.5), quantile(times, 0.99))
    return found
