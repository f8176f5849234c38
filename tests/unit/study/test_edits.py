"""Every change of a study can be taken back, exactly; a change that makes no sense says so."""

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mug.study import (
    EndPage,
    GymGame,
    Hosting,
    RandomizeOrder,
    Repeat,
    StartPage,
    StaticPage,
    Study,
    dump_study,
    node_at,
    parse_study,
    walk,
)
from mug.study.decoding import encode_study
from mug.study.edits import (
    RESET,
    Compound,
    ReplaceStudy,
    SetField,
    Splice,
    after_removal,
    duplicate,
    field_value,
    fresh_scene_id,
    insert,
    move,
    outermost,
    remove,
    replace,
    unwrap,
    with_fresh_ids,
    wrap,
)
from mug.study.errors import EditError
from mug.study.model import GameplaySection, Treatments
from tests.drivers.random_studies import generators, random_edit, random_study, studies

FILE = Path("study.toml")
SEEDS = generators()


def pages(*names):
    return tuple(StaticPage(scene_id=name) for name in names)


def ids(nodes):
    return [ids(node.scenes) if isinstance(node, RandomizeOrder | Repeat) else node.scene_id for node in nodes]


NESTED = Study(
    id="s",
    chain=(
        StartPage(scene_id="start"),
        RandomizeOrder(scenes=(*pages("a", "b"), Repeat(scenes=pages("c"), n=2))),
        *pages("d", "e"),
        EndPage(scene_id="end"),
    ),
)


def after(edit, study=NESTED):
    changed, inverse = edit.apply(study)
    again, redo = inverse.apply(changed)
    assert again == study
    assert repr(encode_study(again)) == repr(encode_study(study))
    assert redo.apply(again)[0] == changed
    return changed


# --- properties -----------------------------------------------------------------------------------------------------


@given(st.one_of(studies(), studies(valid=True)), SEEDS)
def test_that_any_edit_is_taken_back_by_its_inverse(study, rng):
    edit = random_edit(rng, study)
    changed, inverse = edit.apply(study)
    back, redo = inverse.apply(changed)
    assert back == study
    assert repr(encode_study(back)) == repr(encode_study(study)), "tables have their order again"
    assert redo.apply(back)[0] == changed
    assert edit.label
    assert inverse.label


@given(studies(valid=True), SEEDS)
def test_that_all_edits_undone_leave_the_bytes_of_the_file(study, rng):
    commented = "# the study of the spring\n" + dump_study(study).replace("\n[[chain]]", "\n# next\n[[chain]]")
    original = parse_study(commented, FILE)
    now, inverses = original, []
    for _ in range(rng.randint(1, 12)):
        now, inverse = random_edit(rng, now).apply(now)
        inverses.append(inverse)
    for inverse in reversed(inverses):
        now, _ = inverse.apply(now)
    assert now == original
    assert dump_study(now, commented) == commented
    assert dump_study(now) == dump_study(original)


@given(studies(valid=True, scenes=4), SEEDS)
def test_that_a_file_written_at_each_step_of_doing_and_undoing_holds_the_study(study, rng):
    text = "# kept\n" + dump_study(study)
    done = []
    for _ in range(3):
        study, inverse = random_edit(rng, study).apply(study)
        done.append(inverse)
        text = dump_study(study, text)
        assert parse_study(text, FILE) == study
    for inverse in reversed(done):
        study, _ = inverse.apply(study)
        text = dump_study(study, text)
        assert parse_study(text, FILE) == study
        assert "# kept" in text


@given(st.one_of(studies(), studies(valid=True)), SEEDS)
def test_that_touched_nodes_are_there_and_others_stay_the_same_objects(study, rng):
    edit = random_edit(rng, study)
    changed, _ = edit.apply(study)
    for path in edit.touched:
        node_at(changed, path)
    if not isinstance(edit, SetField | Splice):
        return
    old = {id(node) for _, node in walk(study)}
    new = [path for path, node in walk(changed) if id(node) not in old]
    for path in new:
        around = any(touched[: len(path)] == path for touched in edit.touched)
        within = any(path[: len(touched)] == touched for touched in edit.touched)
        taken = isinstance(edit, Splice) and any(len(gone) > len(path) for gone in edit.take)
        assert around or within or taken, f"the node at {path} was made anew for nothing"


