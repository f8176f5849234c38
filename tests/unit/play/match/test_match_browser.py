"""Games of several people as the worker calls them: JSON texts, blobs, packets in blocks of bytes."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from match_worlds import arena, match_config

from mug.play.browser import BrowserGame
from mug.play.chunks import decode_chunk
from mug.play.config import GameConfig
from mug.play.errors import PlayError
from mug.play.rollback.requests import CTRL, GAME, Send
from mug.play.transports import ChaosSender, Incoming, pack_packets, read_packets

WAY_MS = 40.0


class Worker:
    """What the TypeScript does, with an own interpreter's share in the same process."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.game = BrowserGame(lambda *seed: None, lambda: None, str(folder))
        self.answers: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.arrivals: list[Incoming] = []

    def load(self, config: GameConfig) -> dict[str, Any]:
        own = dataclasses.replace(config, human_agents=(config.players[self.number],) if config.match_id else ())
        data = {**dataclasses.asdict(own), "match_seed": str(own.match_seed)}
        return self.take(self.game.load(json.dumps(data)))[0]

    def take(self, text: str) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]]:
        answer = json.loads(text)
        blobs = [self.game.take_blob() for _ in range(answer["blobs"])]
        images = [view for view in answer["views"] if view["image"]]
        assert len(blobs) == len(images) + len(answer["chunks"]) + len(answer["packets"])
        self.bodies += blobs[len(images) : len(images) + len(answer["chunks"])]
        self.answers.append(answer)
        return answer, list(zip(answer["packets"], blobs[len(blobs) - len(answer["packets"]) :], strict=True))

    def call(self, now_ms: float) -> list[tuple[dict[str, Any], bytes]]:
        ready = [packet for packet in self.arrivals if packet.at_ms <= now_ms]
        self.arrivals = [packet for packet in self.arrivals if packet.at_ms > now_ms]
        block = memoryview(pack_packets(ready)) if ready else None
        ticks = self.answers[-1]["stage"] in ("playing", "stalled")
        return self.take(self.game.tick(now_ms, block) if ticks else self.game.poll(now_ms, block))[1]

    def all(self, what: str) -> list[Any]:
        return [item for answer in self.answers for item in answer[what]]


def together(config: GameConfig, folder: Path, limit_ms: float = 30_000.0) -> list[Worker]:
    workers = [Worker(number, folder) for number in range(len(config.players))]
    for worker in workers:
        worker.load(config)
        for other in range(len(workers)):
            if other != worker.number:
                worker.game.note(json.dumps({"kind": "path", "player": other, "path": "relay"}))
        worker.take(worker.game.start())
    now_ms = 1000.0
    while not all(any(answer["finished"] for answer in worker.answers) for worker in workers) and now_ms < limit_ms:
        for worker in workers:
            keys = ["ArrowUp"] if int(now_ms / 300 + worker.number) % 3 else ["ArrowLeft"]
            worker.game.keys(json.dumps({"held": keys, "pressed": []}))
            for head, body in worker.call(now_ms):
                arrival = Incoming(worker.number, head["channel"], now_ms + WAY_MS + head["delayMs"], body)
                workers[head["player"]].arrivals.append(arrival)
        now_ms += 1000.0 / config.fps
    return workers


def test_that_two_workers_play_a_match_to_its_end(tmp_path: Path) -> None:
    config = match_config(
        arena(("a", "b"), 70), num_episodes=2, network_conditions={"a": {"delay_ms": 30, "loss": 0.1, "seed": 3}}
    )
    one, other = together(config, tmp_path)
    assert one.bodies == other.bodies
    assert [decode_chunk(body).meta for body in one.bodies] == one.all("chunks")
    for worker in (one, other):
        last = next(answer for answer in worker.answers if answer["finished"])
        assert (last["outcome"], last["reason"], last["stage"]) == ("completed", "", "over")
        assert [event["name"] for event in worker.all("events")] == ["episode_started", "episode_ended"] * 2
        assert [event["name"] for event in worker.all("peers")] == ["agreed", "episode_agreed", "episode_agreed"]
        assert any(view["corrected"] for view in worker.all("views"))
        assert {row["table"] for row in worker.all("rows")} == {"network", "ticks"}
        live = [answer["live"] for answer in worker.answers if answer["live"]]
        assert {"connecting", "playing", "over"} <= {status["stage"] for status in live}
        assert live[-1]["peers"][0]["path"] == "relay"
        assert 1.0 <= max(answer["speed"] for answer in worker.answers) <= 1.01
    assert any(packet["delayMs"] >= 30 for packet in one.all("packets"))
    assert {packet["delayMs"] for packet in other.all("packets")} == {0.0}


