"""Participants at a real server: coming, going on, coming back, being turned away."""

import argparse
import csv
from pathlib import Path

from mug.protocol.lab import LabBatch, LetIn
from mug.protocol.messages import Closed, Refused, ShowScene, Welcome
from mug.protocol.parts import ResumeCandidate
from mug.records.commands import add_export_arguments, export_main
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver


def finish_everything(person: ParticipantClient) -> list[str]:
    scenes = [person.enter().scene_id]
    assert person.scene is not None
    while person.scene.index < person.scene.total - 1:
        person.put_rows("event", {"name": "continue", "at": "2026-01-01T00:00:00.000Z", "at_ms": 1.0})
        scenes.append(person.finish().scene_id)
    return scenes


def test_that_a_participant_passes_through_the_whole_study(shared: ServerDriver) -> None:
    with ParticipantClient(shared) as person:
        scenes = finish_everything(person)
        assert scenes[0] == "welcome"
        assert sorted(scenes[1:4]) == ["apple", "pear", "plum"]
        assert scenes[4:] == ["thanks"]
        assert person.page.completion_code
        assert person.page.redirect_url == f"https://example.org/done?study=1&subject_id={person.subject_id}"


def test_that_a_reload_shows_the_same_scene_order_and_code(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-2") as person:
        first = finish_everything(person)
        code = person.page.completion_code
        shown = person.come_back()
        assert shown.scene_id == "thanks"
        assert person.page.completion_code == code
    with ParticipantClient(shared, "bob-2") as other:
        other.enter()
        visits = []
        for _ in range(3):
            before = other.scene
            again = other.come_back()
            assert before is not None
            assert again.visit_id == before.visit_id
            visits.append(other.finish().visit_id)
        assert len(set(visits)) == 3
    assert first[0] == "welcome"


def test_that_an_address_without_an_id_makes_one_and_finds_the_unfinished_one_again(shared: ServerDriver) -> None:
    with ParticipantClient(shared) as person:
        person.enter()
        assert person.welcome is not None
        mine = ResumeCandidate(
            session_id=person.welcome.session_id, participant_id=person.subject_id, token=person.welcome.token
        )
        with ParticipantClient(shared) as second_tab:
            second_tab.candidates = (mine,)
            second_tab.enter()
            assert second_tab.subject_id != person.subject_id
        person.drop()
        with ParticipantClient(shared) as later:
            later.candidates = (mine,)
            later.connect()
            later.wait_until(lambda: later.welcome is not None or bool(later.received), "an answer")
            assert later.wait_for(Welcome).participant_id == person.subject_id


def test_that_a_second_tab_is_turned_away_while_the_first_lives(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-4") as person:
        person.enter()
        assert person.token is not None
        with ParticipantClient(shared, "ann-4") as second:
            second.token = person.token
            assert second.refusal().reason == "second_tab"
        assert person.pulse(1).n == 1


def test_that_the_same_tab_takes_its_own_place_again(shared: ServerDriver) -> None:
    with ParticipantClient(shared, "ann-5", tab_id="tab") as before:
        before.enter()
        with ParticipantClient(shared, "ann-5", tab_id="tab") as after:
            after.token = before.token
            after.enter()
            assert before.closed().reason == "replaced"
            assert after.pulse(1).n == 1


def test_that_an_id_without_its_token_is_turned_away_until_the_experimenter_lets_it_in_once(
    shared: ServerDriver,
) -> None:
    with ParticipantClient(shared, "ann-6") as person, LabDriver(shared) as lab:
        first = person.enter()
        person.drop()
        with ParticipantClient(shared, "ann-6") as elsewhere:
            assert elsewhere.refusal().reason == "token"
            lab.wait_for(LabBatch, lambda batch: any(p.wants_in for p in batch.participants))
            assert lab.ask(LetIn(request_id="1", participant_id="ann-6", reason="changed seats")).error == ""
            shown = elsewhere.wait_for(ShowScene)
            assert shown.visit_id == first.visit_id
            assert elsewhere.token != person.token
        assert person.refusal().reason == "token"
        with ParticipantClient(shared, "ann-6") as third:
            assert third.refusal().reason == "token"


def test_that_who_has_finished_cannot_start_again_in_this_or_a_later_session(server: ServerDriver) -> None:
    with ParticipantClient(server, "ann") as person:
        finish_everything(person)
    with ParticipantClient(server, "ann") as again:
        assert again.refusal().reason == "finished"
    server.interrupt()
    server.start("--new-session")
    with ParticipantClient(server, "ann") as later:
        assert later.refusal().reason == "finished"


def test_that_pilots_may_repeat_in_another_session(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data", "--pilot") as server:
        with ParticipantClient(server, "ann") as person:
            finish_everything(person)
        server.interrupt()
        server.start("--new-session")
        with ParticipantClient(server, "ann") as again:
            again.enter()
    assert (tmp_path / "data" / "pages" / "pilot.sqlite").is_file()
    assert not (tmp_path / "data" / "pages" / "records.sqlite").exists()


def test_that_ids_are_checked_before_anything_is_made_of_them(shared: ServerDriver) -> None:
    for bad in ("../../etc", "a b", ".hidden", "x" * 65, "seat", "a..b", "é"):
        with ParticipantClient(shared, bad) as person:
            assert person.refusal().reason == "bad_id", bad


def test_that_a_recruited_person_gets_a_pseudonym_and_cannot_begin_again_in_the_experiment(
    server: ServerDriver, tmp_path: Path
) -> None:
    with ParticipantClient(server) as person:
        person.params = {"PROLIFIC_PID": "5f1e-secret", "STUDY_ID": "study-secret", "condition": "blue"}
        person.enter()
        who = person.subject_id
        assert who.startswith("p-")
        finish_everything(person)
        code = person.page.completion_code
        assert code
    with ParticipantClient(server) as again:
        again.params = {"PROLIFIC_PID": "5f1e-secret"}
        assert (again.refusal().reason, again.refusal().completion_code) == ("finished", None)
    server.interrupt()
    server.start("--new-session")
    with ParticipantClient(server) as again, ParticipantClient(server) as other:
        again.params, other.params = {"PROLIFIC_PID": "5f1e-secret"}, {"PROLIFIC_PID": "other"}
        assert again.refusal().reason == "finished"
        other.enter()

    arguments = ["--data", str(server.data_dir), "--experiment", "pages", "--out", str(tmp_path / "out")]
    parser = argparse.ArgumentParser()
    add_export_arguments(parser)
    assert export_main(parser.parse_args(arguments)) == 0
    keys = server.data_dir / "pages" / "keys"
    assert not keys.exists(), "the link between people and data is written only when it is asked for"
    arguments[-1] = str(tmp_path / "again")
    assert export_main(parser.parse_args([*arguments, "--keys"])) == 0
    exported = [path for path in tmp_path.rglob("*") if path.is_file() and server.data_dir not in path.parents]
    written = {path.name: path.read_bytes() for path in exported if path.parts[len(tmp_path.parts)] in ("out", "again")}
    assert any(name.endswith("participants_data.csv") for name in written)
    for name, content in written.items():
        for secret in (b"5f1e-secret", b"study-secret", code.encode()):
            assert secret not in content, f"{name} holds {secret!r}"
    tables = [path for path in exported if path.name.endswith("participants_data.csv")]
    assert any(b"blue" in path.read_bytes() for path in tables), "free parameters are data"

    files = sorted(keys.iterdir())
    assert len(files) == 2
    rows = [row for path in files for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    [row] = [row for row in rows if row["participant_id"] == who]
    assert (row["recruiter.PROLIFIC_PID"], row["recruiter.STUDY_ID"]) == ("5f1e-secret", "study-secret")
    assert (row["outcome"], row["completion_code"]) == ("complete", code)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files), "for this user only"
    assert keys.stat().st_mode & 0o077 == 0


def test_that_a_page_of_another_build_or_protocol_is_asked_to_reload(shared: ServerDriver) -> None:
    with ParticipantClient(shared, build="another") as old:
        assert old.refusal().reason == "build"
    with ParticipantClient(shared) as person:
        person.connect(hello=False)
        person.send_raw({"op": "participant.hello", "protocol": 0, "build": "", "tab_id": "t"})
        assert person.wait_for(Refused).reason == "protocol"


def test_that_a_plain_get_consumes_nothing(server: ServerDriver) -> None:
    for path in ("/", "/ann", "/ann?PROLIFIC_PID=5f1e"):
        assert server.get(path)[0] in (200, 503)
    with LabDriver(server) as lab:
        assert lab.snapshot.participants == ()


def test_that_ending_the_session_tells_who_is_unfinished(server: ServerDriver) -> None:
    from mug.protocol.lab import EndSession

    with ParticipantClient(server, "ann") as person, LabDriver(server) as lab:
        person.enter()
        assert lab.ask(EndSession(request_id="1", reason="power cut")).error == ""
        assert person.wait_for(Closed).reason == "session_ended"
        with ParticipantClient(server, "bob") as late:
            assert late.refusal().reason == "closed"
