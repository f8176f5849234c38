"""Pages that come back into a match: who waits for them and how long, and what is recorded of it."""

from typing import Any

import pytest
from engine_driver import Memory, rules_of
from test_playing_together import drops, ends, join, leave, matched, own_token, report, routes, rows, the_match

from mug.engine import fold
from mug.engine.effects import SetRoutes
from mug.engine.matches import MAX_RETURNS
from mug.protocol.messages import (
    ErrorReply,
    GameContent,
    MatchReady,
    MatchVerdict,
    PartnerReturning,
    ReportMatch,
    ReturnDone,
)
from mug.records import facts as f

REJOIN_MS = 20_000


def reload(memory: Memory, connection: str, new: str, *, lost: bool = True) -> None:
    """The page of `connection` is loaded again, and connects as `new`."""
    if lost:
        memory.drop(connection)
    who = connection if connection in "cdef" else "d"
    memory.hello(new, f"p-{who}", tab=who, candidates=own_token(memory, who))


def returned(memory: Memory, connection: str, frame: int = 40) -> None:
    memory.say(connection, ReturnDone(match_id=the_match(memory), episode=0, frame=frame))


def flags(memory: Memory) -> list[str]:
    return [fact.flag for fact in memory.written if isinstance(fact, f.MatchFlagged)]


def test_that_a_reloaded_page_comes_back_into_its_match() -> None:
    memory = matched()
    rows(memory, "d", 0, 0, 29)
    reload(memory, "d", "x")
    assert drops(memory) == []
    assert memory.last("c", PartnerReturning) == PartnerReturning(match_id=the_match(memory), agent="a1", returns=1)
    content = memory.scene("x").content
    assert isinstance(content, GameContent)
    assert content.resume_match
    assert content.config.match_id == the_match(memory)
    route = routes(memory)
    assert isinstance(route, SetRoutes)
    assert route.ready == {"a0"}, "signals wait until the new page knows of its match"
    join(memory, "x")
    config = memory.last("x", MatchReady).config
    assert (config.returns, config.dropped, config.sent) == ({"a1": 1}, (), {"0": 30})
    assert config.human_agents == ("a1",)
    returned(memory, "x")
    memory.later(60_000)
    assert drops(memory) == []
    assert flags(memory) == ["returned"]
    facts = [fact for fact in memory.written if isinstance(fact, f.PlayerReturned)]
    assert [(fact.agent, fact.participant_id, fact.episode, fact.frame) for fact in facts] == [("a1", "p-d", 0, 40)]
    assert fold(memory.written) == memory.run.state


def test_that_a_connection_that_was_lost_for_a_moment_is_no_return() -> None:
    memory = matched()
    memory.drop("d")
    memory.hello("x", "p-d", tab="d", token=memory.token("d"))
    assert memory.to("c", PartnerReturning) == []
    returned(memory, "x")
    assert flags(memory) == []


@pytest.mark.parametrize("policy", ["end", "default_action", "policy", "void"])
def test_that_who_does_not_come_back_in_time_is_judged_by_the_studys_policy(policy: str) -> None:
    memory = matched(3, multiplayer=rules_of(dropout_policy=policy))
    report(memory, "c", "a1")
    reload(memory, "d", "x")
    memory.later(REJOIN_MS - 100)
    assert drops(memory) == [], "the time of a lost connection does not count any more"
    memory.later(110)
    assert drops(memory) == [("a1", policy)]
    assert memory.last("c", MatchVerdict).dropped == ("a1",)
    assert memory.last("x", MatchVerdict).dropped == ("a1",)
    returned(memory, "x")
    assert flags(memory) == []
    assert fold(memory.written) == memory.run.state


def test_that_the_study_says_how_long_a_return_may_take() -> None:
    memory = matched(multiplayer=rules_of(rejoin_timeout_ms=3_000))
    reload(memory, "d", "x")
    memory.later(3_010)
    assert drops(memory) == [("a1", "end")]
    assert ends(memory) == ["partner_left"]


