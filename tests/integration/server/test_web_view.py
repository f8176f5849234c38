"""The read-only web view over HTTP: who gets it, and what must never be in it."""

import json
from pathlib import Path
from typing import Any

from mug.protocol.lab_console import MakeView
from mug.records import RecordReader, records_path
from mug.server.web import CLIENT_FOLDER
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver
from tests.drivers.waiting import until


def looked(server: ServerDriver, token: str) -> tuple[int, dict[str, str], bytes]:
    return server.get("/_mug/view/data", {"Authorization": f"Bearer {token}"})


def test_that_the_second_screen_shows_a_session_without_anything_of_anybody(shared: ServerDriver) -> None:
    with (
        ParticipantClient(shared, "name-of-ann") as ann,
        ParticipantClient(shared, "name-of-bob") as bob,
        LabDriver(shared) as lab,
    ):
        ann.params = {"PROLIFIC_PID": "prolific-number", "group": "secret-parameter"}
        ann.enter()
        bob.enter()
        path, _, token = lab.ask(MakeView(request_id="view", hide_conditions=True)).data["path"].partition("#")

        status, headers, page = shared.get(path)
        if (CLIENT_FOLDER / "view.html").is_file():
            assert status == 200
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["x-frame-options"] == "DENY"
        status, headers, body = looked(shared, token)
        assert (status, headers["cache-control"]) == (200, "no-store")
        shown: dict[str, Any] = json.loads(body)
        assert shown["title"] == "A study of pages"
        assert [person["id"] for person in shown["participants"]][-1] == f"P-{len(shown['participants']):02}"
        assert shown["counts"]["present"] >= 2

        identifiers = {"prolific-number", "secret-parameter", "secret", "127.0.0.1", ann.token, bob.token, shared.token}
        session = lab.snapshot.session
        identifiers |= {session.session_id, str(session.data_dir), session.study_hash}
        for view in lab.snapshot.participants:
            identifiers |= {view.participant_id, view.visit_id}
        with RecordReader(records_path(shared.data_dir, session.experiment_id)) as reader:
            for fact in reader.facts(session.session_id):
                for name in ("participant_id", "visit_id", "token_sha256", "completion_code"):
                    identifiers.add(getattr(fact, name, None))
        found = [one for one in identifiers if one and (one.encode() in body or one.encode() in page)]
        assert found == []

        assert lab.ask(MakeView(request_id="end", revoke=True)).error == ""
        assert looked(shared, token)[0] == 403


def test_that_nobody_gets_the_second_screen_without_its_token(shared: ServerDriver) -> None:
    with LabDriver(shared) as lab:
        token = lab.ask(MakeView(request_id="guarded")).data["path"].partition("#")[2]
        assert shared.get("/_mug/view/data")[0] == 403
        assert shared.get(f"/_mug/view/data?token={token}")[0] == 403
        assert shared.get("/_mug/view/data", {"Authorization": token})[0] == 403
        for wrong in ("", "x", shared.token, token[:-1], "\xe9"):
            assert looked(shared, wrong)[0] == 403
        assert shared.get("/_mug/lab", {"Authorization": f"Bearer {token}"})[0] == 403, "it opens nothing else"
        assert looked(shared, token)[0] == 200
        assert lab.ask(MakeView(request_id="over", revoke=True)).error == ""


def test_that_a_second_screen_goes_on_after_the_death_of_its_server(pages: Path, tmp_path: Path) -> None:
    with ServerDriver(pages, tmp_path / "data").start() as server:
        with LabDriver(server) as lab:
            ended = lab.ask(MakeView(request_id="ended")).data["path"].partition("#")[2]
            assert lab.ask(MakeView(request_id="over", revoke=True)).error == ""
            token = lab.ask(MakeView(request_id="kept")).data["path"].partition("#")[2]
        server.kill()
        server.start()
        until(lambda: looked(server, token)[0] == 200, "the view is shown again")
        assert looked(server, ended)[0] == 403


def test_that_the_token_is_neither_in_the_servers_log_nor_in_its_records(shared: ServerDriver) -> None:
    with LabDriver(shared) as lab:
        token = lab.ask(MakeView(request_id="unwritten")).data["path"].partition("#")[2]
        assert looked(shared, token)[0] == 200
        assert token not in shared.log
        files = [file for file in Path(shared.data_dir).rglob("*") if file.is_file()]
        assert files
        assert not any(token.encode() in file.read_bytes() for file in files)
        assert lab.ask(MakeView(request_id="over-too", revoke=True)).error == ""
