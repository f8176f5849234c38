"""Whole matches at a real server: programs that really play, packets over its relay, records compared and verified."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mug.play.chunks import decode_chunk
from mug.protocol.messages import ShowScene
from mug.records import RecordReader, records_path
from mug.records.verify import verify
from tests.drivers.match_bots import MatchPlayer, play
from tests.drivers.pair_study import write_pair_study
from tests.drivers.server_driver import ParticipantClient, ServerDriver

pytestmark = pytest.mark.pyodide

FPS = 30
WAY = {"delay_ms": 60, "jitter_ms": 20, "loss": 0.03, "seed": 7}


class Table:
    """A server, and people who play there."""

    def __init__(self, folder: Path, stack: ExitStack, people: int = 2, **study: Any) -> None:
        study = {"conditions": WAY, "players": people, "webrtc": {"force_relay": True}, **study}
        self.study = write_pair_study(folder / "study", fps=FPS, **study)
        self.server = stack.enter_context(ServerDriver(self.study, folder / "data"))
        clients = [stack.enter_context(ParticipantClient(self.server, f"p{number}")) for number in range(people)]
        for client in clients:
            client.enter()
            client.finish()
            client.join()
        for client in clients:
            client.matched()
        self.players = [MatchPlayer(client, self.study, seed) for seed, client in enumerate(clients)]

    def goodbye(self, *players: MatchPlayer) -> None:
        """The pages are done with the game, and get the next one; whose partner has left gets the end."""
        for player in players:
            player.client.settle()
            if player.outcome == "partner_left":
                assert player.client.end("partner_left").reason == "partner_left"
                continue
            outcome = {"refused": "void"}.get(player.outcome, player.outcome)
            assert player.client.finish(outcome).scene_id == "end"

    def facts(self, *kinds: str) -> list[Any]:
        """The journal's facts of some kinds."""
        with RecordReader(records_path(self.server.data_dir, "points")) as reader:
            return [fact for head in reader.sessions() for fact in reader.facts(head.session_id, kinds)]

    def rows(self, player: MatchPlayer) -> dict[tuple[int, int, int], bytes]:
        """What one player recorded: (episode, first, last) -> the bytes of the chunk."""
        with RecordReader(records_path(self.server.data_dir, "points")) as reader:
            return {
                (fact.meta["episode"], fact.meta["first"], fact.meta["last"]): reader.body(fact.sha256)
                for fact in self.facts("chunk_stored")
                if fact.stream == "frames" and fact.participant_id == player.client.subject_id
            }

    def verified(self) -> None:
        """The journal and what was recorded are whole."""
        (head,) = self.facts("session_opened")
        report = verify(records_path(self.server.data_dir, "points"), head.session_id)
        assert report.problems == []


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_that_two_play_a_whole_match_over_the_relay_and_record_the_same(tmp_path: Path, stack: ExitStack) -> None:
    table = Table(tmp_path, stack, episodes=2, frames=90)
    with play(*table.players) as match:
        match.to_the_end()
    one, other = table.players
    for player in table.players:
        assert (player.outcome, player.episodes_ended) == ("completed", 2)
        core = player.session.core
        assert core is not None
        assert core.figures.rollbacks >= 10
        assert core.figures.compared >= 2
        assert core.figures.desyncs == 0
    table.goodbye(one, other)
    assert table.rows(one) == table.rows(other)
    assert [key for key in table.rows(one) if key[0] == 1] == [(1, 0, 29), (1, 30, 59), (1, 60, 89)]
    actions = [
        list(decode_chunk(body).columns[f"actions.{agent}"])
        for body in table.rows(one).values()
        for agent in ("north", "east")
    ]
    assert len({value for column in actions for value in column}) >= 4
    assert [fact.outcome for fact in table.facts("match_ended")] == ["completed"]
    assert table.facts("match_flagged", "player_dropped") == []
    table.verified()


@pytest.mark.long
def test_that_a_match_ends_where_the_partner_vanished(tmp_path: Path, stack: ExitStack) -> None:
    table = Table(tmp_path, stack, frames=900, reconnection_timeout_ms=4_000)
    stays, goes = table.players
    with play(*table.players) as match:
        match.until(lambda: goes.frame >= 75, "two and a half seconds are played")
        goes.vanish()
        match.to_the_end()
    assert stays.outcome == "partner_left"
    table.goodbye(stays)
    assert [(fact.agent, fact.policy) for fact in table.facts("player_dropped")] == [("east", "end")]
    assert [fact.outcome for fact in table.facts("match_ended")] == ["partner_left"]
    rows, before = table.rows(stays), table.rows(goes)
    last = max(last for _, _, last in rows)
    assert 75 <= last < 120
    # What the other had recorded is part of what the one who stayed has.
    assert before
    assert before.items() <= rows.items()
    table.verified()


def test_that_a_match_goes_on_after_the_death_of_its_server(tmp_path: Path, stack: ExitStack) -> None:
    table = Table(tmp_path, stack, frames=150, reconnection_timeout_ms=30_000)
    one, other = table.players
    with play(*table.players) as match:
        match.until(lambda: min(one.frame, other.frame) >= 40, "the match is under way")
        table.server.kill()
        match.until(lambda: one.stage == other.stage == "paused", "both hear nothing any more")
        table.server.start()
        for player in table.players:
            player.client.come_back()
        match.to_the_end()
    assert (one.outcome, other.outcome) == ("completed", "completed")
    assert one.client.wait_for(ShowScene, lambda shown: shown.scene_id == "points")
    table.goodbye(one, other)
    assert table.rows(one) == table.rows(other)
    assert sum(last - first + 1 for _, first, last in table.rows(one)) == 150
    assert table.facts("match_flagged", "player_dropped") == []
    assert [fact.outcome for fact in table.facts("match_ended")] == ["completed"]
    table.verified()


@pytest.mark.long
def test_that_of_three_two_play_on_with_the_default_action(tmp_path: Path, stack: ExitStack) -> None:
    table = Table(
        tmp_path, stack, 3, frames=150, conditions=None, dropout_policy="default_action", reconnection_timeout_ms=4_000
    )
    one, two, goes = table.players
    with play(*table.players) as match:
        match.until(lambda: goes.frame >= 45, "the match is under way")
        goes.vanish()
        match.to_the_end()
    assert (one.outcome, two.outcome) == ("completed", "completed")
    table.goodbye(one, two)
    assert table.rows(one) == table.rows(two)
    statuses = [
        status for _, body in sorted(table.rows(one).items()) for status in decode_chunk(body).columns["status.south"]
    ]
    assert len(statuses) == 150
    assert set(statuses) == {"input", "default", "dropped"} or set(statuses) == {"input", "dropped"}
    assert statuses.index("dropped") >= 45
    assert set(statuses[statuses.index("dropped") :]) == {"dropped"}
    assert [fact.outcome for fact in table.facts("match_ended")] == ["completed"]
    table.verified()
