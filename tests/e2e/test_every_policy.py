"""Every kind of policy acts alike where seed and input are alike: twice in Chromium, in Firefox, and on two peers.

A person's keys come at the same frames in every run (`tests.drivers.policy_study`), and all policies but chance see
what they do: so what is compared are decisions that depend on the person.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.firefox_driver import firefox_participant, firefox_path
from tests.drivers.pair_driver import finish, identical_frames, match_records, play, sit_down, walk_in
from tests.drivers.pair_study import CHAOS
from tests.drivers.policy_study import FOLLOW_THE_HUD, POLICIES, write_policy_study
from tests.drivers.seeded_server import SeededServer
from tests.drivers.server_driver import ServerDriver

pytestmark = [
    pytest.mark.alone,
    pytest.mark.browser,
    pytest.mark.pyodide,
    pytest.mark.long,
    pytest.mark.timeout(600),
]

EXPERIMENT = "every-policy"
EPISODES, FRAMES = 2, 60


def in_chromium(browser: BrowserDriver, folder: Path, script: int) -> pd.DataFrame:
    study = write_policy_study(folder / "study", script=script, episodes=EPISODES, frames=FRAMES)
    with (
        SeededServer(study, folder / "data").start(deadline_s=240) as server,
        browser.participant(server.port) as anna,
    ):
        anna.open("anna")
        walk_in([anna], "points")
        anna.wait_for_phase("playing")
        anna.page.evaluate(FOLLOW_THE_HUD)
        finish([anna])
        return recorded(folder)


def in_firefox(folder: Path, script: int) -> pd.DataFrame:
    study = write_policy_study(folder / "study", script=script, episodes=EPISODES, frames=FRAMES)
    with (
        SeededServer(study, folder / "data").start(deadline_s=240) as server,
        firefox_participant(server.port, folder / "firefox") as anna,
    ):
        assert anna.capabilities["browserName"] == "firefox"
        anna.open("anna")
        anna.walk_in("points")
        anna.wait_for_phase("playing")
        anna.evaluate(FOLLOW_THE_HUD)
        anna.finish()
        return recorded(folder)


def recorded(folder: Path) -> pd.DataFrame:
    frames = export_session(folder / "data", EXPERIMENT, folder / "out")["frames"]
    verify_records(folder / "data", EXPERIMENT)
    assert len(frames) == EPISODES * FRAMES
    assert {"input", "default"} <= set(frames["status.person_1"]), "keys came, and went"
    for agent in POLICIES:
        assert set(frames[f"status.{agent}"]) == {"policy"}
        assert frames[f"actions.{agent}"].nunique() >= 3, f"{agent} does the same all the time"
    return frames


def test_that_the_same_seed_and_keys_give_the_same_actions_of_every_policy_in_chromium_twice(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    one, two = (in_chromium(browser, tmp_path / run, script=1) for run in ("one", "two"))
    assert one["actions.person_1"].nunique() >= 4
    assert one["state_hash"].notna().sum() >= EPISODES
    pd.testing.assert_frame_equal(one, two)
    assert step_again(tmp_path / "one" / "data", EXPERIMENT, tmp_path / "one" / "study") == EPISODES * FRAMES
    other = in_chromium(browser, tmp_path / "other", script=2)
    assert list(other["actions.chance"]) == list(one["actions.chance"]), "chance follows from the seed alone"
    for agent in POLICIES.keys() - {"chance"}:
        assert list(other[f"actions.{agent}"]) != list(one[f"actions.{agent}"]), f"{agent} did not see the person"


@pytest.mark.skipif(firefox_path() is None, reason="Debian's package firefox-esr is not installed")
def test_that_the_same_seed_and_keys_give_the_same_actions_of_every_policy_in_firefox(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    one, two = in_chromium(browser, tmp_path / "chromium", script=1), in_firefox(tmp_path / "firefox", script=1)
    pd.testing.assert_frame_equal(one, two)


def test_that_every_policy_acts_alike_on_both_peers_through_delay_jitter_and_loss(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    conditions: dict[str, Any] = {**CHAOS, "seed": 7}
    study = write_policy_study(
        tmp_path / "study", people=2, frames=300, frame_skip=3, network_conditions=conditions, input_delay=0
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann", "ben"]) as people,
    ):
        play(people, "points", 3, every_ms=80)
        finish(people, timeout_ms=240_000)
        [record] = match_records(data, EXPERIMENT)
        assert identical_frames(record, 2) == EPISODES * 300
        assert record.flags == []
        tables = export_session(data, EXPERIMENT, tmp_path / "out")
    verify_records(data, EXPERIMENT)
    [match] = tables["matches"].to_dict("records")
    assert (match["recorders"], match["desyncs"]) == (2, 0)
    assert match["compared"] > 0
    rollbacks = tables["network"].groupby("participant_id")["rollbacks"].sum()
    assert rollbacks.min() >= 100, f"rollbacks: {rollbacks.to_dict()}"
    rows = tables["frames"]
    for agent in POLICIES:
        assert set(rows[f"status.{agent}"]) == {"policy"}
        assert rows[f"actions.{agent}"].nunique() >= 3
    assert step_again(data, EXPERIMENT, study) == 2 * EPISODES * 300
