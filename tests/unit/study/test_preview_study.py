"""What a preview serves: the scene that is asked for, harmless, without errors of its own making."""

import msgspec
import pytest
from hypothesis import given

from mug.study.model import (
    CompletionCodePage,
    Endings,
    EndPage,
    EntryScreening,
    EnvironmentSection,
    GameplaySection,
    GymGame,
    MatchmakingSection,
    MultiplayerSection,
    MultipleChoiceForm,
    PoliciesSection,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    WaitroomSection,
)
from mug.study.preview import NOT_NEEDED, pages_of_preview, preview_study, without_broken
from mug.study.problems import Problem
from mug.study.traversal import NodePath, node_at, walk
from mug.study.validation import validate
from tests.drivers.random_studies import STUDIES


def page(scene_id: str, **more: object) -> StaticPage:
    return StaticPage(scene_id=scene_id, scene_header=scene_id, **more)


def pair(scene_id: str, **more: object) -> GymGame:
    return GymGame(
        scene_id=scene_id,
        environment=EnvironmentSection(env_creator="game.py:make"),
        policies=PoliciesSection(policy_mapping={"a": "human", "b": "human", "c": "random"}),
        gameplay=GameplaySection(default_action=0),
        **more,
    )


def chain_of(study: Study) -> list[str]:
    return [str(getattr(node, "scene_id", node.kind)) for node in study.chain]


STUDY = Study(
    id="tried",
    chain=(
        StartPage(scene_id="start", scene_header="Hello"),
        page("one"),
        RandomizeOrder(scenes=(page("two"), Repeat(n=3, scenes=(page("three"), page("four"))))),
        pair("game"),
        EndPage(scene_id="end", scene_header="Bye"),
    ),
)


@pytest.mark.parametrize(
    ("paths", "mode", "chain"),
    [
        ((1,), "scene", ["one", "preview_end"]),
        ((1,), "from", ["one", "randomize_order", "game", "end"]),
        ((0,), "scene", ["start", "preview_end"]),
        ((4,), "scene", ["end"]),
        ((2,), "scene", ["randomize_order", "preview_end"]),
        ((2, 1, 0), "scene", ["three", "preview_end"]),
        ((2, 1, 0), "from", ["three", "game", "end"]),
        ((), "scene", ["start", "one", "randomize_order", "game", "end"]),
        (((3,), (1,)), "scene", ["one", "game", "preview_end"]),
    ],
)
def test_that_a_preview_holds_what_was_asked_for(paths: NodePath, mode: str, chain: list[str]) -> None:
    derived = preview_study(STUDY, paths, mode)  # type: ignore[arg-type]  # pytest gives plain texts
    assert chain_of(derived) == chain
    assert [p for p in validate(derived) if p.severity == "error" and p.code not in NOT_NEEDED] == []


def test_that_a_node_that_does_not_exist_cannot_be_previewed() -> None:
    with pytest.raises(LookupError):
        preview_study(STUDY, (9,))


def test_that_nobody_is_turned_away_excluded_or_sent_elsewhere() -> None:
    game = pair(
        "game",
        waitroom=WaitroomSection(timeout=5, timeout_redirect_url="https://other.example/x", timeout_message="Sorry."),
        matchmaking=MatchmakingSection(
            max_rtt=50, matchmaker="mine.py:Mine", max_rtt_widening=2.0, hide_lobby_count=True
        ),
        multiplayer=MultiplayerSection(
            continuous_max_ping=10, continuous_callback="watch.py:see", focus_loss_timeout_ms=5, input_delay=3
        ),
    )
    study = msgspec.structs.replace(
        STUDY,
        screening=EntryScreening(device_exclusion="mobile", entry_callback="entry.py:judge"),
        endings=Endings(complete_url="https://pay.example/?c={code}", complete_code="C1", redirect_after_s=3),
        chain=(*STUDY.chain[:3], game, CompletionCodePage(scene_id="end", scene_header="Bye")),
    )
    derived = preview_study(study, (3,), "from")
    assert derived.screening == EntryScreening()
    assert derived.endings == Endings(complete_code="C1")
    shown, end = derived.chain
    assert isinstance(shown, GymGame)
    assert isinstance(end, CompletionCodePage)
    assert "https://pay.example/?c={code}" in str(end.scene_subheader)
    assert shown.waitroom.timeout_redirect_url is None
    assert "Sorry." in str(shown.waitroom.timeout_message)
    assert "https://other.example/x" in str(shown.waitroom.timeout_message)
    assert shown.multiplayer == MultiplayerSection(focus_loss_timeout_ms=0, input_delay=3)
    assert shown.matchmaking == MatchmakingSection(hide_lobby_count=True)
    assert shown.waitroom.timeout == 5


