"""Scenes as text: what is copied comes back equal, and what is no scene is refused in words."""

import contextlib
import random
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.study.clipboard import MAX_CHARACTERS, nodes_from_text, nodes_to_text
from mug.study.errors import EditError
from mug.study.files import dump_study, parse_study
from mug.study.hashing import content_hash
from mug.study.model import RandomizeOrder, StaticPage, Study
from tests.drivers import random_studies
from tests.drivers.canvas_studies import sample


def same(first: tuple[object, ...], second: tuple[object, ...]) -> bool:
    """Whether nodes are equal, nan and the order of tables aside."""
    return content_hash(Study(id="a", chain=first)) == content_hash(Study(id="a", chain=second))  # type: ignore[arg-type]  # nodes


@given(st.lists(random_studies.NODES, min_size=1, max_size=4))
def test_that_copied_scenes_come_back_equal(nodes: list[object]) -> None:
    text = nodes_to_text(nodes)  # type: ignore[arg-type]  # nodes
    assert same(nodes_from_text(text), tuple(nodes))


@given(st.integers(0, 10_000))
def test_that_a_whole_study_file_can_be_pasted(seed: int) -> None:
    study = random_studies.random_study(random.Random(seed), scenes=5)
    assert same(nodes_from_text(dump_study(study)), study.chain)


def test_that_the_text_can_be_put_into_a_study_file_by_hand(tmp_path: object) -> None:
    study = sample("start_page", "static_page")
    text = nodes_to_text(sample(["repeat", "gym_game"], "end_page").chain)
    first = text.splitlines()[0]
    assert first.startswith("# ")
    assert "MUG" in first
    assert "format 1" in first
    whole = parse_study(f"{dump_study(study)}\n{text}", tmp_path)  # type: ignore[arg-type]  # only for messages
    assert [node.kind for node in whole.chain] == ["start_page", "static_page", "repeat", "end_page"]


def test_that_parts_of_a_study_file_can_be_pasted() -> None:
    page = 'kind = "static_page"\nscene_id = "a"\n'
    expected = (StaticPage(scene_id="a"),)
    assert nodes_from_text(page) == expected
    assert nodes_from_text(f"[[chain]]\n{page}") == expected
    assert nodes_from_text(f"\n\n# a remark\n[[chain.scenes]]\n{page}") == expected
    assert nodes_from_text(f'[[chain]]\nkind = "randomize_order"\n[[chain.scenes]]\n{page}') == (
        RandomizeOrder(scenes=expected),
    )
    assert nodes_from_text(f"\ufeff[[chain]]\n{page}".lstrip("\ufeff")) == expected


NONSENSE = {
    "": "holds no text",
    "  \n ": "holds no text",
    "Dear all, the meeting is at ten.": "“Dear all, the meeting is at ten.” is no scene",
    "[[chain]]\nkind = ": "is not valid TOML",
    "x = 1": "holds no scenes",
    "chain = []": "holds no scenes",
    "[[chain]]\nkind = 'static_pag'\nscene_id = 'a'": "did you mean 'static_page'",
    "[[chain]]\nkind = 'static_page'": "scene_id is missing|add scene_id",
    "[[chain]]\nkind = 'gym_game'\nscene_id = 'a'\n[chain.gameplay]\nnum_episodes = 'many'": "num_episodes",
    "chain = 5": "must be a list of nodes",
    "format = 99\n[[chain]]\nkind = 'static_page'\nscene_id = 'a'": "newer MUG",
    "# Scenes of a MUG study, format 7. Paste them.\n[[hyperchain]]": "format 7, written by a newer MUG",
    "a = " + "[" * 5_000: "nested too deep|is no scene",
    "[[chain" + ".scenes" * 400 + "]]\nkind = 'static_page'\nscene_id='a'": "",
    "\0\x01\x02": "is no scene",
}


@pytest.mark.parametrize("text", NONSENSE)
def test_that_nonsense_is_refused_in_words(text: str) -> None:
    if not NONSENSE[text]:
        assert len(nodes_from_text(text)) == 1
        return
    with pytest.raises(EditError, match=NONSENSE[text]):
        nodes_from_text(text)


def test_that_a_huge_text_is_refused_unread() -> None:
    with pytest.raises(EditError, match="too long"):
        nodes_from_text("x" * (MAX_CHARACTERS + 1))


@given(st.text(max_size=200))
def test_that_any_text_is_either_scenes_or_refused(text: str) -> None:
    with contextlib.suppress(EditError):
        assert nodes_from_text(text)


def test_that_nothing_and_what_toml_cannot_hold_are_not_copied() -> None:
    with pytest.raises(EditError, match="select a scene"):
        nodes_to_text(())
    with pytest.raises(EditError, match="cannot be copied"):
        nodes_to_text((StaticPage(scene_id="a", experiment_config={"x": None}),))


def test_that_the_tables_are_those_of_a_study_file() -> None:
    nodes = sample(["randomize_order", "gym_game"], "text_box").chain
    raw = tomllib.loads(nodes_to_text(nodes))
    assert list(raw) == ["chain"]
    assert [table["kind"] for table in raw["chain"]] == ["randomize_order", "text_box"]
