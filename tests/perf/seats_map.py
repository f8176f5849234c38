"""The Seats page with 100 desks: how long what a server says of them keeps the window."""

import importlib.util
import itertools
import json
import os
import random
import subprocess
import sys
from time import perf_counter

from tests.perf.bench import ROOT, Bench
from tests.perf.measurement import Row, Skipped, Spread

__all__ = ["measure"]

DESKS = 100
ROUNDS = 100
BUDGET_MS = 50.0


def measure(bench: Bench) -> list[Row]:
    """Use the real page on an offscreen display, in a process of its own."""
    if importlib.util.find_spec("PySide6") is None:
        raise Skipped("PySide6 is not installed: python3 bootstrap.py setup")
    bench.say(f"the Seats page with {DESKS} desks, {ROUNDS} batches")
    command = [sys.executable, "-m", "tests.perf.seats_map"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the page did not run: {done.stderr[-3000:]}")
    taken: dict[str, list[float]] = json.loads(done.stdout)
    bench.details.update({"seats_map_ms": taken})
    rows = []
    for what, times in taken.items():
        spread = Spread.of(times)
        rows.append(Row(what=f"Seats page, {what}", value=spread.p99, unit="ms", budget=BUDGET_MS, note=spread.words()))
    return rows


def main() -> None:
    """Measure, and print milliseconds by what was done; each until everything is painted."""
    from PySide6.QtWidgets import QApplication

    from gui.models.room_plan import Place
    from gui.runtime.server_state import Outcome, ServerState
    from gui.seats.page import SeatsPage
    from gui.widgets.theme import Theme, ThemeChoice
    from tests.drivers.seat_views import pair, seat, seats_batch, seats_snapshot

    app = QApplication([])
    chance = random.Random(1)
    names = [f"PC-{number:03d}" for number in range(DESKS)]
    page = SeatsPage(Theme(app, ThemeChoice.LIGHT))
    page.resize(1340, 800)
    page.document.add_desks(names, 10)
    page.show()
    page.show_outcome(Outcome(ServerState.READY, study="A study"))
    page.show_snapshot(seats_snapshot(*map(seat, names)))
    page.show_due()
    app.processEvents()
    taken: dict[str, list[float]] = {}

    def timed(what: str, do: object) -> None:
        begun = perf_counter()
        do()  # type: ignore[operator]  # a function of no arguments
        page.show_due()
        app.processEvents()
        taken.setdefault(what, []).append((perf_counter() - begun) * 1000)

    for round_ in range(ROUNDS):
        ten = [names[(round_ * 10 + k) % DESKS] for k in range(10)]
        pings = [seat(desk, rtt_ms=chance.random() * 10) for desk in ten]
        timed("ten desks' figures", lambda pings=pings: page.show_batch(seats_batch(*pings)))
        states = [seat(desk, chance.choice(["ready", "trouble", "taking_part"])) for desk in ten]
        timed("ten desks' states", lambda states=states: page.show_batch(seats_batch(*states)))
        down = 20 if round_ % 2 else -20
        places = [Place(place.desk, place.x, place.y + down) for place in page.document.room.desks]
        timed("all desks moved", lambda places=places: page.document.move_desks(places))
    page.show_view("pairs")
    pairs = [pair(one, other, chance.random() * 150) for one, other in itertools.combinations(names, 2)]
    page.show_batch(seats_batch(pairs=tuple(pairs)))
    page.show_due()
    app.processEvents()
    for _ in range(ROUNDS):
        some = [pair(*chance.choice(pairs).desks, chance.random() * 150) for _ in range(30)]
        timed("30 of 4,950 pairs", lambda some=some: page.show_batch(seats_batch(pairs=tuple(some))))
    json.dump(taken, sys.stdout)


if __name__ == "__main__":
    main()
