"""Cooks that are no people.

`TeamCook` looks at what its partner holds and does what is missing. `train_partner.py` makes the network in
`team_cook.onnx` of it, which is what participants play with.

`SoloCook` is shipped as it is: it cooks one soup after the other from the onion to the hatch, whatever its partner
does.

Both see only the observation (`cook_features.py`), as a network does.
"""

import numpy as np
from cook_features import INDEX, POTS

UP, DOWN, LEFT, RIGHT, ACT, STAY = range(6)


class Seen:
    """An observation by name: ``Seen(observation).holds_onion``."""

    def __init__(self, observation):
        self.values = np.asarray(observation).tolist()

    def __getattr__(self, name):
        return self.values[INDEX[name]]

    def number(self, name):
        return self.values[INDEX[name]]

    def ever(self, goal):
        """Whether there is a way to `goal`, be the partner in it or not."""
        return self.number(f"{goal}_far") < 1.0

    def move(self, goal):
        """The next action on the way to `goal`: a move, ACT before it, or None while the partner is in the way."""
        first = INDEX[f"{goal}_far"] + 1
        for action in range(5):
            if self.values[first + action] > 0.5:
                return action
        return None

    def pots(self):
        """The kitchen's pots: (name, onions, cooking or ready, ready)."""
        found = []
        for pot in range(1, POTS + 1):
            if self.number(f"pot{pot}_there") > 0.5:
                onions = round(self.number(f"pot{pot}_onions") * 3)
                found.append((f"pot{pot}", onions, onions == 3, self.number(f"pot{pot}_ready") > 0.5))
        return found

    def holds(self):
        return next((thing for thing in ("onion", "plate", "soup") if self.number(f"holds_{thing}") > 0.5), None)


class TeamCook:
    """Does what its partner leaves undone; steps aside when both stand in each other's way. It has no state."""

    def compute_action(self, observation, agent_id, rng):
        chances = self.chances(observation)
        drawn, total = rng.random(), 0.0
        for action, chance in enumerate(chances):
            total += chance
            if drawn < total:
                return action
        return STAY

    def chances(self, observation):
        """How likely each action is."""
        seen = Seen(observation)
        goal = self.goal(seen)
        if goal is None:
            at_pot = any(seen.number(f"{pot[0]}_far") < 0.06 for pot in seen.pots())
            return self._make_way(seen, 0.5 if at_pot else 0.05)  # others want to get there
        move = seen.move(goal)
        if move is None:  # the partner stands in the way
            return self._make_way(seen, 0.4)
        if move == ACT and not self._worth(seen, goal):
            return self._make_way(seen, 0.0)
        chances = [0.0] * 6
        chances[move] = 0.94
        chances[STAY] = 0.06  # nobody is as regular as a machine
        return chances

    def _worth(self, seen, goal):
        """Whether acting on what is before one does something now: a soup that still cooks cannot be taken."""
        ready = {name: ready for name, _, _, ready in seen.pots()}
        return ready.get(goal, True) or seen.holds() == "onion"

    def _make_way(self, seen, chance):
        """Mostly stand; a random step aside with `chance`, so that two cooks never block each other for long."""
        free = [move for move, side in enumerate(("up", "down", "left", "right")) if seen.number(f"free_{side}") > 0.5]
        chances = [0.0] * 6
        share = chance if free else 0.0
        for move in free:
            chances[move] = share / len(free)
        chances[STAY] = 1.0 - share
        return chances

    def goal(self, seen):
        """Where to go now: the name of a way in the observation, or None."""
        holds = seen.holds()
        pots = seen.pots()
        reached = [pot for pot in pots if seen.ever(pot[0])]
        if holds == "soup":
            return "delivery" if seen.ever("delivery") else "shared_counter"
        if holds == "onion":
            open_pots = [pot for pot in reached if not pot[2]]
            if open_pots:  # the fullest first, then the nearest
                return max(open_pots, key=lambda pot: (pot[1], -seen.number(f"{pot[0]}_far")))[0]
            if not reached:
                return "shared_counter"
            # all pots cook: keep it for the next soup while the partner is about to take one
            return None if seen.partner_holds_plate > 0.5 else "counter"
        if holds == "plate":
            if not reached:
                return "shared_counter"
            full = [pot for pot in reached if pot[2]]
            if full:
                return max(full, key=lambda pot: (pot[3], -seen.number(f"{pot[0]}_far")))[0]
            return "counter"
        return self._to_take(seen, pots, reached)

    def _to_take(self, seen, pots, reached):
        """What to fetch with empty hands."""
        if seen.ever("soup") and seen.ever("delivery"):
            return "soup"
        full = sum(pot[2] for pot in pots)
        plates = round(seen.lying_plates * 4) + (seen.partner_holds_plate > 0.5)
        onions = (round(seen.lying_onions * 4) if not reached else 0) + (seen.partner_holds_onion > 0.5)
        missing = sum(3 - pot[1] for pot in pots if not pot[2])
        carries = not reached
        if full > (plates if carries else seen.partner_holds_plate > 0.5) and seen.ever("plate"):
            return "plate"
        if reached and full and seen.partner_holds_plate > 0.5:
            missing += 3  # its pot is empty in a moment
        if missing > onions and seen.ever("onion"):
            return "onion"
        return None


class SoloCook:
    """Cooks alone: three onions into one pot, waits beside it, serves, and so on.

    It keeps to its pot and its job until that is done, looks at nobody, and pauses a moment after each job.

    Attributes (its whole state):
        pot: The pot it uses, 0 before it has chosen.
        pause: Decisions until it goes on.
        held: What it held when it decided last.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.pot = 0
        self.pause = 0
        self.held = None

    def compute_action(self, observation, agent_id, rng):
        seen = Seen(observation)
        holds = seen.holds()
        if holds != self.held:  # a job is done
            self.held = holds
            self.pause = int(rng.integers(1, 5))
        if self.pause > 0:
            self.pause -= 1
            return STAY
        pots = [pot for pot in seen.pots() if seen.ever(pot[0])]
        if not pots:
            return STAY
        if not 1 <= self.pot <= len(seen.pots()):
            nearest = min(pots, key=lambda pot: seen.number(f"{pot[0]}_far"))
            self.pot = int(nearest[0][-1])
        name, _, full, ready = seen.pots()[self.pot - 1]
        if holds == "soup":
            goal = "delivery"
        elif holds == "plate":
            goal = name if full else "counter"
        elif holds == "onion":
            goal = "counter" if full else name
        else:
            goal = "plate" if full else "onion"
        move = seen.move(goal)
        if move is None:
            free = [a for a, side in enumerate(("up", "down", "left", "right")) if seen.number(f"free_{side}") > 0.5]
            return free[int(rng.integers(len(free)))] if free and rng.random() < 0.3 else STAY
        if move == ACT and goal == name and holds == "plate" and not ready:
            return STAY
        return move
