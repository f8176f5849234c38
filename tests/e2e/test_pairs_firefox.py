"""Two people in browsers of two makers: their Python is the same, bit by bit, so what they recorded is the same.

The world is made of what two makers' own mathematics disagree about: sines, cosines, exponentials, and chance from
the normal distribution.
"""

from pathlib import Path

import pytest

from tests.drivers.browser_driver import BrowserDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.firefox_driver import firefox_participant, firefox_path
from tests.drivers.pair_driver import actions_of, finish, hands, identical_frames, match_records, sit_down, walk_in
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.e2e.test_pairs_play import check_match

pytestmark = [
    pytest.mark.alone,
    pytest.mark.browser,
    pytest.mark.pyodide,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(firefox_path() is None, reason="Debian's package firefox-esr is not installed"),
]

FRAMES = 20 * 30


def test_that_chromium_and_firefox_record_the_same(browser: BrowserDriver, tmp_path: Path) -> None:
    study = write_pair_study(
        tmp_path / "points",
        frames=FRAMES,
        conditions={"delay_ms": 80, "jitter_ms": 20, "loss": 0.02, "seed": 14},
        input_delay=0,
    )
    data = tmp_path / "data"
    with (
        ServerDriver(study, data).start(deadline_s=240) as server,
        sit_down(browser, server.port, ["ann"]) as [ann],
        firefox_participant(server.port, tmp_path / "firefox") as ben,
    ):
        assert ben.capabilities["browserName"] == "firefox"
        ben.open("ben")
        walk_in([ann], "points")
        ben.walk_in("points")
        ann.wait_for_phase("playing", timeout_ms=180_000)
        ben.wait_for_phase("playing")
        hands([ann], seed=14)
        ben.press_at_random(seed=41)
        finish([ann])
        ben.finish()
        [record] = match_records(data, "points")
        assert identical_frames(record) == FRAMES
        assert record.flags == []
        tried = actions_of(record)
        assert all(len(actions) >= 3 for actions in tried.values()), f"the hands did too little: {tried}"
        tables = export_session(data, "points", tmp_path / "out")
    verify_records(data, "points")
    check_match(tables, rollbacks=60)
    assert step_again(data, "points", study) == 2 * FRAMES
