"""The diff of two studies: nothing where nothing differs, every difference otherwise, edits as one makes them."""

import sys
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mug.study import content_hash, walk
from mug.study.diff import StudyDiff, diff_studies
from mug.study.diff_text import diff_as_text, line_changes, value_lines
from mug.study.edits import RESET, SetField, duplicate, insert, move, remove, replace, unwrap, wrap
from mug.study.model import (
    EndPage,
    GameplaySection,
    GymGame,
    Node,
    PoliciesSection,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    TextBoxForm,
)
from tests.drivers.random_studies import STUDIES


def page(name: str, **fields: str) -> StaticPage:
    return StaticPage(scene_id=name, scene_header=f"Page {name}", **fields)


def study(*chain: Node, **fields: object) -> Study:
    return Study(id="s", chain=chain, **fields)  # type: ignore[arg-type]


CHAIN = study(
    StartPage(scene_id="start", scene_header="Welcome"),
    page("a"),
    RandomizeOrder(scenes=(page("b"), Repeat(n=2, scenes=(page("c"), page("d"))), page("e"))),
    GymGame(scene_id="game", gameplay=GameplaySection(num_episodes=3)),
    Repeat(n=3, scenes=(page("f"), page("g"))),
    TextBoxForm(scene_id="why", text_box_header="Why?"),
    EndPage(scene_id="end"),
)
PATHS = [path for path, _ in walk(CHAIN)]


def counts(diff: StudyDiff) -> tuple[int, int, int, int]:
    return len(diff.added), len(diff.removed), len(diff.moved), diff.changed_fields


def without_layout(study: Study) -> Study:
    return msgspec.structs.replace(study, layout={})


@given(STUDIES)
def test_that_a_study_does_not_differ_from_itself(study: Study) -> None:
    again = msgspec.structs.replace(study, layout={"a": 1})
    diff = diff_studies(study, again)
    assert diff.is_empty
    assert diff.summary == "No differences"
    assert [node.after for node in diff.nodes] == [path for path, _ in walk(study)]


@given(STUDIES, STUDIES)
def test_that_two_studies_differ_when_their_content_does(one: Study, other: Study) -> None:
    diff = diff_studies(one, other)
    assert diff.is_empty == (content_hash(one) == content_hash(other))
    assert diff == diff_studies(one, other)
    assert sorted(node.before for node in diff.nodes if node.before) == [path for path, _ in walk(one)]
    assert [node.after for node in diff.nodes if node.after] == [path for path, _ in walk(other)]


@given(STUDIES, STUDIES)
def test_that_the_way_back_says_the_opposite(one: Study, other: Study) -> None:
    there, back = diff_studies(one, other), diff_studies(other, one)
    assert there.is_empty == back.is_empty
    assert len(there.added) - len(there.removed) == len(back.removed) - len(back.added)


def shuffled(data: st.DataObject, names: list[str]) -> Study:
    """A study of the given pages, in any order, some of them in wrappers."""
    left = data.draw(st.permutations(names))

    def some(depth: int) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while left and data.draw(st.integers(0, 3)):
            if depth < 3 and data.draw(st.integers(0, 3)) == 0:
                n = data.draw(st.integers(1, 2))
                scenes = some(depth + 1)
                nodes.append(data.draw(st.sampled_from([Repeat(n=n, scenes=scenes), RandomizeOrder(scenes=scenes)])))
            else:
                nodes.append(page(left.pop()))
        return tuple(nodes)

    chain = some(0)
    return study(*chain, *(page(name) for name in left))


@given(st.data())
def test_that_scenes_of_both_studies_are_moved_and_never_added_or_removed(data: st.DataObject) -> None:
    names = [f"p{number}" for number in range(9)]
    before, after = shuffled(data, names), shuffled(data, names[2:])
    diff = diff_studies(before, after)
    scenes = [node for node in diff.nodes if isinstance(node.node, StaticPage)]
    assert sorted(node.node.scene_id for node in scenes) == names  # type: ignore[union-attr]
    assert [node.status for node in scenes if node.before is None] == []
    assert sorted(node.old.scene_id for node in scenes if node.after is None) == names[:2]  # type: ignore[union-attr]
    stayed = [node for node in scenes if node.status == "same" and len(node.after or ()) == 1]
    assert [node.before for node in stayed] == sorted(node.before for node in stayed if node.before)


@given(st.data(), STUDIES)
def test_that_one_changed_field_is_the_one_that_is_told(data: st.DataObject, study: Study) -> None:
    scenes = [path for path, node in walk(study) if not isinstance(node, RandomizeOrder | Repeat)]
    assume(scenes)
    path = data.draw(st.sampled_from(scenes))
    changed, _ = SetField(path=path, field="experiment_config", value={"only": "here"}).apply(study)
    diff = diff_studies(study, changed)
    assume(content_hash(study) != content_hash(changed))
    told = [(node.after, change.field) for node in diff.nodes for change in node.fields]
    if len({node.scene_id for _, node in walk(study) if hasattr(node, "scene_id")}) == len(scenes):
        assert told == [(path, "experiment_config")]
    assert told


