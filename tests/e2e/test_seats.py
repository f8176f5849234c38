"""Desks in a real browser: warm, ready, identified, measured, begun without loading Python twice, and home again."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request

from mug.protocol.lab import EndSession, LabBatch, LabSnapshot
from mug.protocol.lab_console import Act, AskSeats, ProbeSeats, SeatPairView, SeatView, SetStage
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.browser_driver import BrowserDriver, ParticipantDriver
from tests.drivers.page_memory import PageMemory
from tests.drivers.server_driver import LabDriver, ServerDriver

pytestmark = [pytest.mark.browser, pytest.mark.pyodide]

TWO_HOURS_MS = 7_200_000
WRONG_CLOCK = """(() => {
    const Real = Date;
    class Wrong extends Real {
        constructor(...given) { if (given.length === 0) super(Real.now() + SHIFT); else super(...given); }
        static now() { return Real.now() + SHIFT; }
    }
    globalThis.Date = Wrong;
})()""".replace("SHIFT", str(TWO_HOURS_MS))

TRIES = 600
"""Of 100 ms each: a minute."""
NAME = '[data-mug="seat-identify"]'
"""The desk's name over everything: for four seconds, which a test may miss."""


class Desk:
    """A browser at a desk.

    Attributes:
        python_loads: How often it asked for Python's loader.
    """

    def __init__(self, name: str, driver: ParticipantDriver) -> None:
        self.name = name
        self.driver = driver
        self.page = driver.page
        self.python_loads = 0
        self.shown = PageMemory(driver, NAME)
        driver.context.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        self.python_loads += request.url.endswith("/pyodide.mjs")

    def open(self) -> None:
        self.page.goto(self.driver.address(f"seat/{self.name}"))

    def path(self) -> str:
        """Where the page says that it is."""
        return str(self.page.evaluate("() => location.pathname"))

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait while the browser goes on."""
        for _ in range(TRIES):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.name}: {what} did not happen; {self.driver.state()}")


class Room:
    """What the console sees of the desks."""

    def __init__(self, lab: LabDriver) -> None:
        self.lab = lab
        self._requests = 0

    def seat(self, desk: Desk) -> SeatView | None:
        views = [
            view
            for message in list(self.lab.received)
            if isinstance(message, LabBatch | LabSnapshot)
            for view in message.seats
            if view.desk == desk.name
        ]
        return views[-1] if views else None

    def wait_for(self, desk: Desk, state: str) -> SeatView:
        desk.wait_until(lambda: (seat := self.seat(desk)) is not None and seat.state == state, f"state {state}")
        seat = self.seat(desk)
        assert seat is not None
        return seat

    def ask(self, what: str, desk: Desk, state: str = "done") -> None:
        """Ask a desk for something, and wait for its answer."""
        self._requests += 1
        reply = self.lab.ask(AskSeats(request_id=f"r{self._requests}", what=what, desks=(desk.name,)))
        assert (reply.error, reply.data) == ("", {"asked": [desk.name], "skipped": {}})

        def is_answered() -> bool:
            seat = self.seat(desk)
            return seat is not None and (seat.asked, seat.asked_state) == (what, state)

        desk.wait_until(is_answered, f"the answer to {what}")

    def pairs(self) -> list[SeatPairView]:
        return [view for m in list(self.lab.received) if isinstance(m, LabBatch) for view in m.seat_pairs]

    def set_stage(self, stage: str) -> None:
        assert self.lab.ask(SetStage(request_id=f"stage-{stage}", stage=stage)).error == ""


@pytest.fixture
def prepared(short_mountain_car: Path, tmp_path: Path) -> Iterator[ServerDriver]:
    """A session of a game of one second, its doors closed."""
    file = short_mountain_car / "study.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("max_steps = 150", "max_steps = 30").replace("num_episodes = 2", "num_episodes = 1")
    file.write_text(text, encoding="utf-8")
    with ServerDriver(short_mountain_car, tmp_path / "data", "--stage", "prepared") as server:
        yield server


def play_to_the_end(desk: Desk) -> None:
    driver = desk.driver
    driver.wait_for_scene("welcome")
    driver.press_continue()
    driver.wait_for_scene("instructions")
    driver.press_continue()
    driver.wait_for_scene("mountain-car")
    driver.press_continue()
    driver.wait_for_phase("playing", "ended")
    driver.wait_for_scene("end")
    driver.wait_for_phase("ended")


def test_that_a_desk_warms_up_waits_takes_part_and_comes_home(
    browser: BrowserDriver, prepared: ServerDriver, artifacts: Path
) -> None:
    # A screen larger than the window, so that the page does not fill it.
    with (
        browser.participant(prepared.port, screen={"width": 1920, "height": 1080}) as driver,
        LabDriver(prepared) as lab,
    ):
        desk, room = Desk("PC-07", driver), Room(lab)
        desk.open()
        desk.page.locator(".seat-name", has_text="PC-07").wait_for()
        driver.screenshot(artifacts / "seat-warming.png")
        ready = room.wait_for(desk, "ready")
        assert {check.state for check in ready.checks} == {"good"}
        assert ready.browser.startswith("chrome")
        desk.page.get_by_text("Ready. Please wait for the experimenter.").wait_for()
        driver.screenshot(artifacts / "seat-ready.png")
        room.ask("identify", desk)
        desk.shown.wait_for(NAME, "PC-07")
        loads = desk.python_loads

        room.set_stage("running")
        driver.wait_for_scene("welcome")
        taking_part = room.wait_for(desk, "taking_part")
        assert desk.path() == f"/{taking_part.participant_id}"
        # It is still the document that has shown the name once.
        desk.page.locator(NAME).wait_for(state="detached")
        named = len(desk.shown.texts(NAME))
        room.ask("identify", desk)
        driver.screenshot(artifacts / "seat-identify.png")
        desk.page.wait_for_function("([name, before]) => mugTestKept[name].length > before", arg=[NAME, named])
        desk.page.locator(NAME).wait_for(state="detached")
        play_to_the_end(desk)
        assert desk.python_loads == loads, "Python was loaded again for the participant"

        assert room.wait_for(desk, "finished").participant_id == taking_part.participant_id
        room.ask("home", desk)
        back = room.wait_for(desk, "ready")
        assert desk.path() == "/seat/PC-07"
        assert back.participant_id == taking_part.participant_id
        room.ask("begin", desk)  # somebody else sits down there
        second = room.wait_for(desk, "taking_part")
        assert second.participant_id != taking_part.participant_id
        driver.wait_for_scene("welcome")
        with desk.page.expect_navigation():  # in the middle of it, the desk is the same
            room.ask("reload", desk)
        driver.wait_for_scene("welcome")
        assert room.wait_for(desk, "taking_part").participant_id == second.participant_id
        assert driver.page_errors == []


def telemetry_rows(server: ServerDriver) -> list[tuple[datetime, dict[str, Any]]]:
    """Each row of the telemetry table, with the time at which the server stored it."""
    rows = []
    with RecordReader(records_path(server.data_dir, "mountain-car", False)) as reader:
        session = next(iter(reader.sessions())).session_id
        for fact in reader.facts(session, ("chunk_stored",)):
            assert isinstance(fact, f.ChunkStored)
            if fact.stream in ("telemetry", "event"):
                stored = datetime.fromisoformat(fact.at)
                rows += [(stored, json.loads(line)) for line in reader.body(fact.sha256).splitlines()]
    return rows


def test_that_two_desks_measure_each_other_and_a_wrong_clock_is_told_and_corrected(
    browser: BrowserDriver, prepared: ServerDriver, artifacts: Path
) -> None:
    with (
        browser.participant(prepared.port) as one,
        browser.participant(prepared.port, timezone_id="Pacific/Auckland") as other,
        LabDriver(prepared) as lab,
    ):
        right, wrong, room = Desk("PC-01", one), Desk("PC-02", other), Room(lab)
        other.context.add_init_script(WRONG_CLOCK)
        for desk in (right, wrong):
            desk.open()
        for desk in (right, wrong):
            room.wait_for(desk, "ready")
        offset = room.seat(wrong)
        assert offset is not None
        assert offset.clock_offset_ms == pytest.approx(TWO_HOURS_MS, abs=60_000)
        clock = next(check for check in offset.checks if check.name == "clock")
        assert clock.text.startswith("The clock of this computer is 2 h")
        wrong.page.get_by_text("Times in the data are corrected.").wait_for()
        wrong.driver.screenshot(artifacts / "seat-wrong-clock.png")

        assert lab.ask(ProbeSeats(request_id="p")).data == {"pairs": 1, "skipped": {}}
        right.wait_until(lambda: any(pair.state in ("done", "failed") for pair in room.pairs()), "the measurement")
        pair = room.pairs()[-1]
        assert (pair.desks, pair.state, pair.path) == (("PC-01", "PC-02"), "done", "p2p")
        assert pair.rtt_ms is not None

        room.set_stage("running")
        wrong.driver.wait_for_scene("welcome")

        def are_stored() -> bool:
            offsets = [row["clock_offset_ms"] for _, row in telemetry_rows(prepared) if row.get("clock_offset_ms")]
            return {offset > TWO_HOURS_MS / 2 for offset in offsets} == {True, False}

        wrong.wait_until(are_stored, "rows of telemetry of both desks")
        rows = telemetry_rows(prepared)
        offsets = [row["clock_offset_ms"] for _, row in rows if row.get("clock_offset_ms")]
        assert max(offsets) == pytest.approx(TWO_HOURS_MS, abs=60_000)
        for stored, row in rows:
            at = datetime.fromisoformat(row["at"])
            assert at.astimezone(UTC) <= stored + timedelta(minutes=1), "the clock is two hours ahead"
            assert stored - at < timedelta(minutes=10)


def test_that_a_desk_that_needs_a_click_for_fullscreen_says_so_until_somebody_clicks(
    browser: BrowserDriver, prepared: ServerDriver
) -> None:
    with (
        browser.participant(prepared.port, screen={"width": 1920, "height": 1080}) as driver,
        LabDriver(prepared) as lab,
    ):
        desk, room = Desk("PC-03", driver), Room(lab)
        # This Chromium fills the screen without a click; those of a lab do not.
        driver.context.add_init_script(
            """(() => {
                const real = Element.prototype.requestFullscreen;
                let clicked = false;
                addEventListener("click", () => { clicked = true; }, true);
                Element.prototype.requestFullscreen = function () {
                    return clicked ? real.call(this) : Promise.reject(new TypeError("needs a gesture"));
                };
            })()"""
        )
        desk.open()
        desk.page.locator(".seat-name").wait_for()
        desk.wait_until(lambda: room.seat(desk) is not None, "the server knows the desk")
        room.ask("fullscreen", desk, "needs a click at the desk")
        desk.page.locator('[data-mug="seat-fullscreen"]').click()
        desk.wait_until(lambda: (seat := room.seat(desk)) is not None and seat.asked_state == "done", "fullscreen")
        assert desk.page.evaluate("() => document.fullscreenElement !== null")


@pytest.mark.long
def test_that_desks_outlive_the_server_and_sessions_and_never_begin_in_the_next_one_by_themselves(
    browser: BrowserDriver, prepared: ServerDriver
) -> None:
    with browser.participant(prepared.port) as one, browser.participant(prepared.port) as other:
        waiting, finishing = Desk("PC-01", one), Desk("PC-02", other)
        with LabDriver(prepared) as lab:
            room = Room(lab)
            finishing.open()
            room.wait_for(finishing, "ready")
            room.set_stage("running")
            play_to_the_end(finishing)
            room.set_stage("prepared")
            waiting.open()
            room.wait_for(waiting, "ready")
        loads = waiting.python_loads
        prepared.kill()
        prepared.start()
        with LabDriver(prepared) as lab:
            room = Room(lab)
            room.wait_for(waiting, "ready")
            room.wait_for(finishing, "finished")
            assert "/seat/" not in finishing.path(), "the last page of the same session stays"
            first_session = lab.snapshot.session.session_id
            assert lab.ask(EndSession(request_id="e", reason="done")).error == ""
        prepared.interrupt()
        prepared.start("--new-session", "--stage", "prepared")
        with LabDriver(prepared) as lab:
            room = Room(lab)
            assert lab.snapshot.session.session_id != first_session
            room.wait_for(waiting, "ready")
            room.wait_for(finishing, "ready")
            assert finishing.path() == "/seat/PC-02"
            assert lab.snapshot.participants == ()
            room.set_stage("running")
            for desk in (waiting, finishing):
                room.wait_for(desk, "taking_part")
        assert waiting.python_loads == loads, "Python was loaded again although it was the same"
        assert one.page_errors == other.page_errors == []


def exclude_at(desk: Desk, room: Room) -> str:
    """Somebody begins at a desk and is excluded; returns who."""
    desk.open()
    room.wait_for(desk, "ready")
    room.set_stage("running")
    who = room.wait_for(desk, "taking_part").participant_id
    assert who is not None
    desk.driver.wait_for_scene("welcome")
    act = Act(request_id="x", action="exclude", participants=(who,), reason="asleep", text="Please stop here.")
    assert room.lab.ask(act).error == ""
    desk.driver.wait_for_phase("excluded")
    room.wait_for(desk, "finished")
    return who


@pytest.mark.long
def test_that_a_desk_whose_participant_was_excluded_comes_home_and_takes_the_next(
    browser: BrowserDriver, prepared: ServerDriver
) -> None:
    with browser.participant(prepared.port) as driver:
        desk = Desk("PC-01", driver)
        with LabDriver(prepared) as lab:
            who = exclude_at(desk, Room(lab))
        prepared.kill()
        prepared.start()
        with LabDriver(prepared) as lab:
            room = Room(lab)
            room.wait_for(desk, "finished")  # over a restart, the last page stays, and can be called home
            assert driver.phase() == "excluded"
            room.ask("home", desk)
            room.wait_for(desk, "ready")
            room.ask("begin", desk)
            assert room.wait_for(desk, "taking_part").participant_id != who