def test_that_reloading_again_and_again_does_not_make_the_others_wait_without_end() -> None:
    memory = matched()
    connection = "d"
    for number in range(4):
        reload(memory, connection, f"x{number}")
        connection = f"x{number}"
        memory.later(15_000)
    assert drops(memory) == [("a1", "end")]
    assert memory.last("c", PartnerReturning).returns == 3


def test_that_a_page_returns_so_many_times_at_most() -> None:
    memory = matched()
    connection = "d"
    for number in range(MAX_RETURNS):
        reload(memory, connection, f"x{number}")
        connection = f"x{number}"
        returned(memory, connection)
    assert drops(memory) == []
    reload(memory, connection, "y")
    assert drops(memory) == [("a1", "end")]


def test_that_who_comes_back_is_waited_for_after_a_restart_of_the_server_too() -> None:
    memory = matched()
    reload(memory, "d", "x")
    memory.crash_and_restart()
    memory.hello("c2", "p-c", tab="c", token=memory.token("c"))
    assert memory.last("c2", PartnerReturning).returns == 1
    memory.hello("y", "p-d", tab="d", candidates=own_token(memory, "d"))
    assert memory.last("c2", PartnerReturning).returns == 2
    returned(memory, "y")
    memory.later(60_000)
    assert drops(memory) == []
    assert fold(memory.written) == memory.run.state


def test_that_a_return_that_nobody_finishes_after_a_restart_is_judged() -> None:
    memory = matched()
    reload(memory, "d", "x")
    memory.crash_and_restart()
    memory.hello("c2", "p-c", tab="c", token=memory.token("c"))
    memory.later(REJOIN_MS + 10)
    assert drops(memory) == [("a1", "end")]


def test_that_a_world_that_cannot_be_rebuilt_is_flagged_and_its_player_out() -> None:
    memory = matched()
    reload(memory, "d", "x")
    memory.say("x", ReportMatch(match_id=the_match(memory), flag="not_reproduced", detail="other rows"))
    assert flags(memory) == ["not_reproduced"]
    assert drops(memory) == [("a1", "end")]
    leave(memory, "x", "partner_left")
    assert memory.scene("x").scene_id == "end"
    assert fold(memory.written) == memory.run.state


def test_that_nobody_comes_back_into_a_match_that_is_over_or_played() -> None:
    memory = matched()
    leave(memory, "c", "partner_left")
    reload(memory, "d", "x")
    join(memory, "x")
    assert memory.last("x", ErrorReply).code == "over"

    memory = matched()
    leave(memory, "c", "completed")
    reload(memory, "d", "x")
    join(memory, "x")
    assert memory.last("x", ErrorReply).code == "played"
    leave(memory, "x", "completed")
    assert ends(memory) == ["completed"]


def test_that_both_may_come_back_at_the_same_time() -> None:
    memory = matched()
    reload(memory, "d", "x")
    reload(memory, "c", "y")
    assert memory.last("x", PartnerReturning).agent == "a0"
    join(memory, "x", "y")
    configs: list[Any] = [memory.last(page, MatchReady).config.returns for page in ("x", "y")]
    assert configs == [{"a1": 1, "a0": 1}] * 2
    returned(memory, "x")
    returned(memory, "y")
    memory.later(60_000)
    assert drops(memory) == []
    assert fold(memory.written) == memory.run.state


def test_that_a_slow_disk_does_not_take_a_partner_who_is_back_off_the_routes() -> None:
    memory = matched()
    rows(memory, "d", 0, 0, 29)
    memory.crash_and_restart()
    reload(memory, "d", "x", lost=False)
    memory.hold_disk = True
    join(memory, "x")  # the new page is told of its match when that is on disk; until then the other one connects
    memory.hello("z", "p-c", tab="c", token=memory.token("c"))
    memory.hold_disk = False
    memory.commit()
    route = routes(memory)
    assert isinstance(route, SetRoutes)
    assert route.routes == {"a0": "z", "a1": "x"}
    assert route.ready == {"a0", "a1"}
