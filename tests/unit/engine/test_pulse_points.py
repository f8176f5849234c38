"""What the plots of a console get of a pulse, and of the server's health."""

import math

from mug.engine.inputs import ServerMeasured
from mug.protocol.lab import LabBatch, LabSnapshot, TelemetryPoint
from mug.protocol.lab_console import HealthView
from mug.protocol.messages import JoinMatch, Pulse
from mug.protocol.parts import MatchStatus
from tests.unit.engine.engine_driver import Memory, study_for


def points(session: Memory) -> list[TelemetryPoint]:
    session.tick()
    return [point for message in session.lab if isinstance(message, LabBatch) for point in message.telemetry]


def pulse(session: Memory, connection: str, **fields: object) -> TelemetryPoint:
    session.say(connection, Pulse(n=1, client_ms=1.0, **fields))  # type: ignore[arg-type]
    return points(session)[-1]


def in_a_match() -> tuple[Memory, str]:
    session = Memory(study_for(2))
    session.lab_in()
    for who in ("ann", "bob"):
        session.hello(who, who)
        session.finish(who)
    for who in ("ann", "bob"):
        session.say(who, JoinMatch(visit_id=session.scene(who).visit_id))
    return session, next(iter(session.run.state.matches))


def test_that_a_point_has_the_ping_of_its_pulse_and_nothing_of_a_match_without_one() -> None:
    session = Memory()
    session.lab_in()
    session.hello("c", "ann")
    point = pulse(session, "c", rtt_ms=20.0, jitter_ms=3.0, lost=2, fullscreen=True)
    assert (point.rtt_ms, point.jitter_ms, point.loss, point.fullscreen) == (20.0, 3.0, 0.2, True)
    assert (point.match_id, point.rollbacks, point.stalled_ms) == ("", 0, 0.0)


def test_that_a_point_has_the_rollbacks_of_the_match_that_the_page_is_in() -> None:
    session, match_id = in_a_match()
    status = MatchStatus(match_id=match_id, stage="playing", rollbacks=5, depth_mean=1.5, depth_max=4, stalled_ms=30.0)
    point = pulse(session, "ann", match=status)
    assert (point.match_id, point.rollbacks, point.depth_mean) == (match_id, 5, 1.5)
    assert (point.depth_max, point.stalled_ms) == (4, 30.0)


def test_that_a_page_cannot_speak_of_a_match_of_others_or_in_impossible_figures() -> None:
    session, match_id = in_a_match()
    foreign = pulse(session, "ann", match=MatchStatus(match_id="m-of-others", stage="playing", rollbacks=5))
    assert (foreign.match_id, foreign.rollbacks) == ("", 0)
    wrong = MatchStatus(
        match_id=match_id, stage="playing", rollbacks=-1, depth_mean=math.nan, depth_max=10**12, stalled_ms=math.inf
    )
    point = pulse(session, "ann", match=wrong, lost=99)
    assert (point.rollbacks, point.depth_mean, point.depth_max, point.stalled_ms) == (0, 0.0, 0, 0.0)
    assert point.loss == 1.0


def test_that_consoles_get_the_servers_health_with_the_pages_round_trips() -> None:
    session = Memory()
    session.lab_in()
    for number in range(20):
        session.hello(f"c{number}", f"p{number}")
        session.say(f"c{number}", Pulse(n=1, client_ms=1.0, rtt_ms=float(number)))
    session.take(ServerMeasured(HealthView(at_ms=1.0, cpu=0.5)))
    session.tick()
    batch = session.lab[-1]
    assert isinstance(batch, LabBatch)
    assert batch.health == HealthView(at_ms=1.0, cpu=0.5, rtt_p95_ms=18.0)
    session.lab_in("later")
    snapshot = session.lab[-1]
    assert isinstance(snapshot, LabSnapshot)
    assert snapshot.health == batch.health
