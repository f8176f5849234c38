"""Trains the partner: a small network learns to act as `slimevb`'s baseline player, and is saved as `partner.onnx`.

    pip install numpy onnx slimevb
    python train_policy.py

It learns by imitation, in rounds (DAgger). In the first round the baseline plays against itself, now and then
disturbed. In each later round the network of the round before plays; the baseline only says what it would have done
where the network has come to. After the last round the network plays rallies, with seeds that it has not trained with,
against the baseline and against players who know nothing, and so does the baseline; the script prints who won how many.

Only numpy is needed to train: the network has three layers. The same seed gives the same network on the same machine.
"""

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from slime_volleyball.baseline_policy import BaselinePolicy
from slime_volleyball.slimevolley_env import SlimeVolleyEnv

LEFT, RIGHT = "agent_left", "agent_right"
# slimevb's actions as [forward, backward, jump]; forward is towards the net.
BUTTONS = [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1], [0, 1, 0]]
MAX_STEPS = 900  # of a rally, as in study.toml


class Baseline:
    """The package's own player. It remembers what it did; its memory begins anew with each rally."""

    def __init__(self):
        self.policy = BaselinePolicy()

    def reset(self):
        self.policy.reset()

    def act(self, observation):
        forward, backward, jump = self.policy.predict(observation)
        if forward and backward:  # one cancels the other
            forward = backward = 0
        return BUTTONS.index([forward, backward, jump])


class RandomPlayer:
    """Any action, a new one in every frame."""

    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        pass

    def act(self, _observation):
        return int(self.rng.integers(len(BUTTONS)))


class StillPlayer:
    """Does nothing."""

    def reset(self):
        pass

    def act(self, _observation):
        return 0


class Network:
    """Observation (12 numbers) -> two hidden layers -> one logit for each action. The largest one is done."""

    def __init__(self, hidden, rng):
        sizes = [12, hidden, hidden, len(BUTTONS)]
        self.layers = [
            (rng.normal(0, np.sqrt(2 / before), (before, after)).astype(np.float32), np.zeros(after, np.float32))
            for before, after in itertools.pairwise(sizes)
        ]

    def reset(self):
        pass

    def act(self, observation):
        return int(np.argmax(self.forward(observation[None])[-1][0]))

    def forward(self, x):
        """The outputs of all layers, the logits last."""
        outputs = [x]
        for number, (weights, bias) in enumerate(self.layers):
            x = x @ weights + bias
            if number < len(self.layers) - 1:
                x = np.maximum(x, 0)
            outputs.append(x)
        return outputs

    def gradients(self, x, actions):
        """Of the cross-entropy between the logits and the actions that should be done."""
        outputs = self.forward(x)
        logits = outputs[-1] - outputs[-1].max(axis=1, keepdims=True)
        delta = np.exp(logits)
        delta /= delta.sum(axis=1, keepdims=True)
        delta[np.arange(len(actions)), actions] -= 1
        delta /= len(actions)
        found = []
        for (weights, _), before in zip(reversed(self.layers), reversed(outputs[:-1]), strict=True):
            found.append((before.T @ delta, delta.sum(axis=0)))
            delta = (delta @ weights.T) * (before > 0)
        return found[::-1]


def play(env, players, rng, seed, *, teachers=None, disturbed=0.0):
    """Play one rally.

    A player of None: the teacher of its side plays. `disturbed` is the share of frames in which a player does something
    else than it wants, for up to 8 frames on end.

    Returns what was seen, what the teachers would have done there, and who won: 1 left, -1 right, 0 nobody.
    """
    observations, _ = env.reset(seed=seed)
    sides = (LEFT, RIGHT)
    for player in (*players, *(teachers or ())):
        if player is not None:
            player.reset()
    seen, wanted = [], []
    stray = dict.fromkeys(sides, (0, 0))
    for _ in range(MAX_STEPS):
        actions = {}
        for number, side in enumerate(sides):
            observation = observations[side]["obs"]
            if teachers:
                seen.append(observation)
                wanted.append(teachers[number].act(observation))
            actions[side] = players[number].act(observation) if players[number] is not None else wanted[-1]
            if disturbed and stray[side][0] == 0 and rng.random() < disturbed / 4:
                stray[side] = (int(rng.integers(1, 8)), int(rng.integers(len(BUTTONS))))
            if stray[side][0]:
                left, actions[side] = stray[side]
                stray[side] = (left - 1, actions[side])
        observations, rewards, terminated, truncated, _ = env.step(actions)
        if rewards[LEFT]:
            return seen, wanted, int(np.sign(rewards[LEFT]))
        if terminated["__all__"] or truncated["__all__"]:
            break
    return seen, wanted, 0


