"""Two people at computers of their own, with a network between them that is slow, loses packets, and is unplugged.

Nothing in the program holds packets back here: they go through the kernel's sockets and over an Ethernet whose lines
take 100 ms and lose 5 %.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.drivers.browser_driver import ParticipantDriver
from tests.drivers.export_checks import export_session, step_again, verify_records
from tests.drivers.network_namespaces import Computer, Ethernet, no_namespaces, participant_at
from tests.drivers.pair_driver import finish, identical_frames, match_records, play
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ServerDriver
from tests.e2e.test_pairs_faults import events_of
from tests.e2e.test_pairs_play import check_match

pytestmark = [pytest.mark.alone, pytest.mark.browser, pytest.mark.pyodide, pytest.mark.long, pytest.mark.timeout(600)]

FPS = 30
FRAMES = 20 * FPS
LINE: dict[str, Any] = {"delay_ms": 100, "loss": 0.05}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Connects to the browsers, which run elsewhere."""
    reason = no_namespaces()
    if reason:
        pytest.skip(reason)
    with sync_playwright() as driver:
        yield driver


@contextmanager
def sit_down_apart(
    playwright: Playwright, study: Path, folder: Path
) -> Iterator[tuple[ParticipantDriver, ParticipantDriver, Computer]]:
    """Start the server and let ann and ben play over slow lines; yields them, and ben's computer."""
    with (
        Ethernet() as ethernet,
        ServerDriver(study, folder / "data", "--host", ethernet.address).start(deadline_s=240) as server,
    ):
        computers = [ethernet.computer(**LINE, seed=number) for number in (1, 2)]
        with (
            participant_at(computers[0], playwright, server.port, folder / "profile_ann") as ann,
            participant_at(computers[1], playwright, server.port, folder / "profile_ben") as ben,
        ):
            for person, name in ((ann, "ann"), (ben, "ben")):
                person.page.set_default_timeout(120_000)
                person.open(name)
            play([ann, ben], "points")
            yield ann, ben, computers[1]
            assert ethernet.lost > 20, f"{ethernet.lost} frames were lost, {ethernet.carried} were not"


def unplug_for(computer: Computer, seconds: float, other: ParticipantDriver) -> None:
    """Unplug a computer's network; the other one's page tells the time."""
    computer.unplug()
    other.page.wait_for_function("(until) => Date.now() >= until", arg=time.time() * 1000 + seconds * 1000)
    computer.plug_in()


def recorded_alike(study: Path, folder: Path, frames: int) -> dict[str, pd.DataFrame]:
    """Compare, verify and step again what both recorded; returns the export."""
    data = folder / "data"
    [record] = match_records(data, "points")
    assert identical_frames(record) == frames
    tables = export_session(data, "points", folder / "out")
    verify_records(data, "points")
    assert step_again(data, "points", study) == 2 * frames
    return tables


def test_that_two_computers_with_a_slow_network_between_them_record_the_same(
    playwright: Playwright, tmp_path: Path
) -> None:
    study = write_pair_study(tmp_path / "points", frames=FRAMES, input_delay=0)
    with sit_down_apart(playwright, study, tmp_path) as (ann, ben, _):
        finish([ann, ben])
    tables = recorded_alike(study, tmp_path, FRAMES)
    check_match(tables, rollbacks=60)
    assert tables["network"]["rtt_ms"].dropna().median() >= 200
    assert tables["network"]["loss"].max() > 0


@pytest.mark.parametrize("outage_s", [3.0, 20.0])
def test_that_a_computer_without_network_is_waited_for(playwright: Playwright, tmp_path: Path, outage_s: float) -> None:
    study = write_pair_study(tmp_path / "points", frames=FRAMES, input_delay=0, reconnection_timeout_ms=60_000)
    with sit_down_apart(playwright, study, tmp_path) as (ann, ben, computer):
        ann.wait_for_frame(0, 5 * FPS)
        unplug_for(computer, outage_s, ann)
        finish([ann, ben])
    tables = recorded_alike(study, tmp_path, FRAMES)
    check_match(tables, rollbacks=40, path=tables["matches"]["transport"][0])
    assert events_of(tables, "ann", "match_interrupted")
    assert events_of(tables, "ann", "match_resumed")
    if outage_s > 10:
        assert events_of(tables, "ann", "match_lost"), "the game was paused"


def test_that_a_computer_without_network_for_too_long_ends_the_game(playwright: Playwright, tmp_path: Path) -> None:
    study = write_pair_study(tmp_path / "points", frames=3000, input_delay=0, reconnection_timeout_ms=6000)
    with sit_down_apart(playwright, study, tmp_path) as (ann, ben, computer):
        ann.wait_for_frame(0, 5 * FPS)
        unplug_for(computer, 20, ann)
        ann.page.get_by_role("heading", name="Your partner has left").wait_for()
        ben.page.locator('[data-mug="match-end"]').wait_for()
        assert "The game has ended for you" in ben.page.inner_text("body")
        ben.press_continue()
        finish([ann, ben])
    tables = export_session(tmp_path / "data", "points", tmp_path / "out")
    verify_records(tmp_path / "data", "points")
    [match] = tables["matches"].to_dict("records")
    assert match["outcome"] == "partner_left"
    assert match["dropped"] in {"north", "east"}
    [record] = match_records(tmp_path / "data", "points")
    [drop] = record.dropped
    assert record.formed.agents[drop.agent] == "ben"
    assert drop.reason
    assert "frames_disagreeing" not in tables, "nothing is recorded beyond what both had"
