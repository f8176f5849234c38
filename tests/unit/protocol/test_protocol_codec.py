"""Messages decode at the edge, once; what is wrong with them is named by its path; the TypeScript is theirs."""

import json
import math
import shutil
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.play.config import ActionBinding, GameConfig
from mug.protocol import codec, lab, messages, typescript
from mug.protocol.codec import (
    decode_lab_message,
    decode_lab_request,
    decode_participant_message,
    decode_server_message,
    encode,
    ops_of,
)
from mug.protocol.errors import InvalidMessageError, UnknownOpError

ROOT = Path(__file__).resolve().parents[3]
DECODERS: list[tuple[Any, Any]] = [
    (messages.ParticipantMessage, decode_participant_message),
    (messages.ServerMessage, decode_server_message),
    (lab.LabRequest, decode_lab_request),
    (lab.LabMessage, decode_lab_message),
]

SAFE_INTEGERS = st.integers(-codec.LARGEST_EXACT_INTEGER, codec.LARGEST_EXACT_INTEGER)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), SAFE_INTEGERS, FLOATS, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)


def strategy_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Return values of a field's type, as messages may hold them."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return JSON_VALUES
    if origin is tuple:
        return st.lists(strategy_of(args[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=4), strategy_of(args[1]), max_size=2)
    if args and origin is not dict:
        return st.one_of(*map(strategy_of, args))
    if annotation is GameConfig:
        return st.builds(
            GameConfig,
            scene_id=st.text(max_size=4),
            match_id=st.just("m"),
            match_seed=st.integers(0, 2**64 - 1),
            environment_seed=st.none() | st.integers(0, 2**64 - 1),
            subject_id=st.just("p"),
            human_agents=st.just(("human",)),
            action_mapping=st.just((ActionBinding(keys=("a", "b"), action=[1, 2]),)),
            env_config=st.dictionaries(st.text(max_size=3), JSON_VALUES, max_size=2),
        )
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return message_of(annotation)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=8), int: SAFE_INTEGERS, float: FLOATS, bool: st.booleans(), bytes: st.binary(max_size=8),
        type(None): st.none(),
    }  # fmt: skip
    return simple[annotation]