@pytest.mark.parametrize("at", [(0,), (3,), (7,), (2, 0), (2, 3), (2, 1, 2), (4, 1)])
def test_that_an_inserted_scene_is_one_added_and_its_way_back_one_removed(at: tuple[int, ...]) -> None:
    after, _ = insert(at, [page("new")]).apply(CHAIN)
    assert counts(diff_studies(CHAIN, after)) == (1, 0, 0, 0)
    assert diff_studies(CHAIN, after).added[0].after == at
    back = diff_studies(after, CHAIN)
    assert counts(back) == (0, 1, 0, 0)
    assert [node.before for node in back.nodes] == [path for path, _ in walk(after)]  # it stands where it was


@pytest.mark.parametrize("path", PATHS)
def test_that_every_removed_node_takes_what_it_holds_along(path: tuple[int, ...]) -> None:
    after, _ = remove(CHAIN, [path]).apply(CHAIN)
    gone = sum(other[: len(path)] == path for other in PATHS)
    diff = diff_studies(CHAIN, after)
    assert counts(diff) == (0, gone, 0, 0)
    # Removed nodes stand where they were, as deep as they were.
    assert [node.before for node in diff.nodes] == PATHS
    assert [node.depth for node in diff.nodes] == [len(other) - 1 for other in PATHS]


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ((1,), (0,)),
        ((0,), (7,)),
        ((1,), (2, 0)),
        ((2, 0), (0,)),
        ((2, 1), (5,)),
        ((4,), (2, 1, 1)),
        ((2, 1, 0), (2, 1, 2)),
        ((5,), (4,)),
    ],
)
def test_that_a_moved_node_is_one_moved(path: tuple[int, ...], to: tuple[int, ...]) -> None:
    edit = move(CHAIN, [path], to)
    assert edit is not None
    after, _ = edit.apply(CHAIN)
    diff = diff_studies(CHAIN, after)
    assert counts(diff) == (0, 0, 1, 0)
    if path not in {(5,), (2, 1, 0)}:  # of two neighbours that change places either may be the one that moved
        assert diff.moved[0].before == path


def test_that_the_wrapper_around_nodes_is_added_and_they_move_into_it() -> None:
    after, _ = wrap(CHAIN, [(0,), (1,)], Repeat(n=2, scenes=())).apply(CHAIN)
    assert counts(diff_studies(CHAIN, after)) == (1, 0, 2, 0)
    assert counts(diff_studies(after, CHAIN)) == (0, 1, 2, 0)
    around_a_part, _ = wrap(CHAIN, [(4, 0)], Repeat(n=3, scenes=())).apply(CHAIN)
    assert counts(diff_studies(CHAIN, around_a_part)) == (1, 0, 1, 0)
    around_a_wrapper, _ = wrap(CHAIN, [(4,)], Repeat(n=3, scenes=())).apply(CHAIN)
    assert counts(diff_studies(CHAIN, around_a_wrapper)) == (1, 0, 1, 0)


def test_that_taking_scenes_out_removes_the_wrapper_and_moves_them() -> None:
    after, _ = unwrap(CHAIN, (2,)).apply(CHAIN)
    diff = diff_studies(CHAIN, after)
    assert counts(diff) == (0, 1, 3, 0)
    assert isinstance(diff.removed[0].old, RandomizeOrder)


def test_that_copies_are_added() -> None:
    after, _ = duplicate(CHAIN, [(2,)]).apply(CHAIN)
    assert counts(diff_studies(CHAIN, after)) == (6, 0, 0, 0)


def test_that_a_renamed_scene_is_known_by_what_it_says() -> None:
    after, _ = SetField(path=(2, 1, 0), field="scene_id", value="cherry").apply(CHAIN)
    (node,) = diff_studies(CHAIN, after).changed_nodes
    (change,) = node.fields
    assert (node.status, change.field, change.title) == ("changed", "scene_id", "Scene id")
    assert (change.before, change.after) == ("c", "cherry")
    moved = move(after, [(2, 1, 0)], (0,))
    assert moved is not None
    diff = diff_studies(CHAIN, moved.apply(after)[0])
    assert counts(diff) == (0, 0, 1, 1)


def test_that_a_scene_of_another_kind_is_the_same_scene() -> None:
    after, _ = replace(CHAIN, (1,), TextBoxForm(scene_id="a", scene_header="Page a", text_box_header="Q")).apply(CHAIN)
    (node,) = diff_studies(CHAIN, after).changed_nodes
    kind, question = node.fields
    assert (kind.field, kind.before, kind.after) == ("kind", "Page", "Text box")
    assert (question.field, question.before_given, question.after) == ("text_box_header", False, "Q")
    other, _ = replace(
        CHAIN,
        (4,),
        RandomizeOrder(scenes=CHAIN.chain[4].scenes),  # type: ignore[union-attr]
    ).apply(CHAIN)
    (node,) = diff_studies(CHAIN, other).changed_nodes
    assert (node.before, node.after, node.fields[0].field) == ((4,), (4,), "kind")


