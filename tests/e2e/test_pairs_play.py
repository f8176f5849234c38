"""Two and three people play in Chromium over WebRTC, through delay, jitter and loss; what they recorded is the same.

Every test asks for a number of rollbacks: with inputs that never change, or on a network without delay, anything would
pass.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.pair_driver import actions_of, finish, identical_frames, match_records, play, sit_down
from tests.drivers.pair_study import CHAOS, example_study, write_pair_study
from tests.drivers.server_driver import ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]


def played(
    browser: BrowserDriver, study: Path, experiment: str, scene: str, tmp_path: Path, *, players: int = 2, seed: int = 1
) -> dict[str, pd.DataFrame]:
    """Play a study to its end with random hands; returns the export.

    The players' records are compared byte for byte, verified, and stepped again under Node, each for itself.
    """
    names = ["ann", "ben", "cleo", "dan"][:players]
    data = tmp_path / "data"
    with ServerDriver(study, data).start(deadline_s=240) as server, sit_down(browser, server.port, names) as people:
        play(people, scene, seed)
        finish(people)
        for person in people:
            assert set(person.hosts) == {"lab.test"}, f"requests went to other hosts: {person.hosts}"
        [record] = match_records(data, experiment)
        frames = identical_frames(record, players)
        assert record.ended is not None
        assert record.ended.outcome == "completed"
        assert record.flags == []
        tried = actions_of(record)
        assert all(len(actions) >= 3 for actions in tried.values()), f"the hands did too little: {tried}"
        tables = export_session(data, experiment, tmp_path / "out")
    verify_records(data, experiment)
    assert step_again(data, experiment, study) == players * frames
    assert len(tables["frames"]) == frames
    assert "frames_disagreeing" not in tables
    return tables


def check_match(tables: dict[str, pd.DataFrame], *, rollbacks: int, players: int = 2, path: str = "p2p") -> Any:
    """Check what the tables say of one match that went well; returns its row."""
    [match] = tables["matches"].to_dict("records")
    episodes, network = tables["episodes"], tables["network"]
    assert match["players"] == match["recorders"] == players
    assert match["transport"] == path
    assert match["desyncs"] == 0
    assert match["compared"] > 0
    assert set(episodes["agreement"]) == {"agreed"}
    assert episodes["compared"].min() > 0, "every episode's end is compared"
    assert episodes["complete"].all()
    assert episodes["seed"].nunique() == len(episodes), "each episode has a seed of its own"
    found = network["rollbacks"].sum() / (players - 1)
    assert found >= rollbacks, f"only {found} rollbacks"
    assert network["depth_max"].max() >= 2
    return match


def test_that_slime_volleyball_over_a_slow_line_is_recorded_alike_by_both(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = example_study(
        "slime_volleyball",
        tmp_path / "slime",
        conditions={"delay_ms": 100, "seed": 2},
        input_delay=0,
        gameplay={"num_episodes": 3},
    )
    tables = played(browser, study, "slime-volleyball", "volleyball", tmp_path)
    match = check_match(tables, rollbacks=20)
    assert match["snapshot_level"] in {"pickle", "walker"}, "slimevb has no get_state of its own"
    assert match["delay_ms.agent_left"] == 100
    assert list(tables["episodes"]["episode"]) == list(range(3))
    assert len(tables["frames"]) >= 6 * 30, "there are some seconds to compare"
    assert tables["network"]["rtt_ms"].dropna().median() >= 200


@pytest.mark.alone
def test_that_jitter_and_loss_change_nothing_in_the_records(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(tmp_path / "points", conditions=CHAOS | {"seed": 7}, input_delay="auto")
    tables = played(browser, study, "points", "points", tmp_path, seed=3)
    match = check_match(tables, rollbacks=15)
    assert match["input_delay"] == 3, "a round trip of 200 ms: as much as is allowed"
    assert match["loss.north"] == pytest.approx(0.05)
    assert tables["network"]["loss"].max() > 0


def test_that_short_episodes_of_three_people_follow_each_other_without_mixing(
    browser: BrowserDriver, tmp_path: Path
) -> None:
    study = example_study(
        "tag",
        tmp_path / "tag",
        players=3,
        conditions={"delay_ms": 100, "loss": 0.05, "seed": 3},
        gameplay={"num_episodes": 4, "max_steps": 40, "reset_freeze_s": 0.0},
        input_delay=0,
    )
    tables = played(browser, study, "tag", "tag", tmp_path, players=3, seed=5)
    check_match(tables, rollbacks=10, players=3)
    assert list(tables["episodes"]["frames"]) == [40] * 4
    assert tables["episodes"]["chain_hash"].nunique() == 4
    assert tables["matches"]["snapshot_level"].tolist() == ["own"]
    assert set(tables["network"]["partner"]) == {"player_1", "player_2", "player_3"}
