"""A validator reads again only what an edit changed, and finds what a fresh one finds."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mug.study import EndPage, RandomizeOrder, StartPage, StaticPage, Study, node_validation, validate, walk
from mug.study.edits import SetField, move
from mug.study.model import Treatments
from mug.study.validation import Validator
from tests.drivers.random_studies import generators, random_edit, random_study, studies

EMPTY = StaticPage(scene_id="empty")
STUDY = Study(id="s", chain=(StartPage(scene_id="a", scene_header="Hi"), EMPTY, EndPage(scene_id="z", scene_body="x")))


@given(st.one_of(studies(), studies(valid=True)), generators())
def test_that_it_finds_what_a_fresh_one_finds_after_every_edit(study, rng):
    validator, versions = Validator(), [study]
    for _ in range(rng.randint(1, 8)):
        if rng.random() < 0.3:
            study = rng.choice(versions)  # undone, redone
        else:
            study, _ = random_edit(rng, study).apply(study)
            versions.append(study)
        assert validator.validate(study) == validate(study)


@given(studies())
@settings(max_examples=30)
def test_that_wrong_types_do_not_break_it(study):
    broken = msgspec.structs.replace(
        study,
        chain=(*study.chain, RandomizeOrder(scenes=(*study.chain, EMPTY), keep_n="x"), *study.chain),
    )
    validator = Validator()
    assert validator.validate(broken) == validate(broken)
    assert validator.validate(study) == validate(study)


def test_that_one_node_in_two_places_has_its_problems_at_both():
    twice = msgspec.structs.replace(
        STUDY, chain=(STUDY.chain[0], EMPTY, RandomizeOrder(scenes=(EMPTY,)), STUDY.chain[2])
    )
    found = [(problem.node_id, problem.path) for problem in Validator().validate(twice) if problem.code == "empty_page"]
    assert found == [("1", (1,)), ("2.0", (2, 0))]


def test_that_a_moved_node_has_its_problems_where_it_is():
    validator = Validator()
    validator.validate(STUDY)
    edit = move(STUDY, [(1,)], (0,))
    assert edit is not None
    found = validator.validate(edit.apply(STUDY)[0])
    assert [(p.node_id, p.label, p.path) for p in found if p.code == "empty_page"] == [("0", "empty", (0,))]


def test_that_only_changed_nodes_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    problems_of_fields = node_validation.problems_of_fields

    def counted(struct, node, path, prefix=""):
        if prefix == "" and node is not None:
            read.append(node)
        return problems_of_fields(struct, node, path, prefix)

    study = msgspec.structs.replace(random_study(random.Random(2), scenes=200), treatments=Treatments())
    validator = Validator()
    monkeypatch.setattr(node_validation, "problems_of_fields", counted)
    validator.validate(study)
    assert len(read) == len(list(walk(study)))
    read.clear()
    changed, _ = SetField(path=(0,), field="scene_header", value="Other").apply(study)
    validator.validate(changed)
    assert read == [changed.chain[0]]
    read.clear()
    arms = {name: {"changes": {"end": {"scene_header": name}}} for name in ("a", "b")}
    compared = msgspec.structs.replace(changed, treatments=Treatments(arms=arms))
    validator.validate(compared)
    assert [node.scene_header for node in read] == ["a", "b"]
    read.clear()
    again, _ = SetField(path=(0,), field="scene_header", value="Another").apply(compared)
    validator.validate(again)
    assert read == [again.chain[0]]
