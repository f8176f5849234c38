"""Recovery files: any study comes back from one as it was; a damaged file is none."""

import datetime as dt
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from mug.study import Study, content_hash
from mug.study.model import EnvironmentSection, GymGame
from mug.study.unsaved import UnsavedStudy, exact_text, study_of_exact_text, unsaved_from_text, unsaved_to_text
from tests.drivers.random_studies import STUDIES


def unsaved(study: Study) -> UnsavedStudy:
    return UnsavedStudy(
        path=Path("/studies/a"),
        source=Path("/studies/a/study.toml"),
        base_sha256="0" * 64,
        at="2026-01-02T03:04:05+00:00",
        study=study,
    )


@given(STUDIES)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_that_any_study_comes_back(study: Study) -> None:
    again = unsaved_from_text(unsaved_to_text(unsaved(study)))
    assert again is not None
    assert again == unsaved(study)
    assert content_hash(again.study) == content_hash(study)


def test_that_values_come_back_that_toml_or_json_have_no_word_for() -> None:
    extra = {
        "moment": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "day": dt.date(2026, 1, 2),
        "time": dt.time(3, 4, 5, 678),
        "huge": 10**40,
        "nothing": {"inside": None},
        "limit": math.inf,
        "half": "\ud800",
    }
    game = GymGame(scene_id="a", environment=EnvironmentSection(env_config={"nan": math.nan}))
    study = Study(id="a", chain=(game,), extra=extra)
    again = study_of_exact_text(exact_text(study))
    assert again is not None
    assert again.extra == extra
    assert repr(again) == repr(study)


def test_that_types_stay() -> None:
    study = Study(id="a", extra={"one": 1, "true": True, "point": 1.0})
    again = study_of_exact_text(exact_text(study))
    assert again is not None
    assert [type(value) for value in again.extra.values()] == [int, bool, float]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"unsaved_format": 1}', "[" * 100_000, '{"unsaved_format": 99}'],
    ids=["empty", "cut", "list", "null", "bare", "deep", "newer"],
)
def test_that_a_damaged_file_is_none(text: str) -> None:
    assert unsaved_from_text(text) is None
    assert study_of_exact_text(text) is None or text == '{"unsaved_format": 1}'


def test_that_a_cut_file_is_none_wherever_it_is_cut() -> None:
    text = unsaved_to_text(unsaved(Study(id="a")))
    assert all(unsaved_from_text(text[:end]) is None for end in range(len(text)))


def test_that_a_study_that_this_version_cannot_hold_is_none() -> None:
    text = unsaved_to_text(unsaved(Study(id="a"))).replace('"format": 1', '"format": 99')
    assert unsaved_from_text(text) is None


def test_that_msgspec_structs_inside_are_told() -> None:
    study = msgspec.structs.replace(Study(id="a"), title="ü “quoted” \u2028")
    again = study_of_exact_text(exact_text(study))
    assert again == study
