"""Matches in processes of their own: played to the end, gone on with after a crash, ended when they misbehave."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mug.authority.supervisor import Limits
from mug.engine.inputs import AuthorityChanged, AuthorityChunk, AuthorityFinished
from mug.ids import MatchId
from mug.play.resimulate import resimulate
from tests.drivers.authority_games import MATCH, Listener, pull_code, pull_game
from tests.drivers.models import feed_forward, write


def test_that_a_match_is_played_to_its_end_with_rows_that_can_be_stepped_again(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game())
        it.page("left")
        ready = it.ready()
        assert ready.agents == ("left", "right")
        it.page("right")
        it.press("left", 0, "ArrowRight")
        it.supervisor.tell(MATCH, "begin")
        it.wait(lambda: it.pages[MATCH, "left"].keys_n == 0 and it.stage("playing"))
        it.supervisor.tell(MATCH, "away", "right")
        it.finished()
        assert it.heard[-1] == AuthorityFinished(MATCH)
        assert [(chunk.episode, chunk.first, chunk.last) for chunk in it.chunks()] == [
            (0, 0, 29),
            (0, 30, 39),
            (1, 0, 29),
            (1, 30, 39),
        ]
        assert set(it.column("actions.left", 1)) == {2}
        assert set(it.column("status.right", 1)) == {"hidden"}
        assert resimulate(pull_game(), it.bodies(), root=tmp_path).difference is None
        shown = it.pages[MATCH, "left"].view
        assert shown is not None
        assert (shown.episode, shown.frame, list(shown.objects)) == (1, 40, ["floor", "ring"])
        assert shown.score == pytest.approx(sum(it.column("rewards.left", 1)), abs=1e-4)
        assert it.pages[MATCH, "right"].view is not None
        events = [
            json.loads(line)
            for chunk in it.heard
            if isinstance(chunk, AuthorityChunk) and chunk.stream == "event"
            for line in chunk.body.splitlines()
        ]
        assert [event["name"] for event in events] == ["episode_started", "episode_ended", "frame_clock"] * 2
        assert all(event["match_id"] == MATCH and event["at"].endswith("Z") for event in events)
        assert it.supervisor.running() == ()


def test_that_a_process_that_crashes_is_gone_on_with_from_its_rows(tmp_path: Path) -> None:
    crash = "(print('the last words', file=sys.stderr), open(AGAIN, 'w').close(), os._exit(7))"
    code = pull_code(
        50,
        first=f"import os, sys; AGAIN = {str(tmp_path / 'again')!r}",
        step=f"(self.n == 40 and not os.path.exists(AGAIN)) and {crash}",
    )
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(code, num_episodes=1))
        it.ready()
        it.page("left")
        it.supervisor.tell(MATCH, "begin")
        failed = it.failed()
        assert (failed.kind, "exit code 7" in failed.message) == ("crashed", True)
        assert "the last words" in failed.traceback
        assert [(chunk.first, chunk.last) for chunk in it.chunks()] == [(0, 29)]
        stored = it.bodies()
        it.heard.clear()
        decoder = it.page("left")
        it.supervisor.start(MATCH, pull_game(code, num_episodes=1), stored)
        ready = it.ready()
        assert (ready.episode, ready.frame) == (0, 30)
        it.wait(lambda: decoder.view is not None and decoder.view.frame == 30 and "floor" in decoder.view.objects)
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        assert [(chunk.first, chunk.last) for chunk in it.chunks()] == [(30, 49)]
        assert resimulate(pull_game(code), [*stored, *it.bodies()], root=tmp_path).difference is None


@pytest.mark.long
def test_that_rows_of_another_game_are_refused(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(30), num_episodes=1))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        stored = it.bodies()
        it.heard.clear()
        it.supervisor.start(MATCH, pull_game(pull_code(30, step="self.at += 1"), num_episodes=1), stored)
        assert it.failed().kind == "irreproducible"


def test_that_what_the_study_raises_comes_with_its_file_and_line(tmp_path: Path) -> None:
    code = pull_code(step="assert self.n < 33, 'the rope broke'")
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(code))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        failed = it.failed()
        assert failed.kind == "environment"
        assert "the rope broke" in failed.message
        assert "pull.py" in failed.traceback
        assert [(chunk.first, chunk.last) for chunk in it.chunks()] == [(0, 29), (30, 31)]


def test_that_an_environment_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(first="import no_such_module")))
        failed = it.failed()
        assert (failed.kind, "no_such_module" in failed.message) == ("environment", True)


def test_that_a_game_that_hangs_is_ended(tmp_path: Path) -> None:
    code = pull_code(step="self.n < 5 or all(True for _ in iter(int, 1))")
    with Listener(tmp_path, Limits(hang_s=1.0)) as it:
        it.supervisor.start(MATCH, pull_game(code))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        assert it.failed().kind == "hung"


def test_that_a_game_that_eats_memory_is_ended(tmp_path: Path) -> None:
    eats = pull_code(step="self.eaten = [*getattr(self, 'eaten', []), np.ones(2_000_000)]", length=10_000)
    with Listener(tmp_path, Limits(memory_bytes=300 * 1024**2, seconds_between_looks=0.05)) as it:
        it.supervisor.start(MATCH, pull_game(eats))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        failed = it.failed()
        assert failed.kind == "memory"
        assert "300 MB" in failed.message


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_AS")
def test_that_memory_is_refused_to_a_game_that_asks_for_far_too_much(tmp_path: Path) -> None:
    asks = pull_code(step="self.big = np.ones(2_000_000_000)")
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(asks))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        failed = it.failed()
        assert (failed.kind, "llocate" in failed.message) == ("environment", True)


def test_that_what_a_study_prints_goes_to_a_log_and_reads_nothing(tmp_path: Path) -> None:
    code = pull_code(30, first="print('loaded'); import os; os.write(1, b'raw\\n'); assert not os.read(0, 10)")
    with Listener(tmp_path, log_folder=tmp_path / "logs") as it:
        it.supervisor.start(MATCH, pull_game(code, num_episodes=1))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        it.finished()
    assert (tmp_path / "logs" / f"match-{MATCH}.log").read_text() == "loaded\nraw\n"


def test_that_what_a_reset_writes_to_the_shared_dict_comes_with_the_first_word(tmp_path: Path) -> None:
    code = pull_code(3, step="mug_globals['n'] = self.n").replace("self.n = 0\n", "self.n = 0; mug_globals['n'] = 0\n")
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(code, num_episodes=1))
        ready = it.ready()
        assert (ready.agents, ready.mug_globals) == (("left", "right"), {"n": 0})
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        said = [item.mug_globals for item in it.heard if isinstance(item, AuthorityChanged)]
        assert [one for one in said if one is not None] == [{"n": n} for n in range(4)]


def test_that_modules_beside_the_environment_are_found_first(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 3\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "further.py").write_text("VALUE = 4\n")
    code = pull_code(3, first="import beside, further; assert (beside.VALUE, further.VALUE) == (3, 4)")
    with Listener(tmp_path, paths=(tmp_path / "elsewhere",)) as it:
        it.supervisor.start(MATCH, pull_game(code, num_episodes=1))
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        it.finished()


def test_that_a_match_that_is_stopped_hands_over_its_rows_and_nothing_else(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(10_000)))
        it.ready()
        decoder = it.page("left")
        it.supervisor.tell(MATCH, "begin")
        it.wait(lambda: decoder.view is not None and decoder.view.frame > 35)
        it.supervisor.stop(MATCH, "enough")
        it.wait(lambda: len(it.chunks()) == 2)
        assert it.chunks()[-1].first == 30
        assert it.chunks()[-1].last < 59
        assert not any(isinstance(item, AuthorityFinished) for item in it.heard)


def test_that_a_paused_match_stands_still_and_goes_on(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(10_000), pause_on_partner_background=True))
        it.ready()
        decoder = it.page("left")
        it.supervisor.tell(MATCH, "begin")
        it.wait(lambda: decoder.view is not None and decoder.view.frame > 5)
        it.supervisor.tell(MATCH, "pause")
        stands = it.wait(lambda: it.stage("paused"))
        it.press("right", 0, hidden=True)
        it.supervisor.tell(MATCH, "go_on")
        it.heard.clear()
        it.press("right", 1)
        goes_on = it.wait(lambda: it.stage("playing"))
        assert goes_on.frame == stands.frame
        frame = decoder.view.frame if decoder.view is not None else 0
        it.wait(lambda: decoder.view is not None and decoder.view.frame > frame + 2)


def test_that_a_page_that_does_not_keep_up_gets_fewer_views_and_a_new_one_a_whole_one(tmp_path: Path) -> None:
    with Listener(tmp_path) as it:
        it.acknowledges = False
        it.supervisor.start(MATCH, pull_game(pull_code(10_000)))
        it.ready()
        slow = it.page("left")
        it.supervisor.tell(MATCH, "begin")
        it.wait(lambda: len(it.chunks()) >= 1)
        assert slow.n == 2
        it.supervisor.seen(MATCH, "left", 2)
        it.wait(lambda: slow.n >= 3)
        assert slow.view is not None
        assert slow.view.frame >= 30
        it.acknowledges = True
        again = it.page("left")
        it.wait(lambda: again.n >= 10)
        assert again.view is not None
        assert set(again.view.objects) == {"floor", "ring"}


def test_that_two_heavy_matches_run_at_once(tmp_path: Path) -> None:
    other = MatchId("m-2")
    heavy = pull_code(30, step="sum(i * i for i in range(60_000))")
    with Listener(tmp_path) as it:
        for match_id in (MATCH, other):
            it.supervisor.start(match_id, pull_game(heavy, num_episodes=1, match_id=str(match_id)))
            it.page("left", match_id)
        for match_id in (MATCH, other):
            it.ready(match_id)
            it.supervisor.tell(match_id, "begin")
        it.wait(lambda: len(it.supervisor.running()) == 2)
        for match_id in (MATCH, other):
            it.finished(match_id)
            assert resimulate(pull_game(heavy), it.bodies(match_id), root=tmp_path).difference is None


SLOW = """
import time


