"""The same Python, in a real Pyodide under Node, driven by the worker's own TypeScript."""

from collections.abc import Callable, Sequence

import pytest
from conftest import Visit, VisitScript
from play_worlds import CAR, config, counter_code, play

pytestmark = [pytest.mark.node, pytest.mark.pyodide]

Play = Callable[[Sequence[VisitScript]], list[Visit]]

CAR_GAME = config(CAR, fps=60, num_episodes=2, max_steps=150)

CHANCE = (
    counter_code(20)
    .replace("self.n += 1", "self.n += 1; import time, random, os, uuid, datetime; time.sleep(0.002)")
    .replace(
        'float(actions["human"])',
        "time.time() % 1000 + time.perf_counter() + random.random() + random.Random().random() + os.urandom(1)[0]"
        " + np.random.default_rng().random() + np.random.rand()"
        " + uuid.uuid4().int % 99 + datetime.datetime.now().second",
    )
)

BROKEN = counter_code(40).replace("self.n += 1", "self.n += 1; 1 / (25 - self.n)")

LEAKY = "import builtins\ncount = globals().get('count', 0) + 1\nassert not hasattr(builtins, 'left')\n" + counter_code(
    5
).replace(
    "env = Counter(5)", "Counter.runs = getattr(Counter, 'runs', 0) + count\nassert Counter.runs == 1\nenv = Counter(5)"
)


@pytest.fixture(scope="module")
def first(play_in_pyodide: Play) -> list[Visit]:
    return play_in_pyodide(
        [
            VisitScript(CAR_GAME),
            VisitScript(CAR_GAME, stop_after=250),
            VisitScript(config(counter_code(45), fps=30)),
            VisitScript(config(CHANCE, fps=30)),
            VisitScript(config(BROKEN, fps=30, environment_filename="envs/broken.py")),
            VisitScript(config(LEAKY, fps=30)),
            VisitScript(config(LEAKY, fps=30)),
        ]
    )


@pytest.fixture(scope="module")
def second(play_in_pyodide: Play, first: list[Visit]) -> list[Visit]:
    """A new interpreter: a page that was loaded again."""
    stopped = first[1]
    return play_in_pyodide(
        [
            VisitScript(CAR_GAME, stored=stopped.bodies, tail=stopped.tail, first_tick=stopped.ticks),
            VisitScript(CAR_GAME),
            VisitScript(config(CHANCE, fps=30)),
            VisitScript(
                config(CAR.replace("position, _", "position, self.drawn"), fps=60, num_episodes=2, max_steps=150),
                stored=stopped.bodies,
                tail=stopped.tail,
                stop_after=1,
            ),
            VisitScript(
                config(
                    CAR.replace(
                        "def render",
                        "def step(self, a):\n        self.more = 1\n        return super().step(a)\n\n    def render",
                    ),
                    fps=60,
                    num_episodes=2,
                    max_steps=150,
                ),
                stored=stopped.bodies,
                tail=stopped.tail,
            ),
        ]
    )


def test_that_the_real_mountain_car_is_played_to_the_end(first: list[Visit]) -> None:
    car = first[0]
    assert [message["op"] for message in car.messages if message["op"] != "event"] == [
        "loaded",
        "calibrated",
        "finished",
    ]
    ends = [message["data"] for message in car.only("event") if message["name"] == "episode_ended"]
    assert [(end["episode"], end["frames"], end["end"]) for end in ends] == [
        (0, 150, "max_steps"),
        (1, 150, "max_steps"),
    ]
    assert car.column("frame") == [*range(150), *range(150)]
    assert set(car.column("status.human")) == {"input", "default"}
    assert car.views == [[episode, frame] for episode in (0, 1) for frame in range(151)]


def test_that_two_seeded_runs_give_identical_rows(first: list[Visit], second: list[Visit]) -> None:
    assert first[0].bodies == second[1].bodies


def test_that_a_reload_goes_on_with_the_same_bytes(first: list[Visit], second: list[Visit]) -> None:
    stopped, after = first[1], second[0]
    assert stopped.bodies
    assert stopped.tail is not None
    assert stopped.tail["entries"]
    assert stopped.bodies + after.bodies == first[0].bodies


def test_that_stopping_in_the_middle_hands_over_the_rest(first: list[Visit]) -> None:
    stopped = first[1]
    from mug.play.chunks import decode_chunk

    rest = [decode_chunk(body) for body in stopped.flushed]
    assert rest[-1].last == stopped.views[-1][1] - 1


def test_that_cpython_and_pyodide_write_the_same_bytes(first: list[Visit]) -> None:
    assert first[2].bodies == play(config(counter_code(45), fps=30)).bodies


def test_that_clocks_and_chance_inside_a_step_are_the_matchs(first: list[Visit], second: list[Visit]) -> None:
    rewards = first[3].column("rewards.human")
    assert len(set(rewards)) == 20
    assert second[2].column("rewards.human") == rewards


def test_that_an_environment_error_names_file_and_line_and_loses_no_row(first: list[Visit]) -> None:
    broken = first[4]
    (failed,) = broken.only("failed")
    line = next(i for i, text in enumerate(BROKEN.splitlines(), 1) if "25 - self.n" in text)
    assert failed["kind"] == "environment"
    assert f'File "envs/broken.py", line {line}, in step' in failed["traceback"]
    assert "1 / (25 - self.n)" in failed["traceback"]
    assert broken.column("frame") == list(range(24))
    assert not broken.only("finished")


def test_that_a_second_visit_finds_a_clean_interpreter(first: list[Visit]) -> None:
    assert [len(visit.only("finished")) for visit in first[5:]] == [1, 1]
    assert first[5].bodies == first[6].bodies


def test_that_what_does_not_reproduce_is_told_to_the_page(second: list[Visit]) -> None:
    (told,) = second[4].only("irreproducible")
    assert told["matchId"] == "match-1"
    assert "state_hash at frame 59" in told["reason"]
    assert not second[4].only("failed")


def test_that_drawing_differently_is_no_other_world(second: list[Visit]) -> None:
    assert not second[3].only("irreproducible")
    assert second[3].only("event")[-1]["name"] == "episode_resumed"
