"""Any message that can be decoded, at any moment: nothing is raised, answers can be sent, and facts say all."""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import hypothesis.strategies as st
import msgspec
import pytest
from engine_driver import Memory
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, rule
from test_participation_properties import STUDIES as STUDIES_WITH_ENDS
from test_participation_properties import Participations
from test_people_properties import BUILT_IN, FIRST_STAGES, NAMES, details, names
from test_people_properties import STUDIES as STUDIES_OF_GROUPS

from mug.engine import SessionState, fold
from mug.engine.inputs import PageRefusal
from mug.protocol import decode_lab_request, decode_participant_message, encode
from mug.protocol.lab import LabRequest, StopServer
from mug.protocol.lab_console import ACTIONS, STAGES
from mug.protocol.messages import Hello, ParticipantMessage, ReturnDone
from mug.records import RecordWriter, records_path
from mug.records import facts as f
from mug.records.export import export_session
from mug.study.decoding import encode_study
from mug.study.model import Study

pytestmark = pytest.mark.timeout(3600)

WORDS = """
0 1 a0 a1 bot start one form frames event telemetry lost back desync refused void not_reproduced completed failed
partner_left playing waiting p2p relay automatic experimenter
"""
TEXTS = st.sampled_from(("", *WORDS.split(), "ü\0\n", "half \ud83d", "x" * 3_000))
NUMBERS = st.one_of(st.integers(-1, 3), st.sampled_from((-(2**53) + 1, 2**31, 2**53 - 1)))
FLOATS = st.sampled_from((0.0, -1.0, 0.5, 90.0, 3_000.0, 1e6, 1e308, -1e308, 5e-324))
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, FLOATS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
BODIES = st.sampled_from(
    (
        b"",
        b"\xff\xfe{",
        b"[" * 3_000,
        b'{"question_id":"text","answer":"why","submission":1}\n',
        b'{"question_id":"q1","answer":NaN,"submission":99999999999999999999}\n{"question_id":[1]}\n',
        b'{"question_id":"text","answer":"\\ud800","submission":true}',
    )
)
PARTICIPANT_TYPES = get_args(ParticipantMessage)
LAB_TYPES = tuple(kind for kind in get_args(LabRequest) if kind is not StopServer)