class Slow:
    \"\"\"Counts its decisions; some of them take long.\"\"\"

    def __init__(self):
        self.n = 0

    def compute_action(self, observation, agent_id, rng):
        self.n += 1
        if int(observation[1]) % 10 == 5:
            time.sleep(0.15)
        return 2 if self.n % 2 else 0
"""


def test_that_a_policy_that_is_slow_is_late_by_rule_and_the_match_goes_on_from_its_rows(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    game = pull_game(
        pull_code(60), num_episodes=1, players=("left",), policies={"right": "slow.py:Slow"}, frame_skip=1, fps=20
    )
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, game)
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        statuses = it.column("status.right")
        assert {"policy", "late"} == set(statuses)
        rows = zip(it.column("actions.right"), statuses, strict=True)
        assert {action for action, status in rows if status == "late"} == {1}
        (figures,) = it.measured()
        assert (figures.agent, figures.decisions) == ("right", 60)
        assert figures.late >= statuses.count("late")
        stored = it.bodies()[:2]
        it.heard.clear()
        it.supervisor.start(MATCH, game, stored)
        assert it.ready().frame == 40
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        assert it.chunks()[0].first == 40


def test_that_onnx_models_run_in_the_process(tmp_path: Path) -> None:
    write(tmp_path / "model.onnx", feed_forward(2, 3))
    game = pull_game(
        pull_code(10), num_episodes=1, players=("left",), policies={"right": "model.onnx"}, frame_skip=1, fps=5
    )
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, game)
        it.ready()
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        assert "policy" in it.column("status.right")  # on a busy machine, some are late
        (figures,) = it.measured()
        assert figures.decisions == 10


PARENT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.drivers.authority_games import MATCH, Listener, pull_code, pull_game
it = Listener(Path({folder!r}))
it.supervisor.start(MATCH, pull_game(pull_code(10_000, step={step!r})))
it.ready()
it.supervisor.tell(MATCH, "begin")
it.wait(lambda: it.stage("playing"))
print(it.supervisor.running()[0].pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("pass", id="playing"),
        pytest.param("import time; all(True for _ in iter(int, 1))", id="hanging", marks=pytest.mark.long),
    ],
)
def test_that_a_process_goes_when_its_server_is_killed(tmp_path: Path, step: str) -> None:
    tests = str(Path(__file__).parents[3])
    script = PARENT.format(tests=tests, folder=str(tmp_path), step=step)
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": tests},
    )
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
    finally:
        parent.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        parent.communicate()
    gone, _ = psutil.wait_procs([child], timeout=60)
    assert gone


def test_that_closing_ends_all_processes(tmp_path: Path) -> None:
    it = Listener(tmp_path)
    it.supervisor.start(MATCH, pull_game())
    it.ready()
    (process,) = it.supervisor.running()
    it.supervisor.close()
    assert not psutil.pid_exists(process.pid)
    it.supervisor.start(MATCH, pull_game())
    assert it.supervisor.running() == ()


def test_that_processes_which_study_code_starts_end_with_the_match(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    note = f"open({str(pid_file)!r}, 'w').write(str(child))"
    fork = f"self.n == 5 and ((child := os.fork()) and {note} or (time.sleep(600), os._exit(0)))"
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(40, first="import os, time", step=fork), num_episodes=1))
        it.ready()
        it.page("left")
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        pid = int(pid_file.read_text())
        it.wait(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "step", "words"),
    [
        ("", "self.n == 35 and (_ for _ in ()).throw(RuntimeError('no \\udc80 text'))", "no \\udc80 text"),
        ("", "mug_globals.update(count=2**70)", "cannot be passed on"),
        ("", "mug_globals.update(name='\\udc80')", "cannot be passed on"),
    ],
)
def test_that_what_no_message_can_carry_is_said_in_words(tmp_path: Path, first: str, step: str, words: str) -> None:
    with Listener(tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(60, first=first, step=step), num_episodes=1))
        it.ready()
        it.page("left")
        it.supervisor.tell(MATCH, "begin")
        failed = it.failed()
        assert (failed.kind, words in failed.message) == ("environment", True), failed


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_that_prints_which_find_no_room_on_the_disk_do_not_end_the_match(tmp_path: Path) -> None:
    (tmp_path / f"match-{MATCH}.log").symlink_to("/dev/full")
    step = "(print('a line'), print('another', file=sys.stderr, flush=True))"
    with Listener(tmp_path, log_folder=tmp_path) as it:
        it.supervisor.start(MATCH, pull_game(pull_code(40, first="import sys", step=step), num_episodes=1))
        it.ready()
        it.page("left")
        it.supervisor.tell(MATCH, "begin")
        it.finished()
        assert [(chunk.first, chunk.last) for chunk in it.chunks()] == [(0, 29), (30, 39)]
