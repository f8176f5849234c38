"""Two people at full length: a minute over slow lines, whole profiles, browsers that stand still, hidden tabs.

Also the control: with rollback taken out of the program these tests must fail.
"""

import time
from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, verify_records
from tests.drivers.pair_driver import (
    ann_and_ben,
    change_program,
    finish,
    identical_frames,
    match_records,
    play,
)
from tests.drivers.pair_study import PROFILES, example_study, write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.e2e.test_pairs_faults import events_of
from tests.e2e.test_pairs_play import check_match, played

pytestmark = [pytest.mark.alone, pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long, pytest.mark.timeout(600)]

FPS = 30
MINUTE = 60 * FPS


@pytest.mark.parametrize("delay_ms", [50, 100, 200])
def test_that_a_minute_at_constant_delay_is_recorded_alike(
    browser: BrowserDriver, tmp_path: Path, delay_ms: int
) -> None:
    study = example_study(
        "tag",
        tmp_path / "tag",
        conditions={"delay_ms": delay_ms, "seed": delay_ms},
        gameplay={"num_episodes": 1, "max_steps": MINUTE},
        input_delay=0,
    )
    tables = played(browser, study, "tag", "tag", tmp_path, seed=delay_ms)
    check_match(tables, rollbacks=100)
    assert len(tables["frames"]) == MINUTE


@pytest.mark.parametrize("profile", ["wifi_average", "mobile_4g", "intercontinental"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_that_every_profile_is_recorded_alike(browser: BrowserDriver, tmp_path: Path, profile: str, seed: int) -> None:
    study = example_study(
        "slime_volleyball",
        tmp_path / "slime",
        conditions=PROFILES[profile] | {"seed": seed},
        gameplay={"num_episodes": 8, "max_steps": 150},
        input_delay=0,
    )
    tables = played(browser, study, "slime-volleyball", "volleyball", tmp_path, seed=seed)
    check_match(tables, rollbacks=20 if profile == "wifi_average" else 60)


def test_that_twenty_short_episodes_follow_each_other_without_mixing(browser: BrowserDriver, tmp_path: Path) -> None:
    study = example_study(
        "tag",
        tmp_path / "tag",
        conditions={"delay_ms": 100, "loss": 0.05, "seed": 9},
        gameplay={"num_episodes": 20, "max_steps": 45, "reset_freeze_s": 0.0},
        input_delay=0,
    )
    tables = played(browser, study, "tag", "tag", tmp_path, seed=9)
    check_match(tables, rollbacks=60)
    assert list(tables["episodes"]["frames"]) == [45] * 20


@pytest.mark.parametrize("outage_s", [0.25, 3.0, 20.0])
def test_that_a_browser_that_stands_still_is_waited_for(
    browser: BrowserDriver, tmp_path: Path, outage_s: float
) -> None:
    frames = 20 * FPS
    study = write_pair_study(
        tmp_path / "points", frames=frames, conditions={"delay_ms": 40}, reconnection_timeout_ms=60_000
    )
    data = tmp_path / "data"
    with ann_and_ben(browser, study, data, tmp_path / "profile") as (ann, ben):
        ann.wait_for_frame(0, 5 * FPS)
        ben.freeze_browser()
        until = time.monotonic() + outage_s
        ann.page.wait_for_function("(until) => Date.now() >= until", arg=time.time() * 1000 + outage_s * 1000)
        assert time.monotonic() >= until - 0.1
        ben.thaw_browser()
        finish([ann, ben])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    [record] = match_records(data, "points")
    assert identical_frames(record) == frames
    check_match(tables, rollbacks=20, path=tables["matches"]["transport"][0])
    interrupted = events_of(tables, "ann", "match_interrupted")
    lost = events_of(tables, "ann", "match_lost")
    if outage_s < 0.5:
        assert interrupted == lost == [], "a short outage is no more than a stall"
    else:
        assert interrupted
        assert events_of(tables, "ann", "match_resumed")
    if outage_s > 10:
        assert lost, "the game was paused"


def test_that_a_browser_that_stands_still_for_too_long_ends_the_game(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(
        tmp_path / "points", frames=3000, conditions={"delay_ms": 40}, reconnection_timeout_ms=5000
    )
    data = tmp_path / "data"
    with ann_and_ben(browser, study, data, tmp_path / "profile") as (ann, ben):
        ann.wait_for_frame(0, 3 * FPS)
        ben.freeze_browser()
        ann.page.get_by_role("heading", name="Your partner has left").wait_for()
        ben.thaw_browser()
        ben.page.locator('[data-mug="match-end"]').wait_for()
        assert "The game has ended for you" in ben.page.inner_text("body")
        ben.press_continue()
        finish([ann, ben])
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] == "partner_left"
    assert match["dropped"] in {"north", "east"}
    assert "frames_disagreeing" not in tables, "nothing is recorded beyond what both had"


def test_that_a_hidden_tab_keeps_the_other_at_its_pace(browser: BrowserDriver, tmp_path: Path) -> None:
    frames = 75 * FPS
    study = write_pair_study(tmp_path / "points", frames=frames, conditions={"delay_ms": 30}, focus_loss_timeout_ms=0)
    data = tmp_path / "data"
    with ann_and_ben(browser, study, data, tmp_path / "profile") as (ann, ben):
        ann.wait_for_frame(0, 4 * FPS)
        ben.hide_tab()
        began, at = time.monotonic(), int(ann.game_attribute("frame") or 0)
        for seconds in (20, 40, 60):  # each has a minute
            ann.wait_for_frame(0, at + seconds * FPS)
        rate = 60 * FPS / (time.monotonic() - began)
        ben.show_tab()
        finish([ann, ben])
        tables = export_session(data, "points", tmp_path / "out")
    [record] = match_records(data, "points")
    assert identical_frames(record) == frames
    check_match(tables, rollbacks=5)
    assert rate > 0.8 * FPS, "the game did not wait for the hidden page's pictures"
    [agent] = [agent for agent, who in record.formed.agents.items() if who == "ben"]
    hidden = (tables["frames"][f"status.{agent}"] == "hidden").sum()
    assert 55 * FPS <= hidden <= 65 * FPS


REPAIRS = """        if wrong == NEVER:
            return None
"""
FORGETS = """        self._forget_guesses()
        return None
"""


def test_that_without_rollback_the_records_differ(browser: BrowserDriver, tmp_path: Path) -> None:
    """The control: the same test as for constant delay, with a program that never goes back, must see it."""
    study = write_pair_study(tmp_path / "points", frames=10 * FPS, conditions={"delay_ms": 100})
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        browser.participant(server.port) as ann,
        browser.participant(server.port) as ben,
    ):
        for person, name in ((ann, "ann"), (ben, "ben")):
            change_program(person, server, "mug/play/rollback/timeline.py", REPAIRS, FORGETS)
            person.open(name)
        play([ann, ben], "points")
        finish([ann, ben])
    [record] = match_records(data, "points")
    assert "desync" in record.words
    with pytest.raises(AssertionError, match="frame"):
        identical_frames(record)
