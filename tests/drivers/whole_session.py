"""A session in which everything happens that an export tells of, with every kind of identifier in it."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mug.records import facts as f
from mug.study.decoding import encode_study
from mug.study.endings import Endings
from mug.study.model import EndPage, MultipleChoiceForm, StartPage, Study, TextBoxForm, WebRtc
from tests.drivers.recorded_session import AT, RecordedSession

__all__ = ["IDENTIFIERS", "STUDY", "record_whole_session", "study_zip"]

IDENTIFIERS = (
    "anna-lena", "bertram", "5f1e0badc0de", "task-77-recruiter", "sess-88-recruiter", "CODE-ANNA-1", "CODE-BERT-2",
    "CODE-FIXED-9", "https://recruiter.example/return?cc=CODE-ANNA-1", "https://recruiter.example/fixed",
    "turn-user-1", "turn-password-1", "tok-hash-anna", "tok-hash-bert", "tok-hash-new", "tab-anna-1", "PC-07", "PC-08",
    "panel-ref-31", "v-anna-lena-0", "v-bertram-0", "v-anna-lena-1", "match-of-both", "group-of-both", "s-2026-03-01",
    "Mozilla/5.0 anna's laptop", "TypeError: anna broke it", "at anna.py line 3", "console: anna was here", "her score",
    "Tuesday afternoon, room 3",
)  # fmt: skip
"""None of these may be found in an anonymised export. Free texts are another matter."""

STUDY: dict[str, Any] = encode_study(
    Study(
        id="exp",
        title="Two <b>people</b> & a game",
        endings=Endings(complete_code="CODE-FIXED-9", complete_url="https://recruiter.example/fixed"),
        webrtc=WebRtc(turn_username="turn-user-1", turn_credential="turn-password-1"),
        chain=(
            StartPage(scene_id="start", should_export_metadata=True),
            MultipleChoiceForm(
                scene_id="about",
                questions=("Which <i>hand</i>?",),
                choices=("left", "right"),
                question_ids=("hand",),
            ),
            TextBoxForm(scene_id="words", text_box_header="Anything else?"),
            EndPage(scene_id="end"),
        ),
    )
)

PLAN = (("game", "gym_game"), ("about", "multiple_choice"), ("words", "text_box"))
AT_LATER = "2026-03-01T10:05:00.000Z"
AT_END = "2026-03-01T10:30:00.000Z"


def study_zip(*files: tuple[str, str]) -> bytes:
    """Return what pages get for /study."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files or (("game.py", "x = 1\n"),):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def _columns(rows: int) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for agent in ("left", "right"):
        columns |= {
            f"status.{agent}": ["input"] * rows,
            f"actions.{agent}": [number % 3 for number in range(rows)],
            f"rewards.{agent}": [number / 3 for number in range(rows)],
            f"terminated.{agent}": [number == rows - 1 for number in range(rows)],
            f"truncated.{agent}": [False] * rows,
            f"observations.{agent}": [np.full(2, number, np.float32) for number in range(rows)],
        }
    columns["infos.left"] = [{"said": "=1+1", "who": "anna-lena"} for _ in range(rows)]
    columns["state_hash"] = [f"{number:032x}" for number in range(rows)]
    return columns


def record_whole_session(data_dir: Path, *, zip_bytes: bytes | None = None, ended: bool = True) -> Path:
    """Record the session; returns the file of records."""
    body = study_zip() if zip_bytes is None else zip_bytes
    digest = hashlib.sha256(body).hexdigest()
    opened = {
        "label": "Tuesday afternoon, room 3",
        "expected": 2,
        "seats": ("PC-07", "PC-08"),
        "conditions": {"delay": "long"},
        "files": {"game.py": "ab" * 32, "study.toml": "cd" * 32},
        "zip_sha256": digest,
    }
    with RecordedSession(data_dir, "s-2026-03-01", study=STUDY, opened=opened, bodies={digest: body}) as session:
        _people(session)
        _play(session)
        _console(session)
        if ended:
            session.add(f.SessionEnded(at=AT_END, reason="done"))
    return session.path


