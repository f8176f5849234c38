"""The chain API's settings of a whole experiment."""

import ast
from pathlib import Path

import pytest

import mug.configurations.configuration_constants as constants
from mug.configurations.configuration_constants import (
    ActionSettings,
    InputModes,
    ModelConfig,
    NotProvided,
    PolicyTypes,
)
from mug.configurations.experiment_config import ExperimentConfig
from mug.scenes import stager, static_scene
from mug.study.model import EntryScreening, Hosting, WebRtc

STAGER = stager.Stager([static_scene.StartScene().scene("s"), static_scene.EndScene().scene("e")])


def config() -> ExperimentConfig:
    return ExperimentConfig().experiment(stager=STAGER, experiment_id="x")


def built(it: ExperimentConfig):
    return it.build("script.py", Path("/study"))[0]


def test_that_names_stand_for_their_values():
    assert (InputModes.PressedKeys, InputModes.SingleKeystroke) == ("pressed_keys", "single_keystroke")
    assert (PolicyTypes.Human, PolicyTypes.Random) == ("human", "random")
    assert ActionSettings.DefaultAction == "default_action"
    assert ActionSettings.PreviousSubmittedAction == "previous_submitted_action"
    assert repr(NotProvided) == "NotProvided"
    assert not NotProvided


def test_that_the_constants_import_nothing_of_ours():
    tree = ast.parse(Path(constants.__file__).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(name.startswith("mug") for name in imported)


def test_that_a_config_becomes_a_study():
    it = (
        config()
        .experiment(save_experiment_data=False, title="T")
        .hosting(host="0.0.0.0", port=5000, max_ping=200)
        .static_files(["static", Path("more/static")])
        .webrtc(turn_username="u", turn_credential="c", force_relay=True, ice_servers=[{"urls": "stun:a"}])
        .entry_screening(
            device_exclusion="mobile",
            browser_requirements=["Chrome"],
            browser_blocklist=["Safari"],
            max_ping=150,
            min_ping_measurements=3,
            exclusion_messages={"ping": "too slow"},
            entry_callback="screen:entry",
        )
    )
    study = built(it)
    assert (study.id, study.title, study.save_experiment_data) == ("x", "T", False)
    assert study.hosting == Hosting(host="0.0.0.0", port=5000, max_ping=200)
    assert study.static_files == ("static", "more/static")
    assert study.webrtc == WebRtc(
        turn_username="u", turn_credential="c", force_relay=True, ice_servers=({"urls": "stun:a"},)
    )
    assert study.screening == EntryScreening(
        device_exclusion="mobile",
        browser_requirements=("Chrome",),
        browser_blocklist=("Safari",),
        max_ping=150,
        min_ping_measurements=3,
        exclusion_messages={"ping": "too slow"},
        entry_callback="screen:entry",
    )
    assert [node.scene_id for node in study.chain] == ["s", "e"]


def test_that_what_is_not_given_is_the_default_and_stays():
    it = config().hosting(port=5000).hosting(host="0.0.0.0")
    assert built(it).hosting == Hosting(host="0.0.0.0", port=5000)
    assert built(config()).hosting == Hosting(port=8000, max_ping=100_000)
    assert built(config().static_files("static")).static_files == ("static",)


@pytest.mark.parametrize("name", ["experiment", "hosting", "webrtc", "entry_screening"])
def test_that_every_method_returns_the_config(name):
    it = config()
    assert getattr(it, name)() is it


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: config().experiment(experiment_id="a b"), ValueError, "experiment_id 'a b' is not allowed"),
        (lambda: config().experiment(experiment_id=3), TypeError, "experiment_id"),
        (lambda: config().experiment(stager=[STAGER]), TypeError, "must be a Stager"),
        (lambda: config().experiment(save_experiment_data="yes"), TypeError, "save_experiment_data"),
        (lambda: config().hosting(port=70_000), ValueError, "from 0 to 65535"),
        (lambda: config().hosting(port="8000"), TypeError, "port"),
        (lambda: config().static_files([3]), TypeError, "static_files"),
        (lambda: config().entry_screening(device_exclusion="tablet"), ValueError, "'mobile', 'desktop'"),
        (lambda: config().entry_screening(min_ping_measurements=0), ValueError, "min_ping_measurements"),
        (lambda: config().entry_screening(entry_callback=3), TypeError, "entry_callback"),
        (lambda: config().webrtc(ice_servers="stun:x"), TypeError, "ice_servers"),
        (lambda: built(ExperimentConfig()), ValueError, "has no scenes"),
        (lambda: built(ExperimentConfig().experiment(stager=STAGER)), ValueError, "has no id"),
        (lambda: ModelConfig("o", "l", state_inputs=["a"]), ValueError, "come in pairs"),
        (lambda: ModelConfig("o", "l", state_inputs=["a"], state_outputs=["b"]), ValueError, "state_shape"),
        (lambda: ModelConfig("", "l"), TypeError, "obs_input"),
    ],
)
def test_that_wrong_values_are_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_that_study_fields_are_kept_known_and_unknown():
    it = config().study_fields({"layout": {"zoom": 2}, "lab": "B12"}).study_fields({"ipv6": True}, section="hosting")
    study = built(it.hosting(port=1))
    assert (study.layout, study.extra) == ({"zoom": 2}, {"lab": "B12"})
    assert (study.hosting.port, study.hosting.extra) == (1, {"ipv6": True})
    for wrong in ({"chain": []}, {"format": 2}, {"hosting": {}}, {"id": "a b"}):
        with pytest.raises(ValueError, match=r"study_fields|is not allowed"):
            config().study_fields(wrong)
    with pytest.raises(ValueError, match="did you mean 'hosting'"):
        config().study_fields({}, section="hostin")
