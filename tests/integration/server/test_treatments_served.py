"""Treatments with a real server: people come, drop out, come back over a power cut; the export draws it all again."""

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from mug.protocol.lab import LabBatch, LabSnapshot, Unblind
from mug.protocol.messages import Closed, PageContent
from mug.study.allocation import draw_arm
from tests.drivers.export_checks import export_session, verify_folder, verify_records
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver

STUDY = """\
format = 1
id = "words"

[treatments]
blind = true

[treatments.arms.kindly]
weight = 2

[treatments.arms.kindly.changes.words]
scene_body_filepath = "kind.html"

[treatments.arms.bluntly]
title = "Blunt words"

[treatments.arms.bluntly.changes.words]
scene_body = "<p>Do it.</p>"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "static_page"
scene_id = "words"
scene_header = "Words"

[[chain]]
kind = "completion_code_page"
scene_id = "thanks"
scene_header = "Thanks"
"""
WEIGHTS = {"kindly": 2, "bluntly": 1}
BODIES = {"<p>Please do it.</p>": "kindly", "<p>Do it.</p>": "bluntly"}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "kind.html").write_text("<p>Please do it.</p>", encoding="utf-8")
    return folder


def told(server: ServerDriver) -> bytes:
    """Everything that a console is told of what happened so far."""
    with LabDriver(server) as lab:
        return msgspec.json.encode(lab.snapshot)


def test_that_twelve_people_are_allocated_over_dropouts_and_a_power_cut_and_the_export_draws_it_again(
    study: Path, tmp_path: Path
) -> None:
    seen: dict[str, str] = {}
    people: list[ParticipantClient] = []

    def comes(server: ServerDriver, number: int) -> ParticipantClient:
        person = ParticipantClient(server, f"p{number}")
        people.append(person)
        person.enter()
        shown = person.finish()
        assert isinstance(shown.content, PageContent)
        seen[person.subject_id] = BODIES[shown.content.body_html]
        return person

    with ServerDriver(study, tmp_path / "data") as server:
        for number in range(6):
            comes(server, number)
        with LabDriver(server) as lab:
            for name in ("p1", "p4"):
                lab.act("exclude", name, reason="test", outcome="excluded")
                people[int(name[1:])].wait_for(Closed)
            assert lab.snapshot.session.blind
            assert {view.treatment for view in lab.snapshot.participants} == {"A", "B"}
        server.kill()
        server.start()
        assert people[0].come_back().scene_id == "words"
        for number in range(6, 12):
            comes(server, number)
        for person in people[:1] + people[6:]:
            assert person.finish().scene_id == "thanks"
        before = told(server)
        assert not any(word in before for word in (b"kindly", b"bluntly", b"Blunt"))
        with LabDriver(server) as lab:
            assert "why" in lab.ask(Unblind(request_id="u1", reason="")).error
            assert lab.ask(Unblind(request_id="u2", reason="the pilot is over")).error == ""
            named = lab.wait_for(LabSnapshot, lambda snapshot: not snapshot.session.blind)
            assert {view.participant_id: view.treatment for view in named.participants} == seen
            lab.act("exclude", "p2", reason="test", outcome="technical")
            batch = lab.wait_for(
                LabBatch, lambda b: b.session is not None and sum(t.released for t in b.session.treatments) == 3
            )
            assert batch.session is not None
            assert sum(view.completed for view in batch.session.treatments) == 7
        server.interrupt()
    assert "whole" in verify_records(tmp_path / "data", "words")
    tables = export_session(tmp_path / "data", "words", tmp_path / "out")
    assert "made again" in verify_folder(tmp_path / "out", tmp_path / "data")
    rows = tables["participants"].set_index("participant_id")
    assert rows["treatment"].to_dict() == seen
    assert rows["treatment_exposed_at"].notna().all()
    assert rows["treatment_released"].dropna().to_dict() == {"p1": "excluded", "p2": "technical", "p4": "excluded"}
    allocation = tables["allocation"].to_dict("records")
    seed = int(json.loads((tmp_path / "out" / "provenance" / "manifest.json").read_text("utf-8"))["session_seed"])
    running: Counter[str] = Counter()
    draws = 0
    for row in allocation:
        (who,) = json.loads(row["participants"])
        if row["event"] == "released":
            running[row["treatment"]] -= 1
            continue
        assert json.loads(row["counts"]) == {name: running[name] for name in WEIGHTS}
        assert row["treatment"] == draw_arm(WEIGHTS, running, seed, draws, "balanced") == seen[who]
        assert row["draw"] == draws
        draws += 1
        running[row["treatment"]] += 1
    assert draws == 12
    assert [row["event"] for row in allocation].count("released") == 3
    unblinded = tables["console"].query("action == 'unblind'")
    assert unblinded["reason"].tolist() == ["the pilot is over"]
    anonymous = export_session(tmp_path / "data", "words", tmp_path / "anonymous", "--anonymise")
    assert Counter(anonymous["participants"]["treatment"]) == Counter(seen.values())
    ids = set(anonymous["participants"]["participant_id"])
    assert {json.loads(text)[0] for text in anonymous["allocation"]["participants"]} == ids
    assert not ids & set(seen)
    for person in people:
        person.drop()