def test_that_the_first_load_measures_for_the_match(tmp_path: Path) -> None:
    worker = Worker(0, tmp_path)
    loaded = worker.load(dataclasses.replace(match_config(), match_id="", scene_id="measured"))
    assert (loaded["agents"], loaded["views"], loaded["events"]) == (["a", "b"], [], [])
    assert BrowserGame.measured["measured"].steps >= 40
    again = Worker(1, tmp_path)
    loaded = again.load(match_config(scene_id="measured"))
    assert [view["frame"] for view in loaded["views"]] == [0]
    assert loaded["stage"] == "connecting"


def test_that_a_slow_world_is_warned_of(tmp_path: Path) -> None:
    slow = ("self.n += 1\n", "self.n += 1\n        sum(range(300_000))\n")
    config = match_config(arena(("a", "b"), 60, slow), scene_id="slow", fps=60, window=12)
    worker = Worker(0, tmp_path)
    worker.load(dataclasses.replace(config, match_id=""))
    told = [event for each in together(config, tmp_path) for event in each.all("events")]
    (warned, _) = [event["data"] for event in told if event["name"] == "tick_budget"]
    assert warned["worst_tick_ms"] > 0.6 * warned["frame_ms"]
    assert warned["step_ms"] > 0


def test_that_stored_frames_without_a_return_are_not_taken(tmp_path: Path) -> None:
    worker = Worker(0, tmp_path)
    config = dataclasses.replace(match_config(), human_agents=("a",))
    answer = json.loads(worker.game.load(json.dumps(dataclasses.asdict(config)), [b"stored"]))
    assert "its page is said not to come back" in answer["failed"]["message"]


def test_that_a_world_that_cannot_be_saved_says_where(tmp_path: Path) -> None:
    opaque = ("self.n = 0\n", "self.n = 0\n        self.rows = (n for n in [1, 2])\n")
    answer = Worker(0, tmp_path).load(match_config(arena(("a", "b"), 60, opaque), match_id=""))
    assert "env.rows (generator) cannot be saved" in answer["failed"]["message"]


def test_that_packets_travel_in_one_block() -> None:
    packets = [Incoming(1, 0, 12.5, b"abc"), Incoming(3, 1, 1e9, b""), Incoming(0, 0, 0.0, bytes(5000))]
    assert read_packets(pack_packets(packets)) == packets
    assert read_packets(b"") == []
    for cut in (1, 13, 16):
        with pytest.raises(PlayError, match="ends inside a packet"):
            read_packets(pack_packets(packets[:1])[:cut])


def test_that_conditions_are_done_to_every_copy_and_never_to_the_reliable_channel() -> None:
    sends = [Send(1, GAME, b"g"), Send(2, CTRL, b"c")]
    plain = ChaosSender(None, 1, 0, 3).outgoing(sends, 0.0)
    assert [(packet.player, packet.delay_ms) for packet in plain] == [(1, 0.0), (2, 0.0)]
    sender = ChaosSender({"delay_ms": 50, "jitter_ms": 10, "loss": 0.3, "duplicate": 0.3}, 1, 0, 3)
    made = [packet for moment in range(400) for packet in sender.outgoing(sends, 33.0 * moment)]
    game = [packet for packet in made if packet.channel == GAME]
    ctrl = [packet for packet in made if packet.channel == CTRL]
    assert len(ctrl) == 400
    assert 320 < len(game) < 420
    assert all(40 <= packet.delay_ms <= 60 for packet in game)
