"""Who may take part and how it ends, as a study says it: placeholders, browsers, reasons."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.configurations.experiment_config import ExperimentConfig
from mug.study import EndPage, GymGame, StartPage, Study, validate
from mug.study.browsers import matches_browser, parse_browser
from mug.study.decoding import decode_study, encode_study
from mug.study.endings import OUTCOMES, Endings, code_for, filled_address, url_for
from mug.study.game import GameplaySection
from mug.study.model import KeyBinding
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.settings import EntryScreening


def problems(study: Study) -> list[tuple[str | None, str, str]]:
    return [(problem.field, problem.code, problem.severity) for problem in validate(study)]


def study_with(**fields: Any) -> Study:
    chain = (StartPage(scene_id="start", scene_body="Hello"), EndPage(scene_id="end", scene_body="Bye"))
    return Study(id="memory", chain=chain, **fields)


@pytest.mark.parametrize(
    ("url", "code", "severity"),
    [
        ("https://x.test/?c={code}&s={subject_id}&t={session_id}&o={outcome}", None, None),
        ("https://x.test/?pid={PROLIFIC_PID}&x={my-own.name_1}", None, None),
        ("https://x.test/?c={}", "invalid_placeholder", "error"),
        ("https://x.test/?c={a$b}", "invalid_placeholder", "error"),
        ("https://x.test/?c={code", "invalid_placeholder", "error"),
        ("https://x.test/?c=code}", "invalid_placeholder", "error"),
        ("https://x.test/?c={{code}}", "invalid_placeholder", "error"),
        ("https://{host}/done", "invalid_placeholder", "error"),
        ("https://x.test/?c={codes}", "unknown_placeholder", "warning"),
        ("https://x.test/?c={Subject_id}", "unknown_placeholder", "warning"),
    ],
)
@pytest.mark.parametrize("field", ["complete_url", "screened_out_url", "partner_left_url", "technical_url", None])
def test_that_placeholders_are_checked_wherever_an_address_stands(
    url: str, code: str | None, severity: str | None, field: str | None
) -> None:
    if field is None:
        page = EndPage(scene_id="end", scene_body="Bye", redirect_url=url)
        found = problems(Study(id="memory", chain=(StartPage(scene_id="start", scene_body="Hello"), page)))
        place = "redirect_url"
    else:
        found, place = problems(study_with(endings=Endings(**{field: url}))), f"endings.{field}"
    assert found == ([] if code is None else [(place, code, severity)])


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.test/", "//x.test/", "x.test", "data:text/html,x"])
def test_that_an_address_is_http(url: str) -> None:
    assert problems(study_with(endings=Endings(complete_url=url))) == [("endings.complete_url", "invalid_url", "error")]
    with pytest.raises(ValueError, match="http"):
        ExperimentConfig().endings(complete_url=url)


def test_that_an_empty_code_and_a_time_out_of_bounds_are_problems() -> None:
    assert problems(study_with(endings=Endings(complete_code=" "))) == [
        ("endings.complete_code", "empty_code", "error")
    ]
    assert problems(study_with(endings=Endings(redirect_after_s=-1))) == [
        ("endings.redirect_after_s", "out_of_bounds", "error")
    ]


def test_that_every_outcome_has_a_code_and_an_address() -> None:
    endings = Endings(
        **{f"{name}_code": name for name in set(OUTCOMES.values())},
        **{f"{name}_url": f"https://{name}.test" for name in set(OUTCOMES.values())},
    )
    assert {outcome: code_for(endings, outcome) for outcome in OUTCOMES} == dict(OUTCOMES)
    assert url_for(endings, "excluded") == "https://screened_out.test"
    assert url_for(endings, "no_partner") == "https://partner_left.test"


@given(st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), st.text(max_size=30), max_size=4))
def test_that_no_value_breaks_out_of_its_place(values: dict[str, str]) -> None:
    url = "https://x.test/?" + "&".join(f"{name}={{{name}}}" for name in values)
    filled = filled_address(url, values)
    assert filled.isascii()
    found = dict(part.split("=", 1) for part in filled.partition("?")[2].split("&") if part)
    assert {name: unquote(value) for name, value in found.items()} == values
    assert not re.search(r"[\s<>\"'#]", filled)


def test_that_the_chain_api_and_files_hold_the_same() -> None:
    config = ExperimentConfig().endings(complete_code="C", screened_out_url="https://x.test/{code}", redirect_after_s=5)
    assert config.endings() is config
    study = study_with(endings=Endings(complete_code="C", screened_out_url="https://x.test/{code}", redirect_after_s=5))
    decoded, *_ = decode_study(encode_study(study))
    assert decoded is not None
    assert decoded.endings == study.endings
    with pytest.raises(TypeError, match="complete_code"):
        config.endings(complete_code=7)  # type: ignore[arg-type]


# ---------------------------------------------------------------- browsers and reasons


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("firefox", ("firefox", 0)),
        (" Firefox ", ("firefox", 0)),
        ("FIREFOX>=100", ("firefox", 100)),
        ("Microsoft Edge >= 110", ("edge", 110)),
        ("Chromium", ("chrome", 0)),
        ("firefox>100", None),
        (">=3", None),
        ("", None),
    ],
)
def test_that_browsers_are_named_in_any_case_with_a_smallest_version(text: str, parsed: tuple[str, int] | None) -> None:
    assert parse_browser(text) == parsed


def test_that_any_of_several_rules_is_enough() -> None:
    assert matches_browser(("safari", "firefox>=100"), "firefox", 100)
    assert not matches_browser(("safari", "firefox>=100"), "firefox", 99)
    assert not matches_browser((), "firefox", 99)
    assert not matches_browser(("nonsense ==",), "firefox", 99)


def test_that_screening_says_what_it_does_not_know() -> None:
    screening = EntryScreening(
        browser_requirements=("fierfox",),
        browser_blocklist=("safari==1",),
        requirements=("webgpu",),
        exclusion_messages={"phone": "No phones."},
    )
    assert problems(study_with(screening=screening)) == [
        ("screening.browser_requirements", "unknown_browser", "error"),
        ("screening.browser_blocklist", "unknown_browser", "error"),
        ("screening.requirements", "unknown_requirement", "error"),
        ("screening.exclusion_messages", "unknown_reason", "warning"),
    ]
    [first, *_] = validate(study_with(screening=screening))
    assert "did you mean 'firefox'" in first.message


def test_that_monitoring_says_what_it_does_not_know() -> None:
    rules = MultiplayerSection(
        continuous_tab_warning_ms=9_000,
        continuous_tab_exclude_ms=5_000,
        continuous_exclusion_messages={"tab": "a", "ping_warning": "b", "hidden": "c"},
    )
    game = GymGame(
        scene_id="game",
        gameplay=GameplaySection(action_mapping=(KeyBinding(keys=("a",), action=0),), default_action=0),
        multiplayer=rules,
    )
    chain = (StartPage(scene_id="s", scene_body="x"), game, EndPage(scene_id="e", scene_body="x"))
    found = [problem for problem in problems(Study(id="memory", chain=chain)) if "continuous" in str(problem[0])]
    assert found == [
        ("multiplayer.continuous_exclusion_messages", "unknown_reason", "warning"),
        ("multiplayer.continuous_tab_warning_ms", "warning_after_exclusion", "warning"),
    ]
