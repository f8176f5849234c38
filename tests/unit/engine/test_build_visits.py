"""Episodes of embedded builds on the server: counted once, scored, told; and what survives a restart."""

import json
from typing import Any

from engine_driver import Memory

from mug.engine import FrozenStudy
from mug.engine.embedded import embedded_content, episodes_in, preloaded_builds
from mug.engine.state import VisitState
from mug.protocol.messages import BuildFile, EmbeddedContent, EpisodeTaken, ErrorReply, FinishVisit, GlobalsChanged
from mug.records import facts as f
from mug.study.model import BuildGameSection, EndPage, HtmlGame, StartPage, Study, UnityGame, WebglSection

FILE = BuildFile(role="data", url="/_mug/build/static/webgl/maze/Build/maze.data", mime="x/y", size=7)


def study_of(
    score_fn: str | None = None, start: str | None = None, end: str | None = None, num_episodes: int = 2
) -> Study:
    scene = UnityGame(
        scene_id="maze",
        webgl=WebglSection(build_name="maze", preload_game=True),
        game=BuildGameSection(num_episodes=num_episodes, score_fn=score_fn),
        on_unity_episode_start=start,
        on_unity_episode_end=end,
    )
    return Study(id="memory", chain=(StartPage(scene_id="start"), scene, EndPage(scene_id="end")))


def at_build(**options: Any) -> Memory:
    memory = Memory(study_of(**options))
    memory.hello("c", "ann")
    memory.finish("c")
    return memory


def content(memory: Memory, connection: str = "c") -> EmbeddedContent:
    found = memory.scene(connection).content
    assert isinstance(found, EmbeddedContent)
    return found


def rows(*happened: dict[str, Any]) -> bytes:
    return "".join(json.dumps({"at_ms": 1.5, **row}) + "\n" for row in happened).encode()


def started(episode: int, **data: Any) -> dict[str, Any]:
    return {"name": "build_episode_started", "episode": episode, "data": data}


def ended(episode: int, score: Any = None, **data: Any) -> dict[str, Any]:
    return {"name": "build_episode_ended", "episode": episode, "score": score, "data": data}


def put(memory: Memory, seq: int, *happened: dict[str, Any], connection: str = "c") -> None:
    memory.put(connection, "event", seq, rows(*happened))


def episodes(memory: Memory) -> dict[int, float | None]:
    return next(visit.episodes for visit in memory.run.state.visits.values() if visit.planned.scene_id == "maze")


def test_that_the_page_is_told_the_build_and_what_is_over_already():
    frozen = FrozenStudy(study=study_of(), content_hash="x", builds={"static/webgl/maze": (FILE,)})
    scene = frozen.study.chain[1]
    assert isinstance(scene, UnityGame)
    visit = VisitState("ann", f.PlannedVisit(visit_id="v", scene_id="maze", node_path=(1,), kind="unity_game"))
    visit.episodes = {0: 3.0}
    told = embedded_content(frozen, scene, visit)
    assert (told.build, told.folder_url, told.files) == ("unity", "/_mug/build/static/webgl/maze/", (FILE,))
    assert (told.scores, told.settles, told.num_episodes) == ((3.0,), False, 2)
    assert preloaded_builds(frozen, frozen.study.chain) == (FILE,)


def test_that_only_builds_of_scenes_to_come_are_fetched_ahead():
    memory = Memory(study_of(), builds={"static/webgl/maze": (FILE,)})
    memory.hello("c", "ann")
    assert memory.scene("c").preload == (FILE,)
    memory.finish("c")
    assert memory.scene("c").preload == ()
    assert content(memory).files == (FILE,)


def test_that_html_games_are_not_fetched_ahead():
    scene = HtmlGame(scene_id="h", webgl=WebglSection(build_name="maze", preload_game=True))
    frozen = FrozenStudy(study=Study(id="s", chain=(scene,)), content_hash="x", builds={"static/webgl/maze": (FILE,)})
    assert preloaded_builds(frozen, frozen.study.chain) == ()


def test_that_episodes_are_counted_with_the_scores_that_the_build_reports():
    memory = at_build()
    put(memory, 0, started(0), {"name": "build_data", "values": {}}, ended(0, 4))
    assert episodes(memory) == {0: 4.0}
    assert memory.calls == []
    taken = memory.last("c", EpisodeTaken)
    assert (taken.episode, taken.score) == (0, 4.0)
    put(memory, 1, ended(0, 99), started(1), ended(1))
    assert episodes(memory) == {0: 4.0, 1: None}, "an episode that is over stays as it was"


