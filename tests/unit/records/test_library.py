"""The list of sessions: tags and notes beside the records, and what a search finds."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mug.records import RecordsError
from mug.records.annotations import ANNOTATIONS_FILE, Annotation, annotate, clean_tags, read_annotations
from mug.records.library import SessionSummary, library, search
from tests.drivers.recorded_session import RecordedSession
from tests.drivers.withdrawn_session import record_pair


def test_that_tags_and_notes_are_kept_beside_the_records(tmp_path: Path) -> None:
    path = record_pair(tmp_path)
    before = path.read_bytes()
    annotate(tmp_path, "exp", "s1", Annotation(("good", " lab 2 "), "Fire alarm at 10:05"), pilot=False)
    [session] = library(tmp_path)
    assert (session.tags, session.notes) == (("good", "lab 2"), "Fire alarm at 10:05")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []
    annotate(tmp_path, "exp", "s1", Annotation(), pilot=False)
    assert read_annotations(tmp_path, "exp") == {}


def test_that_a_pilot_and_a_real_session_of_one_name_have_their_own(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    annotate(tmp_path, "exp", "s1", Annotation(("real",)), pilot=False)
    annotate(tmp_path, "exp", "s1", Annotation(("try",)), pilot=True)
    assert {key: said.tags for key, said in read_annotations(tmp_path, "exp").items()} == {
        (False, "s1"): ("real",),
        (True, "s1"): ("try",),
    }


@pytest.mark.parametrize(
    ("said", "tags", "notes"),
    [
        ({"tags": None, "notes": None}, (), ""),
        ({"tags": 5, "notes": ["x"]}, (), ""),
        ({"tags": "good", "notes": "x"}, ("good",), "x"),
        ({"tags": ["a", 3]}, ("a",), ""),
    ],
)
def test_that_a_file_edited_by_hand_does_not_stop_the_list(
    tmp_path: Path, said: dict[str, object], tags: tuple[str, ...], notes: str
) -> None:
    path = record_pair(tmp_path)
    data = {"format": 1, "sessions": {"real": {"s1": said}}}
    path.with_name(ANNOTATIONS_FILE).write_text(json.dumps(data), encoding="utf-8")
    assert [(session.tags, session.notes) for session in library(tmp_path)] == [(tags, notes)]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"format": 9, "sessions": {}}', '{"format": 1, "sessions": {"real": 3}}', "[" * 100_000],
    ids=["half", "list", "newer", "number", "deep"],
)
def test_that_a_file_that_cannot_be_understood_is_never_written_over(tmp_path: Path, text: str) -> None:
    path = record_pair(tmp_path)
    file = path.with_name(ANNOTATIONS_FILE)
    file.write_text(text, encoding="utf-8")
    assert [session.tags for session in library(tmp_path)] == [()]
    with pytest.raises(RecordsError, match="move it away"):
        annotate(tmp_path, "exp", "s1", Annotation(("new",)), pilot=False)
    assert file.read_text(encoding="utf-8") == text


def test_that_tags_are_tidied() -> None:
    assert clean_tags([" a ", "A", "", "b,c", "x" * 90]) == ("a", "b c", "x" * 40)


def test_that_a_search_looks_into_everything_that_is_written_of_a_session(tmp_path: Path) -> None:
    one = SessionSummary(
        "trust-game", "s-2026", "ended", "2026-03-01T10:00:00.000Z", tmp_path, label="Monday", tags=("Vienna",)
    )
    two = replace(one, session_id="s-other", pilot=True, label="", tags=(), notes="The projector failed")
    both = [one, two]
    assert search(both, "") == both
    assert search(both, "vienna MONDAY") == [one]
    assert search(both, "projector") == [two]
    assert search(both, "pilot") == [two]
    assert search(both, "2026-03-01") == both
    assert search(both, "trust s-2026") == [one]
    assert search(both, "nothing") == []


def test_that_the_head_changes_with_what_is_recorded(tmp_path: Path) -> None:
    record_pair(tmp_path)
    [first] = library(tmp_path)
    with RecordedSession(tmp_path, "s2"):
        pass
    assert first.head not in {session.head for session in library(tmp_path)}
