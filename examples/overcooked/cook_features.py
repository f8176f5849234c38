"""What a cook observes: 88 numbers from -1 to 1, seen from the cook, the same in every kitchen.

A way is how to get to the nearest of something: `…_far` is its length (the turn towards it counts, 20 moves are 1, and
1 is also "no way at all"), and of `…_up`, `…_down`, `…_left`, `…_right`, `…_here` the one is 1 that is to be done next;
`here` means that it is before the cook, who only has to act. Ways go around the partner. When the partner stands so
that there is no way at the moment, all five are 0.
"""

import functools

import numpy as np
from kitchens import COUNTER, DELIVERY, FLOOR, MOVES, ONIONS, PLATES, POT

FAR = 20
COOK_FRAMES = 30
POTS = 2
HELD = ("onion", "plate", "soup")
SIDES = ("up", "down", "left", "right")
FRONTS = (FLOOR, COUNTER, POT, ONIONS, PLATES, DELIVERY)
FRONT_NAMES = ("floor", "counter", "pot", "onions", "plates", "delivery")
GOALS = ("onion", "plate", "soup", "delivery", "counter", "shared_counter")


def _way(name):
    return [f"{name}_far", *(f"{name}_{side}" for side in SIDES), f"{name}_here"]


FEATURES = (
    "resting",  # on the way to the next cell: cannot walk on in this frame
    *(f"faces_{side}" for side in SIDES),
    *(f"holds_{thing}" for thing in HELD),
    "partner_down",  # rows and columns to the partner, 10 are 1
    "partner_right",
    *(f"partner_faces_{side}" for side in SIDES),
    *(f"partner_holds_{thing}" for thing in HELD),
    *(f"free_{side}" for side in SIDES),  # floor without the partner
    *(f"front_{name}" for name in FRONT_NAMES),
    "front_taken",  # something lies on the counter before the cook, or the partner stands there
    *(f"lying_{thing}s" for thing in HELD),  # how many lie on counters, 4 are 1
    *(name for goal in GOALS for name in _way(goal)),
    *(
        name
        for pot in range(1, POTS + 1)
        for name in (f"pot{pot}_there", f"pot{pot}_onions", f"pot{pot}_cooked", f"pot{pot}_ready", *_way(f"pot{pot}"))
    ),
    "time_left",
)
"""The names of the numbers, in their order."""

INDEX = {name: index for index, name in enumerate(FEATURES)}


def features(scene, number, rests, time_left):
    """The observation of cook `number`, (88,) float32."""
    room, other = scene.kitchen, 1 - number
    place, partner = scene.places[number], scene.places[other]
    face, front, holds = scene.facing[number], scene.fronts[number], scene.holds[number]
    kind = room.kind(front)
    values = [float(rests > 0)]
    values += [float(face == side) for side in range(4)]
    values += [float(holds == thing) for thing in HELD]
    values += [(partner[0] - place[0]) / 10, (partner[1] - place[1]) / 10]
    values += [float(scene.facing[other] == side) for side in range(4)]
    values += [float(scene.holds[other] == thing) for thing in HELD]
    for down, right in MOVES:
        cell = (place[0] + down, place[1] + right)
        values.append(float(room.kind(cell) == FLOOR and cell != partner))
    values += [float(kind == one) for one in FRONTS]
    values.append(float(front in scene.lies or front == partner))
    lying = list(scene.lies.values())
    values += [min(1.0, lying.count(thing) / 4) for thing in HELD]

    # Where cooks pass things over counters, who can fetch something leaves what lies there to the other.
    apart = set(room.shared)
    stacks = {"onion": room.onions, "plate": room.plates}
    fetches = {t: any(room.way_to(place, None, cell) for cell in cells) for t, cells in stacks.items()}
    where = {
        thing: [c for c, item in scene.lies.items() if item == thing and not (c in apart and fetches.get(thing))]
        for thing in HELD
    }
    free = [cell for cell in room.counters if cell not in scene.lies]
    for cells in (
        room.onions + where["onion"],
        room.plates + where["plate"],
        where["soup"],
        room.deliveries,
        free,
        [cell for cell in room.shared if cell not in scene.lies],
    ):
        values += way(room, place, partner, face, tuple(cells))
    for pot in range(POTS):
        if pot >= len(room.pots):
            values += [0.0] * 10
            continue
        onions, timer = scene.pots[pot]
        full = onions == 3
        values += [1.0, onions / 3, 1 - timer / COOK_FRAMES if full else 0.0, float(full and timer == 0)]
        values += way(room, place, partner, face, (room.pots[pot],))
    values.append(time_left)
    return np.array(values, dtype=np.float32)


@functools.lru_cache(maxsize=8192)
def way(room, place, partner, face, cells):
    """The six numbers of the way to the nearest of `cells`."""
    far = min((found[0] for cell in cells if (found := room.way_to(place, None, cell))), default=FAR)
    best = None
    for cell in cells:
        found = room.way_to(place, partner, cell)
        if found is not None and (best is None or found[0] < best[0]):
            best = (*found, cell)
    values = [min(far, FAR) / FAR, 0.0, 0.0, 0.0, 0.0, 0.0]
    if best is not None:
        steps, move, cell = best
        facing = (place[0] + MOVES[face][0], place[1] + MOVES[face][1])
        values[5 if steps == 1 and facing in cells else 1 + move] = 1.0
    return values
