"""The answers of a page without a browser to the measuring of its connections."""

from mug.protocol.messages import ProbeDone, ProbePartners
from tests.drivers.server_driver import ParticipantClient

__all__ = ["answer_probe"]


def answer_probe(person: ParticipantClient, rtt_ms: float | None, *, after: int = 0) -> ProbePartners:
    """Wait until a page is asked to measure, and tell the same round trip to everybody; None: no way was found.

    Args:
        person: Whose page it is.
        rtt_ms: What it tells.
        after: The number of received messages before which nothing counts.
    """
    probe = person.wait_for(ProbePartners, after=after)
    for slot in probe.slots:
        if slot != probe.own:
            path, pings = ("p2p", probe.pings) if rtt_ms is not None else ("", 0)
            person.send(ProbeDone(probe_id=probe.probe_id, to=slot, rtt_ms=rtt_ms, path=path, pings=pings))
    return probe