def test_that_a_reload_begins_with_the_episode_that_was_not_over():
    memory = at_build()
    token = memory.token("c")
    put(memory, 0, started(0), ended(0, 4), started(1))
    memory.drop("c")
    memory.hello("d", "ann", token=token)
    assert content(memory, "d").scores == (4.0,)


def test_that_the_studys_functions_are_called_in_their_order_and_the_page_waits_for_them():
    memory = at_build(score_fn="s.py:score", start="s.py:began", end="s.py:over")
    assert content(memory).settles
    put(memory, 0, started(0, level=1), ended(0, 5, steps=20))
    began, score = memory.calls
    assert (began.kind, began.context["episode"], began.context["data"]) == ("on_unity_episode_start", 0, {"level": 1})
    assert (score.kind, score.context["reported_score"], score.context["data"]) == ("score_fn", 5.0, {"steps": 20})
    assert episodes(memory) == {0: None}
    memory.answer(began, {"level": 2})
    memory.answer(score, 7)
    assert episodes(memory) == {0: 7.0}
    over = memory.calls[-1]
    assert (over.kind, over.context["score"], over.context["reported_score"]) == ("on_unity_episode_end", 7.0, 5.0)
    assert memory.to("c", EpisodeTaken) == []
    memory.answer(over, {"speed": 3})
    assert memory.last("c", EpisodeTaken).score == 7.0
    assert [changed.values for changed in memory.to("c", GlobalsChanged)] == [{"level": 2}, {"speed": 3}]


def test_that_functions_that_fail_or_answer_nonsense_are_told_and_hold_nobody_up():
    memory = at_build(score_fn="s.py:score", end="s.py:over")
    put(memory, 0, started(0), ended(0, 5))
    memory.answer(memory.calls[-1], "many")
    assert memory.calls[-1].kind == "on_unity_episode_end"
    memory.fail(memory.calls[-1], "ValueError: no")
    assert memory.last("c", EpisodeTaken).score is None
    put(memory, 1, started(1), ended(1, 5))
    memory.fail(memory.calls[-1], "ValueError: no")
    memory.answer(memory.calls[-1], None)
    assert memory.last("c", EpisodeTaken).episode == 1
    told = [line.text for line in memory.run._core.log if line.level == "error"]
    assert any("answered 'many', which is no finite number" in text for text in told)


def test_that_an_end_that_comes_twice_calls_nobody_twice():
    memory = at_build(score_fn="s.py:score")
    put(memory, 0, started(0), ended(0, 1), ended(0, 2))
    put(memory, 1, ended(0, 3))
    assert [call.kind for call in memory.calls] == ["score_fn"]


def test_that_starts_are_called_for_each_attempt_but_not_without_bounds():
    memory = at_build(start="s.py:began")
    put(memory, 0, *(started(0) for _ in range(500)))
    assert len(memory.calls) == 200


def test_that_nonsense_of_a_page_is_no_episode():
    scene = study_of().chain[1]
    assert isinstance(scene, UnityGame)
    body = rows(
        ended(2, 1),
        ended(-1, 1),
        {"name": "build_episode_ended", "episode": True},
        {"name": "build_episode_ended", "episode": "0"},
        {"name": "episode_ended", "episode": 0},
    )
    assert episodes_in(scene, body + b"no json\n[1]\n") == {}
    assert episodes_in(scene, rows(ended(0, 10**400), ended(1, True)))["episodes_ended"] == {"0": None, "1": None}


def test_that_a_page_cannot_say_by_itself_what_is_over():
    memory = at_build()
    memory.put("c", "event", 0, rows({"name": "page_shown"}), episodes_ended={"0": 3.0}, episodes_started=[0])
    assert episodes(memory) == {}


def test_that_a_visit_ends_completed_or_failed_after_its_rows_are_there():
    memory = at_build()
    visit_id = memory.scene("c").visit_id
    memory.say("c", FinishVisit(visit_id=visit_id, counts={}, outcome="void"))
    assert memory.last("c", ErrorReply).path == "outcome"
    memory.say("c", FinishVisit(visit_id=visit_id, counts={"event": 1}, outcome="failed"))
    assert memory.scene("c").scene_id == "maze"
    put(memory, 0, started(0))
    assert memory.scene("c").scene_id == "end"


def test_that_episodes_and_scores_are_the_same_after_a_restart():
    memory = at_build(score_fn="s.py:score")
    put(memory, 0, started(0), ended(0, 5))
    memory.answer(memory.calls[-1], 7)
    put(memory, 1, started(1))
    before = memory.run.state
    memory.crash_and_restart()
    assert memory.run.state.visits == before.visits
    assert episodes(memory) == {0: 7.0}