def _people(session: RecordedSession) -> None:
    session.add(f.ServerStarted(at=AT, pid=1, port=8000))
    for who, seat, code, recruiter in (
        ("anna-lena", "PC-07", "CODE-ANNA-1", {"PROLIFIC_PID": "5f1e0badc0de", "STUDY_ID": "task-77-recruiter"}),
        ("bertram", "PC-08", "CODE-BERT-2", {"SESSION_ID": "sess-88-recruiter"}),
    ):
        visits = tuple(
            f.PlannedVisit(visit_id=f"v-{who}-{index}", scene_id=scene, node_path=(index,), kind=kind)
            for index, (scene, kind) in enumerate(
                (("game", "gym_game"), ("about", "multiple_choice"), ("words", "text_box"))
            )
        )
        session.add(
            f.ParticipantJoined(
                at=AT,
                participant_id=who,
                seed=2**63 + len(who),
                token_sha256=f"tok-hash-{who[:4]}",
                params={"ref": "panel-ref-31"},
                environment={"browser": "chromium", "browser_major": 156, "agent": "Mozilla/5.0 anna's laptop"},
                recruiter=recruiter,
                seat=seat,
            ),
            f.PlanDrawn(at=AT, participant_id=who, visits=visits, completion_code=code),
            f.Connected(at=AT, participant_id=who, tab_id="tab-anna-1" if who == "anna-lena" else "tab-bert-1"),
            f.SeatChecked(
                at=AT, desk=seat, participant_id=who, clock_offset_ms=-3.5, rtt_ms=1.25, frame_rate_hz=60.0,
                checks={"page": "good", "webrtc": "No partner was reached from PC-07."},
            ),
            f.VisitStarted(at=AT, participant_id=who, visit_id=f"v-{who}-0"),
            f.GlobalsSet(at=AT, participant_id=who, values={"name": "her score", "score": 3}),
        )  # fmt: skip
    session.add(
        f.SeatsProbed(at=AT, desks=("PC-07", "PC-08"), rtt_ms=0.75, path="p2p"),
        f.TokenRenewed(at=AT, participant_id="bertram", token_sha256="tok-hash-new"),
    )


def _play(session: RecordedSession) -> None:
    session.add(
        f.MatchFormed(
            at=AT,
            match_id="match-of-both",
            visit_id="v-anna-lena-0",
            scene_id="game",
            seed=3,
            agents={"left": "anna-lena", "right": "bertram", "third": "policy:random"},
            visits={"anna-lena": "v-anna-lena-0", "bertram": "v-bertram-0"},
            settings={"players": ["left", "right"]},
            group_id="group-of-both",
        )
    )
    columns = _columns(40)
    for who in ("anna-lena", "bertram"):
        chain = session.track(who, "match-of-both", 0, columns)
        visit = f"v-{who}-0"
        common = {"at": AT_LATER, "at_ms": 5.5, "match_id": "match-of-both", "episode": 0}
        session.lines(
            who, visit, "event",
            common | {"name": "episode_started", "seed": 11, "reset_observations": {"left": [0.0, 0.0]}},
            common | {"name": "episode_ended", "frames": 40, "end": "terminated", "chain_hash": chain},
            {"name": "error", "at": AT_LATER, "at_ms": 9, "kind": "script", "message": "TypeError: anna broke it"},
        )  # fmt: skip
        session.lines(
            who, visit, "telemetry",
            {"at": AT_LATER, "at_ms": 1000, "rtt_ms": 3.5, "lost": 0, "focused": True, "visible": True},
            {"table": "network", "at": AT_LATER, "at_ms": 1000, "match_id": "match-of-both", "agent": "left",
             "partner": "right", "episode": 0, "frame": 30, "path": "p2p", "rtt_ms": 1.5, "rollbacks": 2},
            {"table": "ticks", "match_id": "match-of-both", "agent": "left", "episode": 0, "first": 0,
             "predicted": [True, False], "depth": [1, 0], "stalled": [False, False], "tick_ms": [1.0, 2.0],
             "interval_ms": [33.0, 33.5]},
        )  # fmt: skip
    session.add(
        f.MatchEnded(at=AT_LATER, match_id="match-of-both", outcome="completed"),
        f.MatchFlagged(at=AT_LATER, match_id="match-of-both", flag="returned", detail="anna-lena came back"),
        f.ErrorReported(
            at=AT_LATER, participant_id="anna-lena", kind="script", message="TypeError: anna broke it",
            traceback="at anna.py line 3", console=("console: anna was here",), visit_id="v-anna-lena-0",
        ),
    )  # fmt: skip
    for who in ("anna-lena", "bertram"):
        session.add(
            f.VisitFinished(at=AT_LATER, participant_id=who, visit_id=f"v-{who}-0", outcome="completed"),
            f.VisitStarted(at=AT_LATER, participant_id=who, visit_id=f"v-{who}-1"),
        )
        about = {"at": AT_LATER, "at_ms": 2000, "submission": 1}
        hand = {"question_id": "hand", "answer": "left" if who == "bertram" else "right"}
        session.lines(who, f"v-{who}-1", "form", about | hand)
        session.add(
            f.VisitFinished(at=AT_LATER, participant_id=who, visit_id=f"v-{who}-1", outcome="completed"),
            f.VisitStarted(at=AT_LATER, participant_id=who, visit_id=f"v-{who}-2"),
        )
        words = {"question_id": "text", "answer": f"=1+1, I am {who.upper()} <script>alert(1)</script>"}
        session.lines(who, f"v-{who}-2", "form", about | words)


