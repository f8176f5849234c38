"""New nodes: valid where that is possible, with ids of their own, and put where they belong."""

import pytest

from mug.study.catalog import NODE_KINDS
from mug.study.edits import insert
from mug.study.errors import EditError
from mug.study.model import EndPage, RandomizeOrder, Repeat, StartPage, Study
from mug.study.starters import place_after, starter
from mug.study.validation import validate
from tests.drivers.canvas_studies import outline, sample

UNAVOIDABLE = {
    "gym_game": {"no_environment", "no_keys"},
    "unity_game": {"no_build"},
    "html_game": {"no_build"},
    "randomize_order": {"empty_wrapper"},
    "repeat": {"empty_wrapper"},
}
"""What only the researcher can give."""


@pytest.mark.parametrize("kind", NODE_KINDS)
def test_that_a_new_node_brings_no_problem_but_what_only_the_researcher_knows(kind: str) -> None:
    study = sample("start_page", "end_page")
    node = starter(study, kind)
    assert type(node) is NODE_KINDS[kind].struct
    if isinstance(node, StartPage):
        study = sample("end_page")
    elif isinstance(node, EndPage):
        study = sample("start_page")
    changed, _ = insert(place_after(study, (), (node,)), (node,)).apply(study)
    assert {problem.code for problem in validate(changed)} == UNAVOIDABLE.get(kind, set())


@pytest.mark.parametrize("kind", [kind for kind, info in NODE_KINDS.items() if not info.wrapper])
def test_that_every_new_scene_has_an_id_of_its_own(kind: str) -> None:
    study = sample(kind, kind, ["repeat", kind], kind)
    ids = [node.scene_id for node in (study.chain[0], study.chain[1], study.chain[2].scenes[0], study.chain[3])]
    assert len(set(ids)) == 4


def test_that_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(EditError, match="did you mean 'gym_game'"):
        starter(Study(id="a"), "gym_gam")


def test_that_a_repeat_begins_with_two_rounds() -> None:
    assert starter(Study(id="a"), "repeat") == Repeat(scenes=(), n=2)
    assert starter(Study(id="a"), "randomize_order") == RandomizeOrder(scenes=())


def test_where_new_nodes_go() -> None:
    study = sample("start_page", "static_page", ["repeat", "text_box"], "end_page")
    page, start, end = (starter(study, kind) for kind in ("static_page", "start_page", "end_page"))
    assert place_after(study, ()) == (3,)  # before the end page
    assert place_after(study, ((0,),)) == (1,)
    assert place_after(study, ((0,), (1,))) == (2,)
    assert place_after(study, ((2,),), (page,)) == (2, 1)  # into the wrapper
    assert place_after(study, ((2, 0),), (page,)) == (2, 1)
    assert place_after(study, ((1,), (2,)), (page,)) == (3,)
    assert place_after(study, ((3,),), (page,)) == (3,)  # nothing behind the end
    assert place_after(study, ((1,),), (start,)) == (0,)
    assert place_after(study, ((1,),), (end,)) == (4,)
    assert place_after(sample("static_page"), ((0,),), (page,)) == (1,)
    assert place_after(sample(), (), (page,)) == (0,)
    assert outline(study) == ["start", "page", ["repeat", "text_box"], "end"]
