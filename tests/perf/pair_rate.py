"""Two pages of one two-player game, both on this machine: rate, ticks, waiting, rollbacks; near and far apart.

The numbers are read from the records, as an analyst would: the tables `ticks`, `network` and `events` of an export.
"""

import pandas as pd

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session
from tests.drivers.pair_driver import finish, play, sit_down
from tests.drivers.pair_study import PROFILES, example_study
from tests.drivers.server_driver import ServerDriver
from tests.perf.bench import Bench
from tests.perf.measurement import Row, Spread

__all__ = ["measure"]

FRAME_MS = 1000 / 30


def measure(bench: Bench) -> list[Row]:
    """Play Slime Volleyball with random hands, first without any conditions, then far apart."""
    return [*_played(bench, "near", None), *_played(bench, "far", PROFILES["far"])]


def _played(bench: Bench, name: str, conditions: dict[str, float] | None) -> list[Row]:
    bench.say(f"two pages, {name}")
    study = example_study("slime_volleyball", bench.folder / name, conditions=conditions)
    data = bench.folder / f"data-{name}"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        BrowserDriver() as browser,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        play(people, "volleyball")
        finish(people)
    tables = export_session(data, "slime-volleyball", bench.folder / f"out-{name}", "--ticks")
    ticks, network, episodes = tables["ticks"], tables["network"], tables["episodes"]
    intervals = ticks["interval_ms"].dropna()
    # The first interval of an episode holds the pause before it.
    intervals = intervals[ticks.loc[intervals.index, "frame"] > 0]
    spread, cost = Spread.of(intervals.tolist()), Spread.of(ticks["tick_ms"].dropna().tolist())
    stalled = 100.0 * float(ticks["stalled"].astype(float).mean())
    frames = len(tables["frames"])
    rollbacks = float(network["rollbacks"].sum()) / 2
    lag = float(pd.to_numeric(network["confirm_lag_mean"]).mean())
    sent = float(network["bytes_sent"].sum()) / max(1.0, float(len(network))) / 1024
    desyncs = float(tables["matches"]["desyncs"].sum())
    far = name == "far"
    note = f"{frames} frames, {len(episodes)} episodes; {spread.words()}"
    return [
        Row(what=f"{name}: rate of both pages", value=1000 * len(intervals) / float(intervals.sum()), unit="Hz",
            budget=28.0, at_least=True, note=note),
        Row(what=f"{name}: tick in the worker p99", value=cost.p99, unit="ms", budget=FRAME_MS, note=cost.words()),
        Row(what=f"{name}: frame interval p99.9", value=float(intervals.quantile(0.999)), unit="ms",
            budget=2 * FRAME_MS if far else None),
        Row(what=f"{name}: ticks without a new frame", value=stalled, unit="%", budget=1.0 if far else None),
        Row(what=f"{name}: rollbacks in 100 frames", value=100 * rollbacks / max(1, frames), unit="",
            note=f"deepest {int(network['depth_max'].max())}, confirmed after {lag:.1f} frames, {sent:.1f} KiB/s"),
        Row(what=f"{name}: desyncs", value=desyncs, unit="", budget=0.0),
    ]  # fmt: skip
