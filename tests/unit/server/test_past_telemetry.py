"""The plots' past is read back from the records: bounded, on the server's clock, whatever pages stored."""

import hashlib
import json
from pathlib import Path
from typing import Any

from mug.engine.clock import iso
from mug.records import RecordWriter
from mug.records import facts as f
from mug.server.past_telemetry import read_past_telemetry, refill_telemetry
from tests.drivers.waiting import until

NOW = 1_700_000_000_000.0


def row(at_ms: float, rtt: float | None) -> dict[str, Any]:
    return {"at": iso(at_ms), "at_ms": 5.0, "rtt_ms": rtt, "focused": True, "visible": False, "frame_rate_hz": 60}


def records(path: Path, chunks: list[tuple[str, str, float, bytes]]) -> Path:
    writer = RecordWriter.open(path)
    writer.append([f.SessionOpened(at=iso(NOW - 10**8), session_id="s1", experiment_id="e", study_hash="h", seed=1)])
    for seq, (who, stream, at_ms, body) in enumerate(chunks):
        sha256 = hashlib.sha256(body).hexdigest()
        stored = f.ChunkStored(
            at=iso(at_ms), participant_id=who, visit_id="v", stream=stream, seq=seq, sha256=sha256, size=len(body)
        )
        writer.append([stored], {sha256: body})
    writer.close()
    return path


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(said).encode() + b"\n" for said in rows)


def test_that_the_last_two_hours_come_back_on_the_servers_clock(tmp_path: Path) -> None:
    skew = 50_000.0  # bob's computer is that far ahead
    hour = 3_600_000.0
    path = records(
        tmp_path / "records.sqlite",
        [
            ("ann", "telemetry", NOW - 3 * hour, lines(row(NOW - 3 * hour, 1.0))),
            ("ann", "telemetry", NOW - hour, lines(row(NOW - hour - 2000, 2.0), row(NOW - hour - 1000, None))),
            ("bob", "telemetry", NOW - 4000, lines(row(NOW - 5000 + skew, 3.0))),
            ("bob", "telemetry", NOW - 1000, lines(row(NOW - 9000 + skew, 4.0))),  # waited in the outbox
            ("ann", "event", NOW - 1000, lines({"name": "focus", "at": iso(NOW - 1000)})),
            ("ann", "telemetry", NOW - 500, b'not json\n{"at": "never"}\n[1]\n'),
        ],
    )
    points = read_past_telemetry(path, "s1", NOW)
    assert [(p.participant_id, p.rtt_ms, round(NOW - p.at_ms)) for p in points] == [
        ("ann", 2.0, 3_601_000),
        ("ann", None, 3_600_000),
        ("bob", 4.0, 8_000),
        ("bob", 3.0, 4_000),
    ]
    assert {(p.focused, p.visible, p.frame_rate_hz) for p in points} == {(True, False, 60.0)}


def test_that_rows_about_pairs_and_ticks_are_no_points(tmp_path: Path) -> None:
    other = {**row(NOW - 1000, 99.0), "table": "network", "partner": "b"}
    path = records(tmp_path / "records.sqlite", [("ann", "telemetry", NOW, lines(other, row(NOW - 500, 1.0), other))])
    assert [point.rtt_ms for point in read_past_telemetry(path, "s1", NOW)] == [1.0]


def test_that_reading_is_bounded_and_the_newest_come_first(tmp_path: Path) -> None:
    chunks = [("ann", "telemetry", NOW - 1000 * n, lines(row(NOW - 1000 * n, float(n)))) for n in range(50, 0, -1)]
    path = records(tmp_path / "records.sqlite", chunks)
    assert [p.rtt_ms for p in read_past_telemetry(path, "s1", NOW, max_points=3)] == [3.0, 2.0, 1.0]
    assert read_past_telemetry(path, "s1", NOW, max_reading_s=0.0) == ()


def test_that_records_that_cannot_be_read_only_leave_the_plots_empty(tmp_path: Path) -> None:
    given: list[object] = []
    (tmp_path / "records.sqlite").write_bytes(b"no database")
    refill_telemetry(tmp_path / "records.sqlite", "s1", NOW, given.append)
    path = records(tmp_path / "right.sqlite", [("ann", "telemetry", NOW, lines(row(NOW, 1.0)))])
    refill_telemetry(path, "s1", NOW, given.append)
    until(lambda: given, "an answer")
    assert len(given) == 1


def test_that_a_point_carries_what_its_page_told_of_the_match_in_that_second(tmp_path: Path) -> None:
    told = {"match_id": "m1", "rollbacks": 4, "depth_mean": 1.5, "depth_max": 3, "stalled_ms": 20.0}
    pair = {"at": iso(NOW - 1_200), "table": "network", "partner": "b", "rtt_ms": 99.0, **told}
    first = {**row(NOW - 4_000, 1.0), "jitter_ms": 2.0, "lost": 3, "fullscreen": True}
    body = lines(first, pair, {**pair, "partner": "c"}, row(NOW - 1_000, 5.0))
    before, during = read_past_telemetry(records(tmp_path / "r.sqlite", [("ann", "telemetry", NOW, body)]), "s1", NOW)
    assert (before.jitter_ms, before.loss, before.fullscreen, before.match_id) == (2.0, 0.3, True, "")
    assert (during.match_id, during.rollbacks, during.depth_mean, during.depth_max) == ("m1", 4, 1.5, 3)
    assert (during.stalled_ms, during.rtt_ms, during.loss) == (20.0, 5.0, None)
