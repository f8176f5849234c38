"""The artificial partner of Gather: it walks to the nearest apple, and to the melon when the person is close to it.

A policy is a class (or a function) with `compute_action`. What it remembers lies in its attributes; MUG saves and
restores them with the game, and asks for nothing else. All chance comes from `rng`.
"""

import numpy as np

STAY, LEFT, RIGHT, UP, DOWN = range(5)
NEAR = 3
"""Cells: this close to the melon the person seems to go there."""
HESITATES = 0.1
"""How often it stands still for a moment, as people do."""


class Gatherer:
    """A new one is made for each match."""

    def __init__(self):
        self.goal = None

    def reset(self):
        """Begin an episode."""
        self.goal = None

    def compute_action(self, observation, agent_id, rng):
        """Return the action 0 to 4; `observation` is what `gather_env.py` describes."""
        places = np.asarray(observation[:14]).reshape(7, 2)
        own, other, melon, apples = places[0], places[1], places[2], places[3:]
        if np.abs(other - melon).sum() <= NEAR:
            self.goal = melon.tolist()
        elif self.goal is None or self.goal not in apples.tolist():
            self.goal = min(apples.tolist(), key=lambda apple: abs(apple[0] - own[0]) + abs(apple[1] - own[1]))
        if rng.random() < HESITATES:
            return STAY
        column, row = self.goal[0] - own[0], self.goal[1] - own[1]
        if column and (not row or abs(column) >= abs(row)):
            return RIGHT if column > 0 else LEFT
        return STAY if not row else DOWN if row > 0 else UP
