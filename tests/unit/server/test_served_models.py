"""What runs ONNX models is served to pages of studies that have some, and to no others."""

import gzip
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from mug.runtime.onnx_web import onnx_web_folder
from mug.server.web import ServedStudy, make_app
from mug.study.model import GymGame, MultiplayerSection, PoliciesSection, StaticPage, Study
from mug.study.nodes import Repeat
from mug.study.treatment_section import Treatments
from mug.study.used_models import study_uses_models, uses_models

WASM = b"\0asm" + bytes(range(256)) * 40


@pytest.fixture
def client_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "client" / "onnx-0123abcd"
    folder.mkdir(parents=True)
    (folder / "onnx_models.mjs").write_text("export const x = 1;\n" * 200)
    (folder / "ort.wasm.gz").write_bytes(gzip.compress(WASM))
    return folder.parent


@pytest.fixture
def web(client_folder: Path) -> FlaskClient:
    return make_app(ServedStudy(), token="t", describe=dict, health={}, client=client_folder).test_client()


def test_that_the_folder_is_found_where_the_client_has_one(client_folder: Path, tmp_path: Path) -> None:
    assert onnx_web_folder(client_folder) == client_folder / "onnx-0123abcd"
    assert onnx_web_folder(tmp_path / "nothing") is None


def test_that_a_file_that_lies_there_packed_is_sent_packed_and_kept_for_ever(web: FlaskClient) -> None:
    with web.get("/_mug/client/onnx-0123abcd/ort.wasm", headers={"Accept-Encoding": "gzip, deflate"}) as answer:
        packed = answer.data
    assert answer.status_code == 200
    assert answer.mimetype == "application/wasm", "browsers compile it while it arrives"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == WASM
    assert "immutable" in answer.headers["Cache-Control"]
    assert "wasm-unsafe-eval" in answer.headers["Content-Security-Policy"]


def test_that_who_takes_nothing_packed_gets_it_unpacked(web: FlaskClient) -> None:
    answer = web.get("/_mug/client/onnx-0123abcd/ort.wasm")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == WASM


def test_that_the_module_is_kept_for_ever_too_and_others_are_not_found(web: FlaskClient) -> None:
    with web.get("/_mug/client/onnx-0123abcd/onnx_models.mjs") as answer:
        assert answer.data.startswith(b"export")
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    assert web.get("/_mug/client/onnx-0123abcd/other.wasm").status_code == 404
    assert web.get("/_mug/client/../onnx-0123abcd/ort.wasm").status_code == 404


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        ("human", False),
        ("random", False),
        ("bot.py:Bot", False),
        ("partner.onnx", True),
        ("models/Partner.ONNX", True),
        ({"kind": "onnx", "onnx_path": "a.onnx", "obs_input": "x", "logit_output": "y"}, True),
    ],
)
def test_that_a_game_says_whether_it_has_models(policy: object, answer: bool) -> None:
    game = GymGame(scene_id="game", policies=PoliciesSection(policy_mapping={"a": "human", "b": policy}))
    assert uses_models(game) is answer
    study = Study(id="s", chain=(StaticPage(scene_id="page"), Repeat(scenes=(game,), n=2)))
    assert study_uses_models(study) is answer


def test_that_a_model_of_one_treatment_only_counts_and_one_of_a_game_on_the_server_does_not() -> None:
    mapping = {"a": "human", "b": "random"}
    game = GymGame(scene_id="game", policies=PoliciesSection(policy_mapping=mapping))
    changes = {"game": {"policies.policy_mapping": {**mapping, "b": "partner.onnx"}}}
    arms = {"chance": {"changes": {}}, "model": {"changes": changes}}
    study = Study(id="s", chain=(game,), treatments=Treatments(arms=arms))
    assert study_uses_models(study)
    on_server = replace(game, multiplayer=MultiplayerSection(mode="server_authoritative"))
    assert not study_uses_models(replace(study, chain=(on_server,)))


def test_that_a_model_that_takes_over_for_who_left_counts() -> None:
    assert uses_models(GymGame(scene_id="game", multiplayer=MultiplayerSection(dropout_agent_policy="stand_in.onnx")))