def message_of(struct: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(struct)
    return st.builds(struct, **{field: strategy_of(hints[field]) for field in struct.__struct_fields__})


@pytest.mark.parametrize(
    ("struct", "decode"),
    [(struct, decode) for union, decode in DECODERS for struct in ops_of(union).values()],
    ids=lambda value: getattr(value, "__name__", ""),
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_that_every_message_arrives_as_it_was_sent(struct: type[Any], decode: Any, data: st.DataObject) -> None:
    message = data.draw(message_of(struct))
    wire = encode(message)
    assert decode(wire) == message
    # JSON as Socket.IO sends it, with the binary attachments aside, changes nothing either
    attachments: list[bytes] = []

    def aside(value: bytes) -> dict[str, int]:
        attachments.append(value)
        return {"_placeholder": len(attachments) - 1}

    def back(pairs: dict[str, Any]) -> Any:
        return attachments[pairs["_placeholder"]] if set(pairs) == {"_placeholder"} else pairs

    text = json.dumps(wire, default=aside, allow_nan=False)
    assert decode(json.loads(text, object_hook=back)) == message


@pytest.mark.parametrize(
    ("obj", "path", "words"),
    [
        (None, "", "expected an object"),
        ([], "", "expected an object"),
        ({}, "op", "expected a text"),
        ({"op": 3}, "op", "expected a text"),
        ({"op": "participant.pulse", "n": 1}, "", "client_ms"),
        ({"op": "participant.pulse", "n": "1", "client_ms": 0}, "n", "int"),
        ({"op": "participant.pulse", "n": True, "client_ms": 0}, "n", "int"),
        ({"op": "participant.pulse", "n": 1, "client_ms": math.nan}, "client_ms", "finite"),
        ({"op": "participant.pulse", "n": 2**60, "client_ms": 0}, "n", "2^53"),
        ({"op": "chunk.put", "visit_id": "v", "stream": "s", "seq": 0, "body": "YQ=="}, "body", "bytes"),
        ({"op": "visit.finish", "visit_id": "v", "counts": {"event": "x"}}, "counts[...]", "int"),
        ({"op": "globals.set", "values": {"a": [1, {"b": math.inf}]}}, "values.a[1].b", "finite"),
        ({"op": "globals.set", "values": {1: 2}}, "values", "text keys"),
        ({"op": "participant.hello", "protocol": 1, "build": "", "tab_id": "", "environment": {"mobile": 1}},
         "environment.mobile", "bool"),
    ],
)  # fmt: skip
def test_that_an_invalid_message_is_refused_with_the_path_in_it(obj: object, path: str, words: str) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        decode_participant_message(obj)
    assert caught.value.path == path
    assert words in caught.value.reason


def test_that_an_unknown_op_is_its_own_error() -> None:
    with pytest.raises(UnknownOpError) as caught:
        decode_participant_message({"op": "participant.teleport"})
    assert caught.value.op == "participant.teleport"
    with pytest.raises(UnknownOpError):
        decode_participant_message({"op": "lab.end_session", "request_id": "1", "reason": ""})


def test_that_endless_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidMessageError, match="nested deeper"):
        decode_participant_message({"op": "globals.set", "values": {"a": value}})


def test_that_what_a_browser_cannot_hold_exactly_is_never_sent() -> None:
    for value, words in ((math.nan, "finite"), (2**53, "2\\^53"), (object(), "not data|Unsupported|serializ|Encoding")):
        with pytest.raises(InvalidMessageError, match=words):
            encode(messages.SetGlobals(values={"a": {"b": value}}))
    assert encode(messages.SetGlobals(values={"a": 2**53 - 1}))["values"] == {"a": 2**53 - 1}


def test_that_all_64_bits_of_a_seed_reach_the_worker() -> None:
    config = GameConfig(
        scene_id="s",
        match_id="m",
        match_seed=2**64 - 1,
        environment_seed=2**63 + 1,
        subject_id="p",
        human_agents=("a",),
    )
    shown = messages.ShowScene(
        visit_id="v", scene_id="s", index=0, total=1, content=messages.GameContent(config=config)
    )
    wire = json.loads(json.dumps(encode(shown)))
    assert wire["content"]["config"]["match_seed"] == str(2**64 - 1)
    # the page hands the dict on to Python as it is
    assert GameConfig(**wire["content"]["config"]).match_seed == 2**64 - 1
    assert GameConfig(**wire["content"]["config"]).environment_seed == 2**63 + 1


def test_that_the_generated_typescript_is_up_to_date() -> None:
    written = (ROOT / typescript.TARGET).read_text(encoding="utf-8")
    assert written == typescript.render(), "run `python -m mug.protocol.typescript`"


def test_that_the_check_says_what_to_run_when_the_file_is_stale(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mug.protocol.typescript", "--root", str(tmp_path)]
    stale = subprocess.run([*command, "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert stale.returncode == 1
    assert "python -m mug.protocol.typescript" in stale.stderr
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert subprocess.run([*command, "--check"], cwd=ROOT, check=False).returncode == 0


def test_that_the_generated_types_use_no_any_and_name_every_op() -> None:
    text = typescript.render()
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("*", "/*", "//")))
    assert "any" not in code.replace("many", "").split()
    assert ": any" not in code
    for union, _ in DECODERS:
        for op in ops_of(union):
            assert f'op: "{op}";' in code


@pytest.mark.node
def test_that_the_generated_types_compile() -> None:
    compiler = ROOT / "web_client" / "node_modules" / "typescript" / "bin" / "tsc"
    node = shutil.which("node")
    if node is None or not compiler.is_file():
        pytest.skip("TypeScript is not installed in web_client")
    command = [
        node,
        str(compiler),
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2022",
        str(ROOT / typescript.TARGET),
    ]
    result = subprocess.run(command, cwd=ROOT / "web_client", capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("text", ["half \ud83d", "\udc00", "whole \U0001f600", "ü"])
def test_that_half_a_character_is_replaced_so_that_it_can_be_recorded(text: str) -> None:
    error = codec.decode_participant_message({"op": "participant.error", "kind": "script", "message": text})
    assert isinstance(error, messages.ClientError)
    msgspec.json.encode(error)
    is_whole = not any("\ud800" <= character <= "\udfff" for character in text)
    assert error.message == (text if is_whole else text[:-1] + "\ufffd")
    values = codec.decode_participant_message({"op": "globals.set", "values": {text: [text]}})
    msgspec.json.encode(values)
