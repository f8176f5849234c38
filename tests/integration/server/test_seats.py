"""Desks at a real server: pages without a browser warm up, begin, measure each other, and are seen by a console."""

import uuid
from pathlib import Path

from mug.protocol.lab import LabBatch
from mug.protocol.lab_console import AskSeats, HealthView, ProbeSeats, SeatPairView, SeatView, SetStage
from mug.protocol.messages import (
    PROTOCOL_VERSION,
    Hello,
    ProbeDone,
    ProbePartners,
    PulseEcho,
    RelayedPacket,
    RelayPacket,
    SendSignal,
    ShowScene,
    SignalFrom,
)
from mug.protocol.parts import ClientEnvironment
from mug.protocol.seats import (
    SEAT_CHECKS,
    SeatAsked,
    SeatCheck,
    SeatDone,
    SeatHello,
    SeatRefused,
    SeatReport,
    SeatWelcome,
)
from mug.records import RecordReader, records_path
from mug.records import facts as f
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver

GOOD = tuple(SeatCheck(name=name, state="good") for name in SEAT_CHECKS)


class DeskClient(ParticipantClient):
    """A desk's page without a browser."""

    def __init__(self, server: ServerDriver, desk: str) -> None:
        super().__init__(server, tab_id=uuid.uuid4().hex)
        self.desk = desk

    def come_home(self) -> "DeskClient":
        self.connect(hello=False)
        environment = ClientEnvironment(browser="chrome", browser_major=140)
        build = self.server.build()
        hello = SeatHello(
            protocol=PROTOCOL_VERSION, build=build, tab_id=self.tab_id, desk=self.desk, environment=environment
        )
        self.send(hello)
        return self

    def report(self, *checks: SeatCheck) -> None:
        self.send(SeatReport(n=len(self.received), client_ms=7.0, checks=checks or GOOD, clock_offset_ms=3_600_000.0))

    def begin(self) -> ShowScene:
        """Do as the server asks: take part, on this connection."""
        asked = self.wait_for(SeatAsked)
        assert asked.what == "begin"
        self.send(SeatDone(action_id=asked.action_id))
        hello = Hello(protocol=PROTOCOL_VERSION, build=self.server.build(), tab_id=self.tab_id, seat=self.desk)
        self.send(hello)
        return self.wait_for(ShowScene)


def seen(lab: LabDriver, desk: str, state: str) -> SeatView:
    """Wait until the console sees a desk in a state."""
    found: list[SeatView] = []

    def is_there(batch: LabBatch) -> bool:
        found[:] = [view for view in batch.seats if (view.desk, view.state) == (desk, state)] or found
        return bool(found)

    lab.wait_for(LabBatch, is_there)
    return found[-1]


def test_that_the_address_of_a_desk_is_the_page_and_other_names_are_refused_in_words(shared: ServerDriver) -> None:
    status, _, body = shared.get("/seat/PC-07")
    assert (status, body) == (200, shared.get("/")[2])
    status, _, body = shared.get("/seat/a%20b")
    assert status == 404
    assert b"not the address of a desk" in body
    with DeskClient(shared, "..") as wrong:
        wrong.come_home()
        assert wrong.wait_for(SeatRefused).reason == "bad_desk"


def test_that_a_desk_warms_up_begins_by_itself_and_is_seen_and_recorded(pages: Path, tmp_path: Path) -> None:
    with (
        ServerDriver(pages, tmp_path / "data") as server,
        LabDriver(server) as lab,
        DeskClient(server, "PC-07") as desk,
    ):
        desk.come_home()
        welcome = desk.wait_for(SeatWelcome)
        assert (welcome.desk, welcome.title, welcome.runtime) == ("PC-07", "A study of pages", None)
        desk.report(SeatCheck(name="page", state="good"))
        assert desk.wait_for(PulseEcho).client_ms == 7.0
        seen(lab, "PC-07", "warming")
        with DeskClient(server, "PC-07") as second:
            second.come_home()
            assert second.wait_for(SeatRefused).reason == "taken"
        desk.report()
        desk.begin()
        view = seen(lab, "PC-07", "taking_part")
        assert (view.browser, view.clock_offset_ms) == ("chrome 140", 3_600_000.0)
        assert lab.ask(AskSeats(request_id="h", what="home")).data["skipped"] == {
            "PC-07": "somebody takes part there, and would be interrupted"
        }
        lab.ask(AskSeats(request_id="i", what="identify", desks=("PC-07",)))
        asked = desk.wait_for(SeatAsked, after=len(desk.received) - 1)
        desk.send(SeatDone(action_id=asked.action_id))
        lab.wait_for(LabBatch, lambda batch: any((s.asked, s.asked_state) == ("identify", "done") for s in batch.seats))
        desk.drop()
        seen(lab, "PC-07", "lost")
        with RecordReader(records_path(server.data_dir, "pages", False)) as reader:
            facts = reader.facts(welcome.session_id, ("participant_joined", "seat_checked"))
            joined, checked = list(facts)
    assert isinstance(joined, f.ParticipantJoined)
    assert isinstance(checked, f.SeatChecked)
    assert (joined.seat, checked.desk, checked.participant_id) == ("PC-07", "PC-07", view.participant_id)


def test_that_desks_that_wait_measure_each_other_by_the_servers_routes(pages: Path, tmp_path: Path) -> None:
    with (
        ServerDriver(pages, tmp_path / "data", "--stage", "prepared") as server,
        LabDriver(server) as lab,
        DeskClient(server, "A") as one,
        DeskClient(server, "B") as other,
    ):
        for desk in (one, other):
            desk.come_home()
            desk.report()
            seen(lab, desk.desk, "ready")
        assert lab.ask(ProbeSeats(request_id="p")).data == {"pairs": 1, "skipped": {}}
        probe = one.wait_for(ProbePartners)
        assert other.wait_for(ProbePartners).probe_id == probe.probe_id
        one.send(SendSignal(match_id=probe.probe_id, to="1", data={"candidate": None}))
        assert other.wait_for(SignalFrom).data == {"candidate": None}
        other.send(RelayPacket(match_id=probe.probe_id, to="0", channel="game", body=b"\1\0"))
        assert one.wait_for(RelayedPacket).body == b"\1\0"
        one.send(ProbeDone(probe_id=probe.probe_id, to="1", rtt_ms=2.5, path="relay", pings=5))
        other.send(ProbeDone(probe_id=probe.probe_id, to="0", rtt_ms=3.5, path="relay", pings=5))
        found: list[SeatPairView] = []
        lab.wait_for(
            LabBatch, lambda batch: bool(found.extend(v for v in batch.seat_pairs if v.state == "done") or found)
        )
        assert (found[0].desks, found[0].rtt_ms, found[0].path) == (("A", "B"), 3.5, "relay")
        assert lab.ask(SetStage(request_id="s", stage="running")).error == ""
        assert one.begin()
        assert other.begin()


def test_that_a_console_sees_how_the_server_is(shared: ServerDriver) -> None:
    with LabDriver(shared) as lab, ParticipantClient(shared) as person:
        person.enter()
        person.pulse(rtt_ms=12.0)
        health: list[HealthView] = []

        def is_measured(batch: LabBatch) -> bool:
            health[:] = [batch.health] if batch.health is not None else health
            return batch.health is not None and batch.health.rtt_p95_ms is not None

        lab.wait_for(LabBatch, is_measured)
    assert health[0].rtt_p95_ms == 12.0
    assert health[0].pages >= 1
    assert health[0].memory_bytes > 1_000_000
    assert health[0].disk_free_bytes > 0