@given(studies(valid=True), SEEDS)
def test_that_paths_after_a_removal_name_the_same_nodes(study, rng):
    paths = [path for path, _ in walk(study)]
    gone = outermost(rng.sample(paths, rng.randint(1, len(paths))))
    changed, _ = remove(study, gone).apply(study)
    for path, node in walk(study):
        if not any(path[: len(other)] == other for other in gone):
            new = node_at(changed, after_removal(path, gone))
            assert type(new) is type(node)
            assert new is node or isinstance(node, RandomizeOrder | Repeat)


@given(studies(valid=True, scenes=12), SEEDS)
def test_that_moved_nodes_arrive_in_their_order_and_none_is_lost(study, rng):
    places = [path for path, _ in walk(study)]
    paths = outermost(rng.sample(places, 2))
    to = rng.choice([*places, (len(study.chain),)])
    assume(not any(to[: len(path)] == path and len(to) > len(path) for path in paths))
    edit = move(study, paths, to)
    assume(edit is not None)
    changed, _ = edit.apply(study)
    assert [node_at(changed, path) for path in edit.touched] == [node_at(study, path) for path in paths]
    assert sorted(id(n) for _, n in walk(study) if not isinstance(n, RandomizeOrder | Repeat)) == sorted(
        id(n) for _, n in walk(changed) if not isinstance(n, RandomizeOrder | Repeat)
    )


@given(studies(valid=True), SEEDS)
@settings(max_examples=25)
def test_that_copies_have_ids_of_their_own(study, rng):
    paths = rng.sample([path for path, _ in walk(study)], 2)
    changed, _ = duplicate(study, paths).apply(study)
    names = [node.scene_id for _, node in walk(changed) if not isinstance(node, RandomizeOrder | Repeat)]
    assert len(names) == len(set(names))


# --- what people do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "chain"),
    [
        (insert((1,), pages("x", "y")), ["start", "x", "y", ["a", "b", ["c"]], "d", "e", "end"]),
        (insert((1, 2, 1), pages("x")), ["start", ["a", "b", ["c", "x"]], "d", "e", "end"]),
        (insert((5,), pages("x")), ["start", ["a", "b", ["c"]], "d", "e", "end", "x"]),
        (remove(NESTED, [(1, 0), (1, 2, 0), (3,)]), ["start", ["b", []], "d", "end"]),
        (remove(NESTED, [(1,), (1, 0)]), ["start", "d", "e", "end"]),
        (move(NESTED, [(2,), (3,)], (1, 0)), ["start", ["d", "e", "a", "b", ["c"]], "end"]),
        (move(NESTED, [(1, 0)], (3,)), ["start", ["b", ["c"]], "d", "a", "e", "end"]),
        (move(NESTED, [(1, 2, 0)], (0,)), ["c", "start", ["a", "b", []], "d", "e", "end"]),
        (move(NESTED, [(0,), (3,)], (3,)), [["a", "b", ["c"]], "d", "start", "e", "end"]),
        (duplicate(NESTED, [(1,)]), ["start", ["a", "b", ["c"]], ["a_2", "b_2", ["c_2"]], "d", "e", "end"]),
        (duplicate(NESTED, [(1, 0), (3,)]), ["start", ["a", "b", ["c"]], "d", "e", "a_2", "e_2", "end"]),
        (wrap(NESTED, [(3,), (1, 0)], Repeat(scenes=(), n=2)), ["start", ["b", ["c"]], "d", "end"]),
        (wrap(NESTED, [(2,), (3,)], Repeat(scenes=(), n=2)), ["start", ["a", "b", ["c"]], ["d", "e"], "end"]),
        (unwrap(NESTED, (1, 2)), ["start", ["a", "b", "c"], "d", "e", "end"]),
        (replace(NESTED, (1, 2), pages("x")[0]), ["start", ["a", "b", "x"], "d", "e", "end"]),
    ],
)
def test_that_the_chain_looks_as_one_expects(edit, chain):
    if chain == ["start", ["b", ["c"]], "d", "end"]:
        chain = ["start", [["a", "e"], "b", ["c"]], "d", "end"]  # the wrapper is where the first of them was
    assert ids(after(edit).chain) == chain


def test_that_moving_nodes_to_where_they_are_is_no_edit():
    assert move(NESTED, [(2,), (3,)], (2,)) is None
    assert move(NESTED, [(2,), (3,)], (4,)) is None
    assert move(NESTED, [(2,), (3,)], (3,)) is None
    assert move(NESTED, [(1, 1)], (1, 2)) is None


