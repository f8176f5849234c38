"""The kitchens: what stands where, and how a cook gets there.

A kitchen is one of cogrid's layouts, read once. Nothing in it changes during a game, so ways through it are worked out
once and kept, whoever asks.
"""

import functools
from collections import deque

import cogrid.envs  # noqa: F401 - registers cogrid's layouts
from cogrid.core.grid.layouts import get_layout

LAYOUTS = {
    "cramped_room": "Cramped room",
    "asymmetric_advantages": "Asymmetric advantages",
    "coordination_ring": "Coordination ring",
    "forced_coordination": "Forced coordination",
    "counter_circuit": "Counter circuit",
}

UP, DOWN, LEFT, RIGHT = range(4)
"""The moves, numbered as the actions are."""
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""Rows and columns of each move."""

FLOOR, COUNTER, POT, ONIONS, PLATES, DELIVERY = " ", "C", "U", "O", "=", "@"


class Kitchen:
    """One layout: `rows` of characters, and where the floor, the counters, pots, … are, as (row, column)."""

    def __init__(self, name):
        lines, _ = get_layout(f"overcooked_{name}_v0")
        self.name = name
        self.rows = tuple(line.replace("+", FLOOR) for line in lines)
        self.height, self.width = len(self.rows), len(self.rows[0])
        cells = {kind: [] for kind in (FLOOR, COUNTER, POT, ONIONS, PLATES, DELIVERY)}
        for row, line in enumerate(self.rows):
            for column, kind in enumerate(line):
                cells[kind].append((row, column))
        self.floor, self.counters, self.pots = cells[FLOOR], cells[COUNTER], cells[POT]
        self.onions, self.plates, self.deliveries = cells[ONIONS], cells[PLATES], cells[DELIVERY]
        self.counters = [cell for cell in self.counters if any(self.kind(side) == FLOOR for side in sides(cell))]
        parts = {frozenset(self.ways(cell, None)) for cell in self.floor}
        self.shared = []
        """Counters over which cooks can pass things who cannot walk to each other; none where all floor is one."""
        if len(parts) > 1:
            self.shared = [c for c in self.counters if all(any(s in part for s in sides(c)) for part in parts)]

    def kind(self, cell):
        """The character at a place; outside there is nothing but counters."""
        row, column = cell
        return self.rows[row][column] if 0 <= row < self.height and 0 <= column < self.width else COUNTER

    @functools.cache  # noqa: B019 - kitchens are never thrown away
    def ways(self, start, blocked):
        """How to get to every floor cell: cell -> (steps, first move or None), around the cell `blocked`."""
        found, queue = {start: (0, None)}, deque([start])
        while queue:
            cell = queue.popleft()
            steps, first = found[cell]
            for move, (down, right) in enumerate(MOVES):
                there = (cell[0] + down, cell[1] + right)
                if there not in found and there != blocked and self.kind(there) == FLOOR:
                    found[there] = (steps + 1, move if first is None else first)
                    queue.append(there)
        return found

    @functools.cache  # noqa: B019
    def way_to(self, start, blocked, target):
        """How to get in front of `target`: (moves, first move), or None; the turn towards it counts as a move."""
        ways, best = self.ways(start, blocked), None
        for move, (down, right) in enumerate(MOVES):
            beside = (target[0] - down, target[1] - right)
            if beside in ways:
                steps, first = ways[beside]
                if best is None or steps + 1 < best[0]:
                    best = (steps + 1, move if first is None else first)
        return best


def sides(cell):
    return [(cell[0] + down, cell[1] + right) for down, right in MOVES]


@functools.cache
def kitchen(name):
    """The kitchen of a layout's name."""
    if name not in LAYOUTS:
        raise ValueError(f"there is no kitchen {name!r}; there are {', '.join(LAYOUTS)}")
    return Kitchen(name)
