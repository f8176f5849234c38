import dataclasses
import json
from pathlib import Path
from typing import Any

from play_worlds import config, counter_code

from mug.play.browser import BrowserGame
from mug.play.chunks import decode_chunk


class Worker:
    """What the TypeScript does: one call a tick, JSON back, blobs fetched."""

    def __init__(self, folder: Path) -> None:
        self.steps: list[tuple[int, int, float] | None] = []
        self.game = BrowserGame(lambda *seed: self.steps.append(seed), lambda: self.steps.append(None), str(folder))

    def load(self, game: Any, stored: Any = (), tail: Any = None) -> Any:
        data = {**dataclasses.asdict(game), "match_seed": str(game.match_seed), "of_a_later_version": 1}
        return json.loads(self.game.load(json.dumps(data), stored, None if tail is None else json.dumps(tail)))

    def tick(self) -> Any:
        return json.loads(self.game.tick())


def test_that_one_call_a_tick_gives_everything_as_json_and_bytes(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    loaded = worker.load(config(counter_code(12)))
    assert (loaded["agents"], loaded["assetSpecs"], loaded["blobs"]) == (["human"], [], 0)
    assert loaded["events"][0]["name"] == "episode_started"
    json.loads(worker.game.start())
    worker.game.keys('{"held": ["ArrowRight"], "pressed": ["ArrowRight"]}')
    answers = [worker.tick() for _ in range(12)]
    assert [answer["views"][0]["frame"] for answer in answers] == list(range(1, 13))
    assert answers[9]["chunks"][0]["last"] == 9
    assert answers[11]["finished"] is True
    chunk = decode_chunk(worker.game.take_blob())
    assert (chunk.first, chunk.last, chunk.meta) == (10, 11, answers[11]["chunks"][0])


def test_that_every_step_begins_and_ends_with_the_matchs_clock(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.load(config(counter_code(5)))
    worker.game.start()
    worker.steps.clear()
    worker.tick()
    worker.tick()
    first, end, second, last = worker.steps
    assert end is None
    assert last is None
    assert first is not None
    assert second is not None
    assert first[:2] != second[:2]
    assert second[2] - first[2] == 100.0
    assert all(0 <= part < 2**32 for part in first[:2])


def test_that_images_travel_as_bytes_before_the_chunks(tmp_path: Path) -> None:
    code = counter_code(10).replace(
        'return {"game_state_objects": [], "removed": []}', "return np.full((4, 6, 3), self.n, dtype=np.uint8)"
    )
    worker = Worker(tmp_path)
    worker.load(config(code))
    worker.game.start()
    answer = [worker.tick() for _ in range(10)][-1]
    assert answer["views"][0]["image"] == {"width": 6, "height": 4}
    assert answer["blobs"] == 2
    assert worker.game.take_blob()[:4] == bytes((10, 10, 10, 255))
    assert decode_chunk(worker.game.take_blob()).last == 9


def test_that_failures_are_answers_with_their_kind(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    failed = worker.load(config("import nothing_like_this"))["failed"]
    assert failed["kind"] == "environment"
    assert "environment.py, line 1" in failed["message"]
    assert "import nothing_like_this" in failed["traceback"]
    missing = json.loads(worker.game.load("{}"))["failed"]
    assert missing["kind"] == "runtime"
    assert "scene_id" in missing["message"]


def test_that_rows_before_a_failure_come_with_it(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.load(config(counter_code(9).replace("self.n += 1", "self.n += 1; 1 / (4 - self.n)")))
    worker.game.start()
    answers = [worker.tick() for _ in range(4)]
    assert answers[3]["failed"]["stage"] == "step"
    assert (answers[3]["chunks"][0]["first"], answers[3]["chunks"][0]["last"]) == (0, 2)
    assert decode_chunk(worker.game.take_blob()).last == 2


def test_that_a_reload_goes_by_the_pages_own_tail_record(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.load(config(counter_code(30)))
    worker.game.start()
    answers, bodies = [], []
    for _ in range(17):
        answers.append(worker.tick())
        bodies += [worker.game.take_blob() for _ in range(answers[-1]["blobs"])]
    worker.game.close()
    again = Worker(tmp_path)
    tail = {"visitId": "v", **answers[-1]["tail"]}
    loaded = again.load(config(counter_code(30)), [memoryview(body) for body in bodies], tail)
    assert [view["frame"] for view in loaded["views"]] == [0, 17]
    other = Worker(tmp_path).load(config(counter_code(31).replace("(0, self", "(9, self")), bodies, tail)
    assert "begins with another first observation" in other["irreproducible"]["reason"]