def test_that_fields_are_told_with_names_values_and_defaults() -> None:
    after, _ = SetField(path=(3,), field="gameplay.num_episodes", value=RESET).apply(CHAIN)
    after, _ = SetField(path=(), field="hosting.port", value=9000).apply(after)
    after, _ = SetField(path=(3,), field="from_the_future", value=[1]).apply(after)
    diff = diff_studies(CHAIN, after)
    (port,) = diff.study_fields
    assert (port.field, port.title) == ("hosting.port", "Hosting · Port")
    assert (port.before, port.before_given, port.after, port.after_given) == (8000, False, 9000, True)
    episodes, unknown = diff.changed_nodes[0].fields
    assert (episodes.title, episodes.before, episodes.after) == ("Gameplay · Episodes", 3, 1)
    assert not episodes.after_given
    assert (unknown.field, unknown.title, unknown.before, unknown.after) == ("from_the_future",) * 2 + (None, [1])
    assert diff.summary == "3 fields changed"
    assert diff_studies(CHAIN, study(*CHAIN.chain[1:], title="T")).summary == "1 removed · 1 field changed"


def test_that_the_order_of_people_counts_and_that_of_other_tables_does_not() -> None:
    def game(mapping: dict[str, str], **config: object) -> Study:
        return study(GymGame(scene_id="g", policies=PoliciesSection(policy_mapping=mapping), experiment_config=config))

    assert not diff_studies(game({"a": "human", "b": "human"}), game({"b": "human", "a": "human"})).is_empty
    assert diff_studies(game({"a": "human", "b": "random"}), game({"b": "random", "a": "human"})).is_empty
    assert diff_studies(game({}, x=1, y=2), game({}, y=2, x=1)).is_empty
    assert not diff_studies(game({}, x=1), game({}, x=True)).is_empty


def test_that_scenes_with_one_id_are_paired_by_what_they_say() -> None:
    before = study(page("x", scene_body="one"), page("x", scene_body="two"))
    after = study(page("x", scene_body="two"))
    diff = diff_studies(before, after)
    assert counts(diff) == (0, 1, 0, 0)
    assert diff.removed[0].before == (0,)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called: what the work costs on any machine."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def test_that_what_a_comparison_costs_does_not_grow_with_the_square_of_the_scenes() -> None:
    def compared(number: int) -> StudyDiff:
        scenes = [
            GymGame(scene_id=f"g{n}", gameplay=GameplaySection(num_episodes=n + 2))
            if n % 3 == 0
            else page(f"p{n}", scene_body=f"<p>{n}</p>" * 40)
            for n in range(number)
        ]
        others = [msgspec.structs.replace(scene, scene_id=f"{scene.scene_id}_2") for scene in scenes]
        return diff_studies(study(*scenes), study(*reversed(others)))

    assert counts(compared(200)) == (0, 0, 199, 200)
    assert calls_of(lambda: compared(200)) < 2.5 * calls_of(lambda: compared(100))


def test_that_the_text_tells_everything_a_person_wants_to_read() -> None:
    after, _ = SetField(path=(3,), field="gameplay.num_episodes", value=5).apply(CHAIN)
    after, _ = insert((1,), [page("new")]).apply(after)
    after, _ = remove(after, [(6,)]).apply(after)
    after, _ = SetField(path=(2,), field="scene_body", value="one\ntwo\n").apply(after)
    text = diff_as_text(diff_studies(CHAIN, after), "Version 1", "Version 2")
    assert text == (
        "Version 1 → Version 2\n"
        "1 added · 1 removed · 2 fields changed\n"
        "\n"
        "+ added    Page “new”\n"
        "~ changed  Page “a”\n"
        "    Body:\n"
        "      + one\n"
        "      + two\n"
        "~ changed  Game “game”\n"
        "    Gameplay · Episodes: 3 → 5\n"
        "− removed  Text box “why”\n"
    )


def test_that_values_are_shown_as_lines_and_long_ones_line_by_line() -> None:
    assert value_lines("one\ntwo") == ["one", "two"]
    assert value_lines(None) == []
    assert value_lines(True) == ["true"]
    assert value_lines(["a", ["b", 1]]) == ["a", "[b, 1]"]
    assert value_lines({"x": 1, "y": {"z": "w"}}) == ["x = 1", "y = {z = w}"]
    assert [(change.sign, change.line) for change in line_changes("a\nb\nc", "a\nx\nc")] == [
        (" ", "a"),
        ("-", "b"),
        ("+", "x"),
        (" ", "c"),
    ]