class AnyMessage(Participations):
    """The people of `Participations`, and among them pages and consoles that say anything that can be decoded."""

    @initialize(
        study=st.sampled_from((*STUDIES_WITH_ENDS, *STUDIES_OF_GROUPS)),
        people=st.integers(0, len(NAMES)),
        stage=FIRST_STAGES,
    )
    def begin(self, study: Study, people: int, stage: str) -> None:
        self.memory = Memory(study=study, matchmakers=dict(BUILT_IN), details=details(stage))
        self.told = 0
        self.folded_of: list[f.AnyFact] | None = None
        self.memory.lab_in()
        self.come_to_the_waitroom_at_once(list(NAMES[:people]))

    def _known(self, name: str) -> list[str]:
        """What a field of this name may well hold."""
        state, waiting = self.memory.run.state, self.memory.run._waiting
        match name:
            case "visit_id":
                return [str(visit) for visit in state.visits]
            case "match_id":
                return [str(match) for match in state.matches]
            case "probe_id":
                return [probe.probe_id for probe in waiting.probes.running()]
            case "participant_id" | "subject_id":
                return [f"p-{name}" for name in NAMES]
            case "action_id":
                return list(state.actions)
            case "hand_id":
                return [hand for participant in state.participants.values() for hand in participant.hands]
            case "action":
                return list(ACTIONS)
            case "stage":
                return list(STAGES)
            case "session_id":
                return ["s1"]
        return []

    def _value(self, data: st.DataObject, name: str, kind: Any) -> Any:
        known = self._known(name)
        if known and data.draw(st.integers(0, 9)):
            return data.draw(st.sampled_from(known))
        if name == "node_path" and data.draw(st.booleans()):
            rooms = self.memory.run._waiting.rooms()
            return list(data.draw(st.sampled_from([room.path for room in rooms]))) if rooms else [-1]
        if name == "participants":
            return data.draw(st.lists(st.sampled_from([f"p-{n}" for n in NAMES]), max_size=4))
        if name == "groups":
            return data.draw(st.lists(st.lists(st.sampled_from([f"p-{n}" for n in NAMES]), max_size=4), max_size=3))
        if name == "meta" and self._known("match_id") and data.draw(st.booleans()):
            first = data.draw(st.integers(-1, 3))
            about = {"match_id": self._value(data, "match_id", str), "episode": 0, "first": first, "last": first + 1}
            return {**about, **data.draw(st.dictionaries(st.sampled_from(("chain_hash", "repeated")), PLAIN))}
        return self._of(data, msgspec.inspect.type_info(kind))

    def _of(self, data: st.DataObject, info: Any) -> Any:
        match info:
            case msgspec.inspect.StructType():
                return self._struct(data, info.cls)
            case msgspec.inspect.UnionType():
                return self._of(data, data.draw(st.sampled_from(info.types)))
            case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
                return [self._of(data, info.item_type) for _ in range(data.draw(st.integers(0, 2)))]
            case msgspec.inspect.DictType():
                pairs = range(data.draw(st.integers(0, 2)))
                return {data.draw(TEXTS): self._of(data, info.value_type) for _ in pairs}
        simple = {
            msgspec.inspect.StrType: TEXTS,
            msgspec.inspect.IntType: NUMBERS,
            msgspec.inspect.FloatType: FLOATS,
            msgspec.inspect.BoolType: st.booleans(),
            msgspec.inspect.NoneType: st.none(),
            msgspec.inspect.BytesType: BODIES,
            msgspec.inspect.AnyType: PLAIN,
        }
        return data.draw(simple[type(info)])

    def _struct(self, data: st.DataObject, kind: Any) -> dict[str, Any]:
        tag = kind.__struct_config__.tag
        message: dict[str, Any] = {"op": tag} if tag else {}
        for field in msgspec.structs.fields(kind):
            if field.required or data.draw(st.booleans()):
                message[field.encode_name] = self._value(data, field.encode_name, field.type)
        return message

    @rule(name=names, kind=st.sampled_from(PARTICIPANT_TYPES), data=st.data())
    def a_page_says_anything(self, name: str, kind: Any, data: st.DataObject) -> None:
        message = self._struct(data, kind)
        if kind is Hello:
            message["protocol"], name = 1, f"{name}?"
        self.memory.say(self.pages.get(name, name), decode_participant_message(message))

    @rule(kind=st.sampled_from(LAB_TYPES), data=st.data(), sure=st.integers(0, 4))
    def a_console_asks_anything(self, kind: Any, data: st.DataObject, sure: int) -> None:
        if kind.__name__ == "EndSession" and sure:
            return
        self.memory.ask(decode_lab_request(self._struct(data, kind)))

    @rule(name=names, frame=st.integers(-1, 50))
    def come_back_into_the_match(self, name: str, frame: int) -> None:
        """The page is loaded again, and rebuilds the game, if there is one."""
        self.load_the_page_again(name)
        for match_id in list(self.memory.run.state.matches)[-3:]:
            self.memory.say(self.pages[name], ReturnDone(match_id=match_id, episode=0, frame=frame))

    @rule(name=names, code=st.sampled_from(("rate", "invalid", "unknown_op", "?")))
    def something_is_refused_at_the_edge(self, name: str, code: str) -> None:
        self.memory.take(PageRefusal(self.pages.get(name, name), code, "op"))

    @invariant()
    def what_is_told_can_be_sent(self) -> None:
        for _, message in self.memory.sent[self.told :]:
            encode(message)
        for message in self.memory.lab:
            encode(message)
        self.told = len(self.memory.sent)
        self.memory.lab.clear()

    @invariant()
    def the_facts_say_all(self) -> None:
        recorded = self.memory.recorded
        if recorded is not self.folded_of:  # the first step, or the server was started again
            self.folded_of, self.folded, self.folded_until = recorded, SessionState(), 0
        for fact in recorded[self.folded_until :]:
            self.folded.apply(fact)
        self.folded_until = len(recorded)
        assert self.folded == self.memory.run.state

    @invariant()
    def a_connection_is_one_persons(self) -> None:
        core = self.memory.run._core
        here = {presence.connection: who for who, presence in core.presences.items() if presence.connection is not None}
        assert here == core.owner

    @invariant()
    def what_ends_ends_once(self) -> None:
        kinds = (f.VisitFinished, f.MatchEnded, f.ParticipantFinished, f.PlayerDropped)
        keys = [
            (type(fact), *(getattr(fact, name, "") for name in ("visit_id", "match_id", "participant_id")))
            for fact in self.memory.recorded
            if isinstance(fact, kinds)
        ]
        assert len(keys) == len(set(keys))

    @invariant()
    def nobody_begins_anything_after_the_end_of_the_session(self) -> None:
        kinds = [type(fact) for fact in self.memory.recorded]
        if f.SessionEnded in kinds:
            after = kinds[kinds.index(f.SessionEnded) :]
            assert not {f.ParticipantJoined, f.WaitStarted, f.MatchFormed, f.TokenRenewed} & set(after)

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "memory"):
            assert fold(self.memory.recorded) == self.memory.run.state
        if hasattr(self, "memory") and len(self.memory.written) % 4 == 0:
            export_everything(self.memory)


def export_everything(memory: Memory) -> None:
    """Write the facts as a server would; the export counts its rows against them by itself."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = records_path(folder, "memory")
        with closing(RecordWriter.open(path)) as writer:
            for fact in memory.written:
                if isinstance(fact, f.SessionOpened):
                    fact = msgspec.structs.replace(fact, study=encode_study(memory.study))
                bodies = {fact.sha256: memory.bodies[fact.sha256]} if isinstance(fact, f.ChunkStored) else {}
                writer.append((fact,), bodies)
            writer.flush()
            export_session(path, "s1", folder / "out")


TestAnyMessage = AnyMessage.TestCase
TestAnyMessage.settings = settings(
    deadline=None, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
