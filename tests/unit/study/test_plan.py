"""Drawing plans: pure, equal for equal seeds, right in any nesting."""

import collections

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mug.study import GymGame, RandomizeOrder, Repeat, StaticPage, Study, draw_plan, node_at
from mug.study.model import PoliciesSection
from mug.study.plan import draw_group_order, draw_order

SEEDS = st.integers(0, 2**64 - 1)


def _page(scene_id: str = "page") -> StaticPage:
    return StaticPage(scene_id=scene_id)


@st.composite
def _wrappers(draw, inner):
    scenes = tuple(draw(st.lists(inner, min_size=1, max_size=4)))
    if draw(st.booleans()):
        return Repeat(scenes=scenes, n=draw(st.integers(1, 3)))
    keep = draw(st.one_of(st.none(), st.integers(1, len(scenes))))
    return RandomizeOrder(scenes=scenes, keep_n=keep)


CHAINS = st.lists(
    st.recursive(st.builds(_page, st.sampled_from("abcdef")), _wrappers, max_leaves=10), min_size=1, max_size=4
).map(tuple)


def _check(nodes, visits, path, rounds, study):
    """Read `visits` as what `nodes`, all of them and in order, give; return nothing or fail."""
    for index, node in enumerate(nodes):
        visits = _take(node, visits, (*path, index), rounds, study)
    assert visits == []


def _take(node, visits, path, rounds, study):
    """Take the visits of one node from the front, checking its rule; return the rest."""
    if isinstance(node, StaticPage):
        assert visits, f"{path} is missing"
        first, *rest = visits
        assert (first.node_path, first.repetition) == (path, rounds)
        assert (first.scene_id, first.kind) == (node.scene_id, "static_page")
        return rest
    if isinstance(node, Repeat):
        for turn in range(node.n):
            for index, inner in enumerate(node.scenes):
                visits = _take(inner, visits, (*path, index), (*rounds, turn), study)
        return visits
    wanted = len(node.scenes) if node.keep_n is None else node.keep_n
    seen = set()
    for _ in range(wanted):
        index = visits[0].node_path[len(path)]
        assert visits[0].node_path[: len(path)] == path
        assert index not in seen
        seen.add(index)
        visits = _take(node.scenes[index], visits, (*path, index), rounds, study)
    return visits


@given(CHAINS, SEEDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_keep_n_and_n_hold_in_any_nesting(chain, seed):
    study = Study(id="s", chain=chain)
    plan = draw_plan(study, seed)
    _check(chain, list(plan), (), (), study)
    for visit in plan:
        assert node_at(study, visit.node_path).scene_id == visit.scene_id


@given(CHAINS, SEEDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_the_same_seed_gives_the_same_plan(chain, seed):
    assert draw_plan(Study(id="s", chain=chain), seed) == draw_plan(Study(id="other", title="T", chain=chain), seed)


def test_that_every_order_comes_about_equally_often():
    study = Study(id="s", chain=(RandomizeOrder(scenes=tuple(map(_page, "abc"))),))
    counts = collections.Counter(tuple(v.scene_id for v in draw_plan(study, seed)) for seed in range(3000))
    assert len(counts) == 6
    assert all(400 < count < 600 for count in counts.values())


def test_that_keep_n_keeps_each_scene_about_equally_often():
    study = Study(id="s", chain=(RandomizeOrder(scenes=tuple(map(_page, "abcd")), keep_n=1),))
    counts = collections.Counter(draw_plan(study, seed)[0].scene_id for seed in range(2000))
    assert set(counts) == set("abcd")
    assert all(400 < count < 600 for count in counts.values())


def test_that_each_round_of_a_repeat_has_an_order_of_its_own():
    order = RandomizeOrder(scenes=tuple(map(_page, "abcdef")))
    plan = draw_plan(Study(id="s", chain=(Repeat(scenes=(order,), n=5),)), 1)
    rounds = [tuple(v.scene_id for v in plan if v.repetition == (turn,)) for turn in range(5)]
    assert all(sorted(round_) == list("abcdef") for round_ in rounds)
    assert len(set(rounds)) > 1


def test_that_a_change_elsewhere_in_the_chain_does_not_change_an_order():
    order = RandomizeOrder(scenes=tuple(map(_page, "abcdef")))
    before = draw_plan(Study(id="s", chain=(order,)), 5)
    after = draw_plan(Study(id="s", chain=(order, _page("new"), order)), 5)
    assert after[: len(before)] == before
    assert [v.scene_id for v in after[-6:]] != [v.scene_id for v in before]


def test_that_an_order_never_changes_between_versions():
    assert draw_order(0, (1,), (), 6, None) == ORDER_OF_SEED_0
    assert draw_order(2**64 - 1, (1, 0), (2, 3), 6, 3) == ORDER_OF_LAST_SEED


ORDER_OF_SEED_0 = (1, 3, 0, 2, 5, 4)
ORDER_OF_LAST_SEED = (3, 4, 1)


def _duel(scene_id: str) -> GymGame:
    return GymGame(scene_id=scene_id, policies=PoliciesSection(policy_mapping={"a": "human", "b": "human"}))


def test_that_a_groups_order_is_open_until_the_group_draws_it():
    order = RandomizeOrder(scenes=tuple(map(_duel, "abc")))
    study = Study(id="s", chain=(_page("first"), Repeat(n=2, scenes=(order,)), _page("last")))
    plan = [(visit.scene_id, visit.kind, visit.node_path, visit.repetition) for visit in draw_plan(study, 1)]
    assert plan == [
        ("first", "static_page", (0,), ()),
        ("order-1.0", "group_order", (1, 0), (0,)),
        ("order-1.0", "group_order", (1, 0), (1,)),
        ("last", "static_page", (2,), ()),
    ]


def test_that_everything_in_a_groups_order_is_drawn_by_the_group():
    inner = RandomizeOrder(scenes=tuple(map(_duel, "cd")), keep_n=1)
    order = RandomizeOrder(scenes=(_duel("a"), Repeat(n=2, scenes=(inner,)), _page("p")), per="group")
    study = Study(id="s", chain=(order,))
    drawn = {tuple(visit.scene_id for visit in draw_group_order(study, (0,), seed)) for seed in range(200)}
    assert {len(scenes) for scenes in drawn} == {4}
    assert all({"a", "p"} <= set(scenes) <= set("apcd") for scenes in drawn)
    assert len(drawn) == 6 * 4
    one = draw_group_order(study, (0,), 7)
    assert one == draw_group_order(study, (0,), 7)
    assert {visit.repetition for visit in one if visit.node_path[1] == 1} == {(0,), (1,)}
