"""Make `team_cook.onnx`: a small network that learns to act as `partners.TeamCook` does.

    python train_partner.py               # about ten minutes; writes team_cook.onnx and figures.json

The network sees the observation (88 numbers) and gives six logits, one for each action; a partner that draws its
action from them acts as the cook it learnt from, with its small irregularities. It is taught with what the cook would
do, first in games of the cook itself with several partners, then in games that the network plays (DAgger: Ross et al.,
2011), in all kitchens. Only numpy is needed, and `onnx` to write the file; the same seed gives the same file on one
machine.
"""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from kitchens import LAYOUTS
from onnx import TensorProto, helper, numpy_helper
from overcooked_env import COOKS, STAY, make_kitchen
from partners import SoloCook, TeamCook

HERE = Path(__file__).parent
HIDDEN = (64, 64)
FRAME_SKIP = 2
"""As in the study: a policy decides every second frame."""


class Network:
    """Two hidden layers with ReLU; trained with Adam on the cross entropy with the teacher's chances."""

    def __init__(self, rng, inputs, outputs):
        sizes = (inputs, *HIDDEN, outputs)
        self.weights = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
        self.biases = [np.zeros(size, np.float32) for size in sizes[1:]]
        self.moments = [[np.zeros_like(p), np.zeros_like(p)] for p in self.parameters()]
        self.updates = 0

    def parameters(self):
        return [*self.weights, *self.biases]

    def layers(self, seen):
        values = [seen]
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found = values[-1] @ weight + bias
            values.append(found if number == len(HIDDEN) else np.maximum(found, 0))
        return values

    def chances(self, seen):
        logits = self.layers(np.asarray(seen, np.float32))[-1]
        grown = np.exp(logits - logits.max(-1, keepdims=True))
        return grown / grown.sum(-1, keepdims=True)

    def learn(self, seen, wanted, rate):
        values = self.layers(seen)
        logits = values[-1] - values[-1].max(1, keepdims=True)
        log_sum = np.log(np.exp(logits).sum(1, keepdims=True))
        loss = float(-(wanted * (logits - log_sum)).sum(1).mean())
        slope = (np.exp(logits - log_sum) - wanted) / len(seen)
        weights, biases = [], []
        for number in reversed(range(len(self.weights))):
            weights.insert(0, values[number].T @ slope)
            biases.insert(0, slope.sum(0))
            slope = (slope @ self.weights[number].T) * (values[number] > 0)
        self.updates += 1
        for value, gradient, moment in zip(self.parameters(), [*weights, *biases], self.moments, strict=True):
            moment[0] = 0.9 * moment[0] + 0.1 * gradient
            moment[1] = 0.999 * moment[1] + 0.001 * gradient**2
            first = moment[0] / (1 - 0.9**self.updates)
            second = moment[1] / (1 - 0.999**self.updates)
            value -= (rate * first / (np.sqrt(second) + 1e-8)).astype(np.float32)
        return loss

    def model(self):
        """The network as an ONNX model: ``observation`` (1, 88) float32 -> ``logits`` (1, 6) float32."""
        nodes, tensors, before = [], [], "observation"
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            last = number == len(HIDDEN)
            tensors += [
                numpy_helper.from_array(weight, f"weight{number}"),
                numpy_helper.from_array(bias, f"bias{number}"),
            ]
            after = "logits" if last else f"sum{number}"
            nodes.append(helper.make_node("Gemm", [before, f"weight{number}", f"bias{number}"], [after]))
            if not last:
                nodes.append(helper.make_node("Relu", [after], [f"layer{number}"]))
                before = f"layer{number}"
        shape = (self.weights[0].shape[0], self.weights[-1].shape[1])
        graph = helper.make_graph(
            nodes,
            "team_cook",
            [helper.make_tensor_value_info("observation", TensorProto.FLOAT, [1, shape[0]])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, shape[1]])],
            tensors,
        )
        model = helper.make_model(graph, producer_name="mug-overcooked", opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


class NetworkCook:
    """The network as a partner, as MUG runs it: an action drawn from the logits."""

    def __init__(self, network):
        self.network = network

    def compute_action(self, observation, agent_id, rng):
        chances = self.network.chances(observation).astype(np.float64)
        return int(rng.choice(6, p=chances / chances.sum()))


class Idle:
    def compute_action(self, observation, agent_id, rng):
        return STAY


class Wanderer:
    """Random, and stays with it for a while, so that it gets around."""

    def __init__(self):
        self.action = STAY

    def compute_action(self, observation, agent_id, rng):
        if rng.random() < 0.5:
            self.action = int(rng.integers(6))
        return self.action


def episode(layout, cooks, seed, *, seconds=60, noise=0.0, notes=None):
    """Play one episode; returns the soups. `notes` collects (observation, the teacher's chances) of both cooks."""
    env, teacher = make_kitchen(layout, seconds), TeamCook()
    rng = np.random.default_rng(seed)
    observations, _ = env.reset(seed=seed)
    over, frame, actions = False, 0, {}
    while not over:
        for cook, partner in zip(COOKS, cooks, strict=True):
            actions[cook] = STAY
            if frame % FRAME_SKIP == 0:
                seen = observations[cook]
                if notes is not None:
                    notes.append((seen, teacher.chances(seen)))
                actions[cook] = partner.compute_action(seen, cook, rng)
                if noise and rng.random() < noise:
                    actions[cook] = int(rng.integers(6))
        observations, _, _, truncated, _ = env.step(actions)
        over, frame = truncated[COOKS[0]], frame + 1
    return env.soups


def train(network, notes, rng, passes, rate):
    seen = np.stack([note[0] for note in notes])
    wanted = np.array([note[1] for note in notes], np.float32)
    for number in range(passes):
        order, losses = rng.permutation(len(seen)), []
        step = rate * (1 + np.cos(np.pi * number / passes)) / 2 + 1e-5
        for first in range(0, len(order), 256):
            part = order[first : first + 256]
            losses.append(network.learn(seen[part], wanted[part], step))
    alike = (network.chances(seen).argmax(1) == wanted.argmax(1)).mean()
    print(f"  {len(seen)} decisions, loss {np.mean(losses):.4f}, same action {alike:.1%}")
    return float(alike)


def measure(pairs, seeds):
    """Mean soups of pairs of cooks in each kitchen."""
    found = {}
    for name, make in pairs.items():
        found[name] = {
            layout: round(float(np.mean([episode(layout, make(), seed) for seed in seeds])), 1) for layout in LAYOUTS
        }
        print(f"  {name}: {found[name]}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--episodes", type=int, default=3, help="of each kitchen and pair of cooks, in each round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds in which the network plays")
    parser.add_argument("--out", type=Path, default=HERE / "team_cook.onnx")
    options = parser.parse_args()
    began, rng, notes = time.monotonic(), np.random.default_rng(options.seed), []
    network = Network(rng, len(make_kitchen().reset(seed=0)[0][COOKS[0]]), 6)

    def play(pairs, noise):
        for layout in LAYOUTS:
            for make in pairs:
                for _ in range(options.episodes):
                    episode(layout, make(), int(rng.integers(2**31)), seconds=40, noise=noise, notes=notes)

    print("the teacher plays")
    others = (TeamCook, SoloCook, Idle, Wanderer)
    play([lambda other=other: (TeamCook(), other()) for other in others], noise=0.1)
    train(network, notes, rng, 25, 2e-3)
    cook = NetworkCook(network)
    pupils = (lambda: cook, TeamCook, SoloCook, Wanderer)
    for number in range(options.rounds):
        print(f"the network plays ({number + 1})")
        play([lambda other=other: (cook, other()) for other in pupils], noise=0.05)
        alike = train(network, notes, rng, 25, 2e-3)

    onnx.save(network.model(), options.out)
    print("soups in 60 seconds")
    figures = {
        "seed": options.seed,
        "decisions": len(notes),
        "same_action": round(alike, 4),
        "soups": measure(
            {
                "network + network": lambda: (cook, cook),
                "network + TeamCook": lambda: (cook, TeamCook()),
                "TeamCook + TeamCook": lambda: (TeamCook(), TeamCook()),
                "network + SoloCook": lambda: (cook, SoloCook()),
                "SoloCook + SoloCook": lambda: (SoloCook(), SoloCook()),
                "network alone": lambda: (cook, Idle()),
                "SoloCook alone": lambda: (SoloCook(), Idle()),
            },
            range(1000, 1010),
        ),
    }
    options.out.with_name("figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(f"{options.out.name}: {options.out.stat().st_size} bytes, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