@pytest.mark.parametrize(
    ("taken", "wanted", "fresh"),
    [
        ([], "page", "page"),
        (["page"], "page", "page_2"),
        (["page", "page_2", "page_3"], "page", "page_4"),
        (["page_2"], "page_2", "page_3"),
        (["x" * 64], "x" * 64, "x" * 62 + "_2"),
        (["a_²"], "a_²", "a_²_2"),
    ],
)
def test_that_a_fresh_id_is_a_valid_one_that_nobody_has(taken, wanted, fresh):
    assert fresh_scene_id(taken, wanted) == fresh
    assert len(fresh) <= 64


def test_that_pasted_scenes_get_fresh_ids_also_among_themselves():
    nodes = with_fresh_ids(NESTED, (*pages("a", "x", "x"), Repeat(scenes=pages("d", "x"), n=1)))
    assert ids(nodes) == ["a_2", "x", "x_2", ["d_2", "x_3"]]


# --- fields ---------------------------------------------------------------------------------------------------------

GAME = Study(
    id="s",
    chain=(GymGame(scene_id="g", gameplay=GameplaySection(num_episodes=3), extra={"new": 1, "newer": 2}),),
    extra={"later": {"x": 1}},
)


def test_that_fields_are_set_in_nodes_sections_settings_and_the_study():
    assert after(SetField(path=(0,), field="scene_id", value="h"), GAME).chain[0].scene_id == "h"
    assert after(SetField(path=(0,), field="gameplay.num_episodes", value=9), GAME).chain[0].gameplay.num_episodes == 9
    assert after(SetField(path=(), field="title", value="T"), GAME).title == "T"
    assert after(SetField(path=(), field="hosting.port", value=0), GAME).hosting.port == 0
    assert after(SetField(path=(), field="hosting.new", value=[1]), GAME).hosting.extra == {"new": [1]}


def test_that_a_reset_field_has_its_default():
    assert (
        after(SetField(path=(0,), field="gameplay.num_episodes", value=RESET), GAME).chain[0].gameplay.num_episodes == 1
    )
    assert after(SetField(path=(0,), field="new", value=RESET), GAME).chain[0].extra == {"newer": 2}
    assert after(SetField(path=(), field="later", value=RESET), GAME).extra == {}


def test_that_a_whole_section_is_reset():
    study = msgspec.structs.replace(GAME, hosting=Hosting(port=1, extra={"new": 1}))
    assert after(SetField(path=(), field="hosting", value=RESET), study).hosting == Hosting()


def test_that_lists_become_what_the_study_holds():
    changed = after(SetField(path=(), field="static_files", value=["a", "b"]), GAME)
    assert changed.static_files == ("a", "b")
    changed = after(SetField(path=(0,), field="gameplay.action_mapping", value=[{"keys": ["a"], "action": 1}]), GAME)
    assert changed.chain[0].gameplay.action_mapping[0].keys == ("a",)


def test_that_the_value_of_a_field_is_told():
    assert field_value(GAME, (0,), "gameplay.num_episodes") == 3
    assert field_value(GAME, (0,), "newer") == 2
    assert field_value(GAME, (), "hosting.port") == 8000
    for field in ("nothing", "gameplay.nothing", "scene_id.nothing", "newer.nothing"):
        with pytest.raises(EditError, match="is no field"):
            field_value(GAME, (0,), field)
    with pytest.raises(EditError, match="no node"):
        field_value(GAME, (7,), "scene_id")


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (SetField(path=(9,), field="scene_id", value="x"), "no node"),
        (SetField(path=(-1,), field="scene_id", value="x"), "no node"),
        (SetField(path=(0, 0), field="scene_id", value="x"), "no node"),
        (SetField(path=(0,), field="scene_id", value=3), "takes text, not 3"),
        (SetField(path=(0,), field="scene_id", value=RESET), "has no default"),
        (SetField(path=(0,), field="scene_id.x", value=3), "has no parts"),
        (SetField(path=(0,), field="scene_headr.x", value=3), "is no field"),
        (SetField(path=(0,), field="scene_headr", value=RESET), "did you mean 'scene_header'"),
        (SetField(path=(0,), field="extra", value={"a": 1}), "is no field"),
        (SetField(path=(0,), field="", value=1), "is no field"),
        (SetField(path=(0,), field="a..b", value=1), "is no field"),
        (SetField(path=(1,), field="scenes", value=()), "not set as a whole"),
        (SetField(path=(), field="chain", value=()), "not set as a whole"),
        (SetField(path=(), field="hosting", value={}), "not set as a whole"),
        (SetField(path=(), field="chain", value=RESET), "not set as a whole"),
        (SetField(path=(1,), field="keep_n", value="two"), "takes whole number"),
        (SetField(path=(), field="save_experiment_data", value="yes"), "takes true or false"),
        (SetField(path=(), field="new", value={1, 2}), "texts, numbers"),
        (SetField(path=(), field="new", value=object()), "texts, numbers"),
        (insert((9,), pages("x")), "no place 9"),
        (insert((-1,), pages("x")), "no place -1"),
        (insert((0, 0), pages("x")), "only random orders and repeats"),
        (insert((1, 2, 3), pages("x")), "no place 3"),
        (Splice(take=(), put=(((), pages("x")[0]),), label="x"), "no place"),
        (Splice(take=((),), put=(), label="x"), "names no node"),
        (Splice(take=((1,), (1, 0)), put=(), label="x"), "inside"),
        (Splice(take=((1,), (1,)), put=(), label="x"), "inside of the one|named twice"),
        (Splice(take=((7,),), put=(), label="x"), "no node"),
        (Splice(take=((1,),), put=(((1, 0), pages("x")[0]),), label="x"), "only random orders and repeats"),
        (Splice(take=(), put=(((1,), Repeat(scenes=(), n=1)), ((1, 0), pages("x")[0])), label="x"), "inside"),
        (Splice(take=(), put=(((1,), pages("x")[0]), ((1,), pages("y")[0])), label="x"), "named twice"),
        (Compound(edits=(insert((0,), pages("x")), insert((99,), pages("y"))), label="x"), "no place 99"),
    ],
)
def test_that_what_makes_no_sense_is_refused(edit, words):
    with pytest.raises(EditError, match=words):
        edit.apply(NESTED)


