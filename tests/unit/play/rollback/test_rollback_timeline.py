"""What a timeline asks for, executed on a small world and held against a run that never guessed."""

from hypothesis import given
from hypothesis import strategies as st

from mug.play.rollback.inputs import NEVER, InputQueue
from mug.play.rollback.requests import Advance, Load, Request, Save
from mug.play.rollback.timeline import Timeline

BLANK = b"\x00"


def a_timeline(players: int = 2, *, delay: int = 0, window: int = 8, interval: int = 1) -> Timeline:
    queues = [InputQueue(BLANK, repeats=True, delay=delay) for _ in range(players)]
    return Timeline(queues, BLANK, window=window, interval=interval)


def names(requests: list[Request]) -> list[str]:
    return [f"{type(request).__name__}{request.frame}" for request in requests]


class Executor:
    """Executes requests on a world whose state is all the inputs it ever had; ends as `end` says."""

    def __init__(self, timeline: Timeline, end: int = NEVER) -> None:
        self.timeline = timeline
        self.end = end
        self.state: list[tuple[bytes, ...]] = []
        self.saved: dict[int, list[tuple[bytes, ...]]] = {}
        self.ended = False

    def run(self, requests: list[Request]) -> None:
        ended = self.ended
        for request in requests:
            if isinstance(request, Load):
                self.state = list(self.saved[request.frame])
                assert len(self.state) == request.frame
                assert request.frame <= self.timeline.confirmed + 1 or self.timeline.wrong == NEVER
                ended = False
            elif ended:
                continue
            elif isinstance(request, Save):
                assert len(self.state) == request.frame
                self.saved[request.frame] = list(self.state)
                self.saved = {frame: kept for frame, kept in self.saved.items() if frame >= request.oldest}
            elif isinstance(request, Advance):
                assert request.frame == len(self.state)
                self.state.append(request.inputs)
                ended = len(self.state) == self.end
        if requests:
            self.ended = ended
            self.timeline.executed(len(self.state), ended)

    def tick(self, local: bytes, player: int = 0) -> list[Request]:
        requests: list[Request] = []
        self.timeline.repair(requests)
        if not self.timeline.ended and self.timeline.may_step():
            queue = self.timeline.queues[player]
            queue.add(queue.last + 1, local)
            self.timeline.step(requests)
        self.run(requests)
        return requests


def test_that_without_guesses_a_frame_is_one_save_and_one_step() -> None:
    world = Executor(a_timeline())
    for frame in range(20):
        world.timeline.queues[1].add(frame, b"b")
        assert names(world.tick(b"a")) == [f"Save{frame}", f"Advance{frame}"]


def test_that_a_right_guess_costs_nothing() -> None:
    world = Executor(a_timeline())
    world.tick(b"a")
    world.tick(b"a")
    world.timeline.queues[1].add(0, BLANK)
    world.timeline.queues[1].add(1, BLANK)
    assert names(world.tick(b"a")) == ["Save2", "Advance2"]


def test_that_a_wrong_guess_in_frame_zero_is_repaired() -> None:
    world = Executor(a_timeline())
    for _ in range(3):
        world.tick(b"a")
    world.timeline.queues[1].add(0, b"x")
    assert names(world.tick(b"a")) == [
        "Load0",
        "Advance0",
        "Save1",
        "Advance1",
        "Save2",
        "Advance2",
        "Save3",
        "Advance3",
    ]
    assert world.state == [(b"a", b"x")] * 4


def test_that_only_the_frames_from_the_wrong_one_on_are_stepped_again() -> None:
    world = Executor(a_timeline())
    for _ in range(4):
        world.tick(b"a")
    for frame, value in enumerate([BLANK, BLANK, b"x"]):
        world.timeline.queues[1].add(frame, value)
    assert names(world.tick(b"a"))[:3] == ["Load2", "Advance2", "Save3"]


def test_that_the_window_stops_new_frames_and_still_lets_a_repair_through() -> None:
    world = Executor(a_timeline(window=4))
    for _ in range(10):
        world.tick(b"a")
    assert world.timeline.frame == 4
    world.timeline.queues[1].add(0, b"x")
    world.timeline.queues[1].cut(-1)
    world.timeline.queues[1].add(0, b"x")
    requests: list[Request] = []
    repair = world.timeline.repair(requests)
    assert repair is not None
    assert (repair.depth, repair.steps, names(requests)[0]) == (4, 4, "Load0")