def fit(network, x, actions, rng, *, epochs, batch=256, rate=2e-3):
    """Adam, with a rate that falls to a tenth."""
    moments = [[[np.zeros_like(part) for part in layer] for layer in network.layers] for _ in range(2)]
    step, steps = 0, epochs * (len(x) // batch)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for at in range(0, len(order) - batch + 1, batch):
            rows = order[at : at + batch]
            step += 1
            now = rate * (0.1 + 0.9 * (1 - step / steps))
            for number, gradients in enumerate(network.gradients(x[rows], actions[rows])):
                for part, gradient in enumerate(gradients):
                    first, second = moments[0][number][part], moments[1][number][part]
                    first += 0.1 * (gradient - first)
                    second += 0.001 * (gradient * gradient - second)
                    change = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                    network.layers[number][part][...] -= np.float32(now) * change


def accuracy(network, x, actions):
    return float(np.mean(np.argmax(network.forward(x)[-1], axis=1) == actions))


def compete(env, player, other, rng, rallies, first_seed):
    """Rallies won, lost and drawn by `player`, who is on the right as in the study."""
    results = [-play(env, (other, player), rng, first_seed + number)[2] for number in range(rallies)]
    return results.count(1), results.count(-1), results.count(0)


def to_onnx(network):
    """The network as an ONNX model: obs (n, 12) -> logits (n, 6)."""
    nodes, weights, x = [], [], "obs"
    for number, (matrix, bias) in enumerate(network.layers, start=1):
        last = number == len(network.layers)
        out = "logits" if last else f"sum_{number}"
        weights += [numpy_helper.from_array(matrix, f"w_{number}"), numpy_helper.from_array(bias, f"b_{number}")]
        nodes.append(helper.make_node("Gemm", [x, f"w_{number}", f"b_{number}"], [out]))
        if not last:
            x = f"hidden_{number}"
            nodes.append(helper.make_node("Relu", [out], [x]))
    graph = helper.make_graph(
        nodes,
        "slime_volleyball_partner",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, ["n", 12])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(BUTTONS)])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rallies", type=int, default=60, help="in each round")
    parser.add_argument("--hidden", type=int, default=64, help="units in each hidden layer")
    parser.add_argument("--epochs", type=int, default=12, help="over all that was seen so far, in each round")
    parser.add_argument("--tests", type=int, default=200, help="rallies against each opponent at the end")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("partner.onnx"))
    options = parser.parse_args()

    began = time.perf_counter()
    rng = np.random.default_rng(options.seed)
    env = SlimeVolleyEnv({"max_steps": MAX_STEPS})
    teachers = (Baseline(), Baseline())
    network = Network(options.hidden, rng)
    x, actions = np.empty((0, 12), np.float32), np.empty(0, np.int64)
    for number in range(options.rounds):
        # At first the teachers play; later the network does, on both sides or one.
        seen, wanted = [], []
        for rally in range(options.rallies):
            players = (None, None)
            if number:
                players = ((network, network), (network, None), (None, network))[rally % 3]
            seed = options.seed * 1_000_000 + number * 10_000 + rally
            found = play(env, players, rng, seed, teachers=teachers, disturbed=0.1 if rally % 2 else 0.0)
            seen += found[0]
            wanted += found[1]
        new_x, new_actions = np.array(seen, np.float32), np.array(wanted)
        unseen = accuracy(network, new_x, new_actions)
        x, actions = np.concatenate([x, new_x]), np.concatenate([actions, new_actions])
        fit(network, x, actions, rng, epochs=options.epochs)
        print(
            f"round {number}: {len(new_x)} new frames, of which {unseen:.1%} were right before they were learnt from; "
            f"{len(x)} in all, {accuracy(network, x, actions):.1%} right after it",
            flush=True,
        )
    options.output.write_bytes(to_onnx(network))
    print(f"{options.output.name}: {options.output.stat().st_size} bytes, {time.perf_counter() - began:.0f} s")

    print(f"{options.tests} rallies each, won / lost / drawn:")
    for name, player in (("the network", network), ("the baseline", Baseline())):
        for opponent, other in (
            ("the baseline", Baseline()),
            ("a player who stands still", StillPlayer()),
            ("a random player", RandomPlayer(np.random.default_rng(options.seed))),
        ):
            won, lost, drawn = compete(env, player, other, rng, options.tests, 900_000_000)
            print(f"  {name} against {opponent}: {won} / {lost} / {drawn}", flush=True)


if __name__ == "__main__":
    main()