def test_that_a_wrapper_does_not_go_into_itself():
    for to in ((1, 0), (1, 2, 0)):
        with pytest.raises(EditError, match="inside itself"):
            move(NESTED, [(1,), (3,)], to)


@pytest.mark.parametrize("path", [(0, 0), (0,), (9,)])
def test_that_only_wrappers_are_unwrapped(path):
    with pytest.raises(EditError):
        unwrap(NESTED, path)


def test_that_nodes_that_are_not_there_are_refused():
    with pytest.raises(EditError, match="no node"):
        remove(NESTED, [(9,)])
    with pytest.raises(EditError, match="no node"):
        move(NESTED, [(9,)], (0,))
    with pytest.raises(EditError, match="no node"):
        duplicate(NESTED, [(1, 9)])
    with pytest.raises(EditError, match="no node"):
        replace(NESTED, (1, 9), pages("x")[0])
    for nothing in (lambda: duplicate(NESTED, []), lambda: wrap(NESTED, [], Repeat(scenes=(), n=1))):
        with pytest.raises(EditError, match="no scene"):
            nothing()


def test_that_an_edit_of_a_version_is_taken_back():
    other = msgspec.structs.replace(NESTED, chain=NESTED.chain[:1], title="old")
    assert after(ReplaceStudy(study=other, label="Go back")) == other


def test_that_random_studies_are_what_they_say():
    from mug.study import validate

    rng = random.Random(5)
    study = random_study(rng, scenes=40)
    assert sum(not isinstance(node, RandomizeOrder | Repeat) for _, node in walk(study)) >= 40
    assert not [problem for problem in validate(study) if problem.severity == "error"]
    for _ in range(60):
        study, _ = random_edit(rng, study).apply(study)


def test_that_what_treatments_change_follows_a_scene_to_its_new_id() -> None:
    arms = {"a": {"title": "A", "changes": {"two": {"scene_body": "x"}}}, "b": {"changes": {"gone": {"x": 1}}}}
    study = Study(id="s", chain=pages("one", "two"), treatments=Treatments(arms=arms))
    renamed, back = SetField(path=(1,), field="scene_id", value="second").apply(study)
    assert renamed.treatments.arms["a"] == {"title": "A", "changes": {"second": {"scene_body": "x"}}}
    assert renamed.treatments.arms["b"] == arms["b"]
    assert back.apply(renamed)[0] == study
    taken, back = SetField(path=(1,), field="scene_id", value="one").apply(study)
    assert taken.treatments.arms == arms, "whose they would be is not clear"
    assert back.apply(taken)[0] == study
    twins = Study(id="s", chain=pages("two", "two"), treatments=Treatments(arms=arms))
    assert SetField(path=(1,), field="scene_id", value="x").apply(twins)[0].treatments.arms == arms
    odd = Study(id="s", chain=pages("one", "two"), treatments=Treatments(arms={"a": 3, "b": {"changes": "x"}}))
    assert SetField(path=(1,), field="scene_id", value="x").apply(odd)[0].treatments.arms == odd.treatments.arms