def test_that_an_end_page_with_an_address_stays_and_tells_it() -> None:
    end = EndPage(
        scene_id="end", scene_subheader="Bye", redirect_url="https://x.example/?a=<b>", append_subject_id=True
    )
    (derived,) = preview_study(msgspec.structs.replace(STUDY, chain=(*STUDY.chain[:4], end)), (4,)).chain
    assert isinstance(derived, EndPage)
    assert (derived.redirect_url, derived.append_subject_id) == (None, False)
    assert derived.scene_subheader == (
        "Bye<br>In a session participants go on from here to <code>https://x.example/?a=&lt;b&gt;</code>"
    )


def test_that_a_waitroom_leads_only_to_scenes_that_are_there() -> None:
    study = msgspec.structs.replace(
        STUDY,
        chain=(*STUDY.chain[:3], pair("game", waitroom=WaitroomSection(timeout_scene_id="end")), STUDY.chain[4]),
    )
    alone, onwards = (preview_study(study, (3,), mode).chain[0] for mode in ("scene", "from"))
    assert isinstance(alone, GymGame)
    assert isinstance(onwards, GymGame)
    assert alone.waitroom.timeout_scene_id is None
    assert "the scene end follows" in str(alone.waitroom.timeout_message)
    assert onwards.waitroom.timeout_scene_id == "end"


def test_how_many_pages_a_preview_has() -> None:
    assert pages_of_preview(preview_study(STUDY, (1,))) == 1
    assert pages_of_preview(preview_study(STUDY, (3,))) == 2
    six = GymGame(scene_id="six", policies=PoliciesSection(policy_mapping=dict.fromkeys("abcdef", "human")))
    assert pages_of_preview(preview_study(msgspec.structs.replace(STUDY, chain=(six,)), (0,))) == 4


def test_that_later_scenes_with_errors_become_pages_that_say_so() -> None:
    broken = MultipleChoiceForm(scene_id="asks", questions=("How <b>much</b>?",), choices=())
    study = msgspec.structs.replace(STUDY, chain=(*STUDY.chain[:2], Repeat(n=2, scenes=(broken, page("z")))))
    derived = preview_study(study, (1,), "from")
    errors = [p for p in validate(derived) if p.severity == "error"]
    assert any(p.path == (1, 0) for p in errors)
    fixed = without_broken(derived, errors)
    assert [p for p in validate(fixed) if p.severity == "error" and p.code not in NOT_NEEDED] == []
    instead = node_at(fixed, (1, 0))
    assert isinstance(instead, StaticPage)
    assert "“asks”" in str(instead.scene_header)
    assert node_at(fixed, (0,)) is node_at(derived, (0,))


def test_that_an_end_page_with_errors_is_still_the_end() -> None:
    derived = preview_study(STUDY, (1,), "from")
    problem = Problem("3", None, "error", "missing_file", "there is no <file>", "end", (3,))
    fixed = without_broken(derived, [problem])
    assert isinstance(fixed.chain[-1], EndPage)
    assert "there is no &lt;file&gt;" in str(fixed.chain[-1].scene_body)
    assert without_broken(derived, []) is derived


@given(STUDIES)
def test_that_no_path_of_any_study_gives_new_errors(study: Study) -> None:
    known = {(p.path, p.field, p.code) for p in validate(study) if p.severity == "error"}
    for path, _ in walk(study):
        for mode in ("scene", "from"):
            derived = preview_study(study, path, mode)  # type: ignore[arg-type]  # a plain text of the loop
            for problem in validate(derived):
                if problem.severity != "error" or problem.code in NOT_NEEDED:
                    continue
                if problem.code == "too_long":
                    continue  # the preview's own end page counts, and scenes that an order would never keep
                place = problem.path
                before = (*path, *place[1:]) if place and place[0] == 0 else place and (path[0] + place[0], *place[1:])
                assert (before, problem.field, problem.code) in known, problem
