"""How good the data of a session are, from its records."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mug.records import facts as f
from mug.records.quality import session_quality
from mug.records.quality_figures import SessionQuality
from mug.records.withdrawal import withdraw
from tests.drivers.recorded_session import AT, RecordedSession
from tests.drivers.withdrawn_session import columns, record_pair


def test_that_a_faultless_session_is_good(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    quality = session_quality(path, "s1")
    [together, alone] = quality.matches
    assert (together.verdict, together.reasons, together.frames, together.participants) == (
        "good",
        [],
        70,
        ("ann", "bob"),
    )
    assert (alone.frames, alone.episodes) == (5, 1)
    assert (quality.participants, quality.complete, quality.errors) == (2, 2, 1)
    assert (quality.verdict, quality.reasons) == ("look", ["1 error reported by participants' pages."])
    assert quality.ping_median_ms == 12.5
    assert SessionQuality.from_data(quality.as_data()) == quality


def test_that_every_fault_is_counted_and_said(tmp_path: Path) -> None:
    with RecordedSession(tmp_path) as session:
        visits = session.together("m1", {"A": "ann", "B": "bob"})
        session.track("ann", "m1", 0, columns(90), lost=(1,))
        session.track("bob", "m1", 0, columns(90), lost=(1,))
        session.track("ann", "m1", 1, columns(30))
        session.track("bob", "m1", 1, columns(30) | {"rewards.B": [0.5] * 30})
        for second in range(20):
            network = {"table": "network", "match_id": "m1", "agent": "A", "partner": "B", "resimulated": 3}
            other = {"table": "network", "match_id": "m1", "agent": "A", "partner": "C", "resimulated": 3}
            pulse = {"rtt_ms": 100.0 + 20 * second, "focused": second % 2 == 0, "visible": True}
            rows = [network | {"stalled_ms": 200.0}, other | {"stalled_ms": 200.0}, pulse, {"rtt_ms": "?"}]
            session.lines("ann", visits["ann"], "telemetry", *rows)
        session.lines("bob", visits["bob"], "event", {"name": "match_desync", "match_id": "m1", "episode": 0})
        session.add(
            f.PlayerDropped(at=AT, match_id="m1", agent="B", participant_id="bob", policy="end"),
            f.MatchEnded(at=AT, match_id="m1", outcome="partner_left", reason="bob was lost"),
            f.ParticipantFinished(at=AT, participant_id="bob", outcome="excluded", reason="ping"),
        )
        session.add(f.SessionEnded(at=AT, reason="over"))
    quality = session_quality(session.path, "s1")
    [match] = quality.matches
    assert (match.missing_frames, match.disagreeing, match.desyncs, match.dropouts, match.exclusions) == (
        30,
        1,
        1,
        1,
        1,
    )
    assert match.unfocused_share == pytest.approx(0.5)
    assert match.stall_share == pytest.approx(0.2)
    assert match.rollback_share == pytest.approx(60 / (2 * 90 + 60))
    assert (match.ping_median_ms, match.ping_p95_ms) == (290.0, 461.0)
    assert match.verdict == "bad"
    said = " ".join(match.reasons)
    for words in (
        "30 frames recorded by nobody",
        "1 episode with",
        "50% of the seconds",
        "20% of the time",
        "bob was lost",
    ):
        assert words in said
    assert (quality.dropouts, quality.exclusions) == (1, 1)
    assert "1 match is bad." in quality.reasons


def test_that_programs_get_the_quality_of_every_session_as_json_lines(tmp_path: Path) -> None:
    record_pair(tmp_path)
    with RecordedSession(tmp_path, "s2"):
        pass
    command = [sys.executable, "-m", "mug", "records", "quality", "--data", str(tmp_path), "--experiment", "exp"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [SessionQuality.from_data(json.loads(line)) for line in done.stdout.splitlines()]
    assert [one.session_id for one in told] == ["s1", "s2"]
    wrong = subprocess.run([*command, "--session", "s3"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "s1, s2" in wrong.stderr


def test_that_quality_can_be_told_after_a_withdrawal_and_of_an_empty_session(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    withdraw(path, "s1", "ann", "removed")
    quality = session_quality(path, "s1")
    assert (quality.withdrawn, quality.frames, quality.disagreeing) == (1, 70, 0)
    with RecordedSession(tmp_path, "s2"):
        pass
    empty = session_quality(path, "s2")
    assert (empty.verdict, empty.participants, empty.is_open, empty.ping_median_ms) == ("good", 0, True, None)
