"""What must hold of an export of Mountain Car, checked without MUG's own code: Gymnasium plays the actions again."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pandas as pd

from mug.data import read_export

__all__ = ["check_mountain_car", "export_session", "package_errors", "step_again", "verify_folder", "verify_records"]

LIBM_TOLERANCE = 1e-5
"""The browser's libm and this machine's differ in the last bit; float32 positions of a few hundred steps by less."""


def export_session(data_dir: Path, experiment: str, out: Path, *options: str) -> dict[str, pd.DataFrame]:
    """Run ``mug export`` as a user would and read what it wrote."""
    command = [sys.executable, "-m", "mug", "export", "--data", str(data_dir), "--experiment", experiment]
    done = subprocess.run(
        [*command, "--out", str(out), *options], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return read_export(out)


def step_again(data_dir: Path, experiment_id: str, study: Path) -> int:
    """Have ``mug verify --study`` step each match again in the browser's Python; returns how many frames came."""
    command = [sys.executable, "-m", "mug", "verify", "--data", str(data_dir), "--experiment", experiment_id]
    done = subprocess.run([*command, "--study", str(study)], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    equal = [int(found.replace(",", "")) for found in re.findall(r"equal \(([\d,]+) frames", done.stdout)]
    assert equal, done.stdout
    return sum(equal)


def verify_records(data_dir: Path, experiment: str) -> str:
    """Run ``mug verify``; returns what it said, fails when it found something."""
    command = [sys.executable, "-m", "mug", "verify", "--data", str(data_dir), "--experiment", experiment]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def package_errors(folder: Path) -> list[list[Any]]:
    """Validate the package with frictionless: metadata, digests, types, constraints, keys; empty: all good."""
    from frictionless import Package, system  # slow to import, and most who use these checks do not need it

    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    with system.use_context(trusted=True):
        report = Package.from_descriptor(described, basepath=str(folder)).validate()
    assert report.stats["tasks"] == len(described["resources"])
    found: list[list[Any]] = report.flatten(["title", "fieldName", "message"])
    return found + [list(report.errors)] * bool(report.errors)


def verify_folder(folder: Path, data_dir: Path) -> str:
    """Run ``mug verify --export``; returns what it said, fails when it found something."""
    command = [sys.executable, "-m", "mug", "verify", "--export", str(folder), "--data", str(data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_mountain_car(tables: dict[str, pd.DataFrame], episodes: int, max_steps: int) -> pd.DataFrame:
    """Check every episode frame by frame; returns the frames table."""
    frames, ends = tables["frames"], tables["episodes"]
    assert list(ends["episode"]) == list(range(episodes))
    assert len(frames) == int(ends["frames"].sum())
    for end in ends.itertuples():
        rows = frames[frames["episode"] == end.episode]
        assert list(rows["frame"]) == list(range(end.frames)), "every frame exactly once, in order"
        _play_again(rows, int(end.seed), max_steps)
        assert end.end == ("terminated" if bool(rows.iloc[-1]["terminated.human"]) else "max_steps")
    return frames


def _play_again(rows: pd.DataFrame, seed: int, max_steps: int) -> None:
    environment = gymnasium.make("MountainCar-v0", max_episode_steps=max_steps + 1)
    observation, _ = environment.reset(seed=seed)
    for number, row in enumerate(rows.to_dict("records")):
        seen = np.array([row["observations.human.0"], row["observations.human.1"]])
        np.testing.assert_allclose(seen, observation, atol=LIBM_TOLERANCE, err_msg=f"observation of frame {number}")
        observation, reward, terminated, _, _ = environment.step(int(row["actions.human"]))
        assert row["rewards.human"] == reward
        last = number == len(rows) - 1
        assert bool(row["terminated.human"]) == terminated
        assert not bool(row["truncated.human"]), "the environment itself does not truncate; the scene's limit does"
        assert last == (terminated or number + 1 == max_steps), "an episode ends where it ends"
    environment.close()