def test_that_sparse_saves_go_back_to_the_last_one_and_save_where_the_guesses_begin() -> None:
    world = Executor(a_timeline(interval=10, window=8))
    for frame in range(5):
        world.timeline.queues[1].add(frame, b"b")
    for _ in range(9):
        world.tick(b"a")
    world.timeline.queues[1].add(5, b"b")
    world.timeline.queues[1].add(6, b"x")
    requests = world.tick(b"a")
    assert names(requests)[0] == "Load0"
    assert [request.frame for request in requests if isinstance(request, Save)] == [7]
    world.timeline.queues[1].add(7, b"y")
    assert names(world.tick(b"a"))[0] == "Load7"


def test_that_an_end_that_was_only_guessed_goes_away_and_the_game_is_where_it_was() -> None:
    timeline = a_timeline()
    world = Executor(timeline)
    for _ in range(6):
        world.tick(b"a")
    world.end = 4
    timeline.queues[1].add(0, b"x")
    world.tick(b"a")
    assert (timeline.frame, timeline.ended) == (4, True)
    world.end = NEVER
    timeline.queues[1].add(1, b"y")
    world.tick(b"a")
    assert (timeline.frame, timeline.ended) == (timeline.stepped, False)
    assert timeline.stepped >= 6


def test_that_who_is_cut_at_the_current_frame_rolls_nothing_back() -> None:
    world = Executor(a_timeline())
    for frame in range(3):
        world.timeline.queues[1].add(frame, b"b")
        world.tick(b"a")
    world.timeline.cut(1, 2)
    requests = world.tick(b"a")
    assert names(requests) == ["Save3", "Advance3"]
    advance = requests[-1]
    assert isinstance(advance, Advance)
    assert (advance.inputs, advance.dropped, advance.predicted) == ((b"a", BLANK), (False, True), (False, False))


def test_that_who_is_cut_earlier_is_the_default_from_there_on() -> None:
    world = Executor(a_timeline())
    world.timeline.queues[1].add(0, b"b")
    for _ in range(4):
        world.tick(b"a")
    world.timeline.cut(1, 0)
    assert names(world.tick(b"a"))[0] == "Load1"
    assert world.state == [(b"a", b"b"), *[(b"a", BLANK)] * 4]


def test_that_a_cut_keeps_an_earlier_wrong_guess_due() -> None:
    world = Executor(a_timeline())
    for _ in range(4):
        world.tick(b"a")
    world.timeline.queues[1].add(0, b"x")
    world.timeline.queues[1].add(1, b"x")
    world.timeline.cut(1, 1)
    assert names(world.tick(b"a"))[0] == "Load0"


MOVES = st.lists(
    st.tuples(st.sampled_from(["tick", "tick", "hear", "hear", "confirm", "end"]), st.integers(0, 3)), max_size=250
)


@given(MOVES, st.integers(0, 3), st.integers(1, 9), st.integers(1, 7), st.integers(2, 4))
def test_that_any_schedule_gives_the_frames_of_a_run_without_guesses(
    moves: list[tuple[str, int]], delay: int, window: int, interval: int, players: int
) -> None:
    timeline = a_timeline(players, delay=delay, window=window, interval=interval)
    world = Executor(timeline)
    truth: list[list[bytes]] = [[BLANK] * delay for _ in range(players)]
    for move, value in moves:
        if move == "tick":
            before = timeline.queues[0].last
            world.tick(bytes([value]))
            if timeline.queues[0].last > before:
                truth[0].append(bytes([value]))
        elif move == "hear":
            player = 1 + value % (players - 1)
            if len(truth[player]) < timeline.frame + window + delay:
                truth[player].append(bytes([(value * 7 + len(truth[player])) % 3]))
                timeline.queues[player].add(len(truth[player]) - 1, truth[player][-1])
        elif move == "end":
            # An end that comes and goes with the branch, as a world's may.
            world.end = NEVER if world.end != NEVER else max(timeline.confirmed + 2, len(world.state) - value)
        else:
            timeline.confirm(timeline.held)
        held = min(len(inputs) for inputs in truth)
        right = min(timeline.confirmed + 1, held)
        assert timeline.confirmed < held
        assert world.state[:right] == list(zip(*(inputs[:right] for inputs in truth), strict=True))
        assert timeline.frame - timeline.held <= window + 1
        assert len(timeline.saved) <= timeline.stepped - timeline.confirmed + interval + 1
        assert list(timeline.saved) == sorted(set(timeline.saved))
        for queue in timeline.queues:
            assert len(queue) <= 2 * window + interval + 2 * delay + max(timeline.frame - timeline.confirmed, 0) + 4
    world.end = NEVER
    requests: list[Request] = []
    timeline.repair(requests)
    world.run(requests)
    timeline.confirm(timeline.held)
    last = min(timeline.held, timeline.frame - 1)
    assert timeline.confirmed == last
    assert world.state[: last + 1] == list(zip(*(inputs[: last + 1] for inputs in truth), strict=True))
