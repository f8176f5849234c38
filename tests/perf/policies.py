"""What a policy's decision takes in CPython, and saving and restoring what it remembers.

In browsers onnxruntime's WebAssembly takes some times as long; a page's own figures are in the table `policies`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mug.play.policies import PolicyPlace, make_policy
from mug.policies.native import run_models_here
from tests.drivers.models import feed_forward, recurrent, write
from tests.perf.bench import Bench
from tests.perf.measurement import Row, quantile

__all__ = ["measure"]

ROUNDS = 3_000
BUDGET_MS = 2.0

CODE = """
import numpy as np


class Walker:
    def __init__(self):
        self.path, self.mean, self.met = [], np.zeros(12), {"a": 0}

    def compute_action(self, observation, agent_id, rng):
        self.path = [*self.path[-20:], float(observation[0])]
        self.mean = 0.9 * self.mean + 0.1 * observation
        return int(rng.integers(6))
"""


class _Actions:
    """An action space of six."""

    n, start = 6, 0


def measure(bench: Bench) -> list[Row]:
    """Ask policies of several kinds, and save and restore them."""
    run_models_here()
    folder = bench.folder
    write(folder / "small.onnx", feed_forward(12, 6, hidden=64))
    write(folder / "large.onnx", feed_forward(400, 6, hidden=512))
    write(folder / "rnn.onnx", recurrent(12, 6, hidden=128, states=2))
    lstm = {
        "kind": "onnx",
        "onnx_path": "rnn.onnx",
        "obs_input": "obs",
        "logit_output": "logits",
        "state_inputs": ["h_in", "c_in"],
        "state_outputs": ["h_out", "c_out"],
        "state_shape": [128],
    }
    kinds: list[tuple[str, Any, int]] = [
        ("ONNX, 12 to 64 to 6", "small.onnx", 12),
        ("ONNX, 400 to 512 to 6", "large.onnx", 400),
        ("ONNX, recurrent, two states of 128", lstm, 12),
        ("Python, a class", "walker.py:Walker", 12),
    ]
    rows = []
    for words, policy, size in kinds:
        rows += _rows(bench, folder, words, policy, size)
    return rows


def _rows(bench: Bench, folder: Path, words: str, policy: Any, size: int) -> list[Row]:
    namespace: dict[str, Any] = {}
    exec(CODE, namespace)
    place = PolicyPlace(match_seed=1, root=folder, find=lambda reference, what: namespace["Walker"])
    made = make_policy("r", policy, space=_Actions(), place=place)
    made.reset(0)
    observation = np.random.default_rng(0).normal(size=size)
    decisions = _times(lambda n: made.decide(0, n, observation))
    saved = made.save()
    saves = _times(lambda n: made.save())
    loads = _times(lambda n: made.load(saved))
    bench.details[words] = {"decide": decisions, "save": saves, "load": loads}
    note = f"median {quantile(decisions, 0.5):.3f} ms of {ROUNDS}"
    kept = f"restore {1000 * quantile(loads, 0.5):.1f} µs"
    return [
        Row(what=f"{words}: a decision, p99", value=quantile(decisions, 0.99), unit="ms", budget=BUDGET_MS, note=note),
        Row(what=f"{words}: save, median", value=1000 * quantile(saves, 0.5), unit="µs", note=kept),
    ]


def _times(work: Callable[[int], object]) -> list[float]:
    times = []
    for n in range(ROUNDS):
        began = time.perf_counter()
        work(n)
        times.append(1000 * (time.perf_counter() - began))
    return times[ROUNDS // 10 :]