def _console(session: RecordedSession) -> None:
    def at(minute: int) -> str:
        return f"2026-03-01T10:{minute:02d}:00.000Z"

    both = ("anna-lena", "bertram")
    session.add(
        f.StageSet(at=at(10), stage="paused", reason="fire alarm"),
        f.StageSet(at=at(12), stage="running"),
        f.ActionTaken(
            at=at(13), action_id="a-1", action="message", participants=both, text="Please wait, Anna <i>",
            reason="the printer", skipped={"bertram": "he had finished"},
        ),
        f.ActionAcknowledged(at=at(13), action_id="a-1", participant_id="anna-lena", state="shown"),
        f.ActionAcknowledged(at=at(14), action_id="a-1", participant_id="anna-lena", state="read"),
        f.ActionTaken(at=at(15), action_id="a-2", action="pause", participants=("anna-lena",), reason="a question"),
        f.ActionTaken(at=at(16), action_id="a-3", action="resume", participants=("anna-lena",)),
        f.HandRaised(at=at(17), participant_id="bertram", hand_id="h-1", text="my mouse is broken"),
        f.ActionTaken(
            at=at(18), action_id="a-4", action="message", participants=("bertram",), text="coming", hand_id="h-1"
        ),
        f.HandLowered(at=at(18), participant_id="bertram", hand_id="h-1", by="experimenter"),
        f.NoteAdded(at=at(19), note_id="n-1", text="bertram coughs", participant_id="bertram"),
        f.NoteAdded(at=at(19), note_id="n-2", text="it is hot"),
        f.VisitRepeated(
            at=at(20),
            participant_id="bertram",
            after_visit_id="v-bertram-2",
            visit=f.PlannedVisit(visit_id="v-bertram-again", scene_id="game", node_path=(0,), kind="gym_game"),
        ),
        f.VisitFinished(at=at(20), participant_id="bertram", visit_id="v-bertram-2", outcome="sent_back"),
        f.VisitStarted(at=at(20), participant_id="bertram", visit_id="v-bertram-again"),
        f.VisitFinished(at=at(21), participant_id="anna-lena", visit_id="v-anna-lena-2", outcome="completed"),
        f.ParticipantFinished(
            at=at(21), participant_id="anna-lena", outcome="complete", completion_code="CODE-ANNA-1",
            redirect_url="https://recruiter.example/return?cc=CODE-ANNA-1", pay="full",
        ),
        f.ActionTaken(
            at=at(22), action_id="a-5", action="exclude", participants=("bertram",), reason="slept", pay="partial",
            outcome="excluded", affected={"anna-lena": "her partner leaves"},
        ),
        f.VisitFinished(at=at(22), participant_id="bertram", visit_id="v-bertram-again", outcome="excluded"),
        f.ParticipantFinished(
            at=at(22), participant_id="bertram", outcome="excluded", reason="experimenter",
            completion_code="CODE-BERT-2",
        ),
    )  # fmt: skip
