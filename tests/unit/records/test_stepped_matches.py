"""Records of games that the server stepped: exported once, verified, and without a participant who withdraws."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mug.data import read_export
from mug.play.chunks import EMPTY_CHAIN, decode_chunk, encode_chunk
from mug.records import facts as f
from mug.records.export import export_session
from mug.records.quality import session_quality
from mug.records.verify import verify
from mug.records.withdrawal import How, withdraw
from tests.drivers.recorded_session import AT, RecordedSession

ROWS = 50
AGENTS = {"north": "ann", "east": "bob"}


def columns() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for number, agent in enumerate(AGENTS):
        found |= {
            f"actions.{agent}": [(frame + number) % 3 for frame in range(ROWS)],
            f"rewards.{agent}": [0.5 * number] * ROWS,
            f"observations.{agent}": [[frame / 10, number] for frame in range(ROWS)],
            f"status.{agent}": ["input"] * ROWS,
        }
    return found


def record(data_dir: Path) -> Path:
    """Two play one episode that the server steps; its rows and events stand in the first player's visit."""
    with RecordedSession(data_dir) as session:
        visits = session.together(
            "m1", AGENTS, settings={"mode": "server_authoritative", "dropout_policy": "end", "mug_globals": {}}
        )
        by_server = {"by": "server", "match_id": "m1"}
        start = {"name": "episode_started", "at": AT, "at_ms": 0.0, "match_id": "m1", "episode": 0, "seed": "7"}
        session.chunk("ann", visits["ann"], "event", line(start), by_server)
        session.lines("ann", visits["ann"], "event", {"name": "button", "at": AT, "at_ms": 1.0, "text": "ann's own"})
        chain = EMPTY_CHAIN
        for first in range(0, ROWS, 30):
            end = min(first + 30, ROWS)
            body = encode_chunk(
                match_id="m1",
                episode=0,
                first=first,
                columns={"frame": list(range(first, end)), **{k: v[first:end] for k, v in columns().items()}},
                previous_chain_hash=chain,
            )
            chunk = decode_chunk(body)
            chain = chunk.chain_hash
            session.chunk("ann", visits["ann"], "frames", body, chunk.meta | by_server)
        ended = {"name": "episode_ended", "at": AT, "at_ms": 9.0, "match_id": "m1", "episode": 0, "frames": ROWS}
        ended |= {"end": "max_steps", "chain_hash": chain, "final_observations": {"north": [1.0], "east": [2.0]}}
        session.chunk("ann", visits["ann"], "event", line(ended), by_server)
        session.add(f.MatchEnded(at=AT, match_id="m1", outcome="completed"))
        for who, visit in visits.items():
            counts = {"event": 1} if who == "ann" else {}
            session.add(
                f.VisitFinished(at=AT, participant_id=who, visit_id=visit, outcome="completed", counts=counts),
                f.ParticipantFinished(at=AT, participant_id=who, outcome="complete"),
            )
        session.add(f.SessionEnded(at=AT, reason="done"))
        return session.path


def line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def tables_of(path: Path, out: Path) -> dict[str, pd.DataFrame]:
    result = export_session(path, "s1", out)
    assert result.problems == ()
    return read_export(out)


def test_that_the_rows_are_exported_once_and_the_export_says_who_recorded_them(tmp_path: Path) -> None:
    path = record(tmp_path)
    assert verify(path).problems == []
    tables = tables_of(path, tmp_path / "out")
    assert list(tables["frames"]["frame"]) == list(range(ROWS))
    (episode,) = tables["episodes"].to_dict("records")
    assert (episode["agreement"], episode["recorders"], episode["complete"]) == ("server", 0, True)
    (match,) = tables["matches"].to_dict("records")
    assert (match["mode"], match["recorders"], match["players"]) == ("server_authoritative", 0, 2)
    assert pd.isna(match["input_delay"])
    assert pd.isna(match["compared"])
    page = (tmp_path / "out" / "documentation" / "session.html").read_text(encoding="utf-8")
    assert "recorded by the server" in page
    assert session_quality(path, "s1").matches[0].frames == ROWS


@pytest.mark.parametrize("who", ["ann", "bob"])
@pytest.mark.parametrize("how", ["removed", "anonymised"])
def test_that_the_partner_keeps_the_match_whoever_withdraws(tmp_path: Path, who: str, how: How) -> None:
    path = record(tmp_path)
    done = withdraw(path, "s1", who, how, reason="asked")
    assert verify(path).problems == []
    tables = tables_of(path, tmp_path / "out")
    frames = tables["frames"]
    gone = next(agent for agent, name in AGENTS.items() if name == who)
    other = next(agent for agent in AGENTS if agent != gone)
    assert len(frames) == ROWS
    assert list(frames[f"actions.{other}"]) == columns()[f"actions.{other}"]
    (episode,) = tables["episodes"].to_dict("records")
    assert (episode["agreement"], episode["complete"], episode["end"]) == ("server", True, "max_steps")
    if how == "removed":
        assert set(frames[f"status.{gone}"]) == {"withdrawn"}
        assert frames[f"actions.{gone}"].isna().all()
        raw = b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
        assert (b"ann's own" in raw) == (who == "bob")
        assert done.matches == ("m1",)
    else:
        assert list(frames[f"actions.{gone}"]) == columns()[f"actions.{gone}"]
