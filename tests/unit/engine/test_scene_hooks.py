"""What a scene's hooks answer reaches the participant's page, and no older value of the page overwrites it."""

from engine_driver import Memory

from mug.engine.inputs import CallResult
from mug.ids import ParticipantId
from mug.protocol.messages import ClientCallback, ErrorReply, GlobalsChanged, SetGlobals, Welcome
from mug.study.model import EndPage, StartPage, StaticPage, Study

STUDY = Study(
    id="memory",
    chain=(
        StartPage(scene_id="start", on_connect="script.py:hello"),
        StaticPage(scene_id="talk", on_client_callback="script.py:answer"),
        EndPage(scene_id="end"),
    ),
)


def globals_of(memory: Memory, who: str = "ann") -> dict[str, object]:
    return memory.run.state.participants[ParticipantId(who)].mug_globals


def test_that_a_hooks_answer_is_merged_and_told_to_the_page() -> None:
    memory = Memory(STUDY)
    memory.hello("c", "ann")
    memory.say("c", SetGlobals(values={"of_the_page": 1}))
    (call,) = memory.calls
    memory.take(CallResult(call.call_id, {"condition": "b"}))
    assert globals_of(memory) == {"of_the_page": 1, "condition": "b"}
    assert memory.last("c", GlobalsChanged).values == {"condition": "b"}


def test_that_an_answer_for_a_page_that_is_away_comes_with_its_next_welcome() -> None:
    memory = Memory(STUDY)
    memory.hello("c", "ann")
    token = memory.token("c")
    memory.drop("c")
    memory.take(CallResult(memory.calls[0].call_id, {"condition": "b"}))
    assert memory.to("c", GlobalsChanged) == []
    memory.hello("d", "ann", token=token)
    assert memory.last("d", Welcome).mug_globals == {"condition": "b"}


def test_that_the_pages_data_goes_to_the_scenes_callback_with_who_sent_it() -> None:
    memory = Memory(STUDY)
    memory.hello("c", "ann")
    memory.finish("c")
    memory.say("c", ClientCallback(visit_id=memory.scene("c").visit_id, data={"x": 21}))
    call = memory.calls[-1]
    assert (call.kind, call.ref) == ("on_client_callback", "script.py:answer")
    assert (call.context["subject_id"], call.context["scene_id"], call.context["data"]) == ("ann", "talk", {"x": 21})


def test_that_nobody_calls_back_in_anothers_name() -> None:
    memory = Memory(STUDY)
    memory.hello("c", "ann")
    memory.hello("d", "bob")
    memory.finish("c")
    calls = len(memory.calls)
    memory.say("d", ClientCallback(visit_id=memory.scene("c").visit_id, data={"x": 21}))
    assert memory.last("d", ErrorReply).code == "foreign_visit"
    assert len(memory.calls) == calls
