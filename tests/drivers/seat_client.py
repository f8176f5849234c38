"""A desk's page without a browser: it says how it is once a second, does what it is asked, and measures."""

import contextlib
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import socketio
from typing_extensions import override

from mug.protocol.messages import PROTOCOL_VERSION, ProbeDone, ProbePartners
from mug.protocol.parts import ClientEnvironment
from mug.protocol.seats import SEAT_CHECKS, SeatAsked, SeatCheck, SeatDone, SeatHello, SeatReport, SeatWelcome
from tests.drivers.server_driver import ParticipantClient, ServerDriver

__all__ = ["SeatClient"]

_EVERY_S = 0.5


class SeatClient(ParticipantClient):
    """A page at ``/seat/<desk>``.

    Attributes:
        desk: Its name.
        asked: What was asked of it, in that order.
        answers: What it says to what it is asked: a word why not, or nothing; what is not there is done.
        rtt_ms: What it measures to any partner, and the path; None: no way was found.
    """

    def __init__(self, server: ServerDriver, desk: str, *, answers: Mapping[str, str] | None = None) -> None:
        super().__init__(server)
        self.desk = desk
        self.asked: list[str] = []
        self.answers = dict(answers or {})
        self.rtt_ms: float | None = 1.5
        self.path = "p2p"
        self._report: dict[str, Any] = {}
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def come(self, **report: Any) -> Self:
        """Connect, be welcomed, and report from then on; `report` as in `say`."""
        self.connect(hello=False)
        self.send(
            SeatHello(
                protocol=PROTOCOL_VERSION,
                build=self.server.build(),
                tab_id=self.tab_id,
                desk=self.desk,
                environment=ClientEnvironment(browser="Chromium", browser_major=156),
            )
        )
        self.wait_for(SeatWelcome)
        self.say(**report)
        self._thread = threading.Thread(target=self._go_on, name=f"seat {self.desk}", daemon=True)
        self._thread.start()
        return self

    def say(self, bad: Mapping[str, str] | None = None, **fields: Any) -> None:
        """Report at once, and so from then on.

        Args:
            bad: The checks that are bad, each with its words; the others are good.
            fields: Of SeatReport.
        """
        wrong = bad or {}
        checks = tuple(
            SeatCheck(name=name, state="bad" if name in wrong else "good", text=wrong.get(name, ""))
            for name in SEAT_CHECKS
        )
        self._report = {"rtt_ms": 2.0, "clock_offset_ms": 3.0, "frame_rate_hz": 60.0, "checks": checks, **fields}
        self._send_report()

    def _send_report(self) -> None:
        self.send(SeatReport(n=len(self.received), client_ms=time.time() * 1000, **self._report))

    def _go_on(self) -> None:
        with contextlib.suppress(socketio.exceptions.SocketIOError):  # the server may go away at any time
            self._work()

    def _work(self) -> None:
        seen, last = 0, time.monotonic()
        while not self._ends.wait(0.02) and self.connected:
            received = self.received[seen:]
            seen += len(received)
            for message in received:
                if isinstance(message, SeatAsked):
                    self.asked.append(message.what)
                    self.send(SeatDone(action_id=message.action_id, error=self.answers.get(message.what, "")))
                elif isinstance(message, ProbePartners):
                    self._measure(message)
            if time.monotonic() - last > _EVERY_S:
                last = time.monotonic()
                self._send_report()

    def _measure(self, probe: ProbePartners) -> None:
        path, pings = (self.path, probe.pings) if self.rtt_ms is not None else ("", 0)
        for slot in probe.slots:
            if slot != probe.own:
                done = ProbeDone(probe_id=probe.probe_id, to=slot, rtt_ms=self.rtt_ms, path=path, pings=pings)
                self.send(done)

    def go_silent(self) -> None:
        """Say nothing more, though the connection stands."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    @override
    def drop(self) -> None:
        self.go_silent()
        super().drop()

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_silent()
        super().__exit__(kind, value, trace)
