"""What a console learns of one participant when it asks."""

import uuid

import msgspec

from mug.protocol.lab_console import AskDetail, DetailView
from mug.protocol.messages import ClientError
from tests.drivers.server_driver import LabDriver, ParticipantClient, ServerDriver


def ask(lab: LabDriver, participant_id: str) -> DetailView:
    reply = lab.ask(AskDetail(request_id=uuid.uuid4().hex, participant_id=participant_id))
    assert not reply.error
    return msgspec.convert(reply.data, DetailView)


def test_that_the_detail_holds_path_answers_timeline_and_errors_with_the_console(shared: ServerDriver) -> None:
    with LabDriver(shared) as lab, ParticipantClient(shared, "detail-1") as person, ParticipantClient(shared) as other:
        other.enter()
        person.params = {"condition": "blue"}
        first = person.enter()
        person.put_rows("form", {"question_id": "age", "answer": "30", "at": "2026-01-01T00:00:00.000Z"})
        person.put_rows("form", {"question_id": "age", "answer": "31", "at": "2026-01-01T00:00:01.000Z"})
        person.finish()
        person.send(ClientError(kind="script", message="it broke", traceback="page.js:1", console=("12:00 log hello",)))
        person.settle()
        assert person.pulse(1).n == 1  # taken up after the error
        view = ask(lab, "detail-1")
        assert view.participant_id == "detail-1"
        assert [step.state for step in view.path] == ["past", "present", "ahead", "ahead", "ahead"]
        assert (view.path[0].scene_id, view.path[0].outcome) == (first.scene_id, "completed")
        assert view.path[0].finished_at >= view.path[0].started_at > ""
        assert [(answer["scene_id"], answer["answer"]) for answer in view.answers] == [("welcome", "31")]
        kinds = [entry.kind for entry in view.timeline]
        assert kinds[0] == "participant_joined"
        assert {"connected", "visit_started", "visit_finished", "error_reported"} <= set(kinds)
        error = next(entry for entry in view.timeline if entry.kind == "error_reported")
        assert error.level == "error"
        assert "it broke" in error.text
        assert "12:00 log hello" in error.more
        assert "page.js:1" in error.more
        assert other.subject_id not in str(view)


def test_that_the_detail_of_somebody_unknown_is_refused_in_words(shared: ServerDriver) -> None:
    with LabDriver(shared) as lab:
        reply = lab.ask(AskDetail(request_id="r", participant_id="nobody-here"))
        assert "there is no participant 'nobody-here'" in reply.error
