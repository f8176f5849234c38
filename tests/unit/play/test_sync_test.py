"""The sync test: sound environments pass, each unsound kind is found and the guilty place is named."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from play_worlds import CAR, config
from unsound_worlds import NOTHING_BESIDE, SOUND, changed, maker

from mug.play.errors import EnvironmentFailedError
from mug.play.sync_test import sync_test
from mug.play.sync_test_report import Finding, SyncReport, Timing
from mug.play.world import World

EXAMPLES = Path(__file__).parents[3] / "examples"


def report_of(code: str, **options: object) -> SyncReport:
    options.setdefault("frames", 130)
    return sync_test(maker(code), **options)  # type: ignore[arg-type]


def errors(report: SyncReport) -> Sequence[Finding]:
    return [finding for finding in report.findings if finding.severity == "error"]


def test_that_a_sound_environment_passes_at_full_length() -> None:
    report = sync_test(maker(SOUND))
    assert report.passed
    assert report.level == "pickle"
    assert not report.findings
    assert not report.rejoin_from_start
    assert (report.frames, report.episodes, report.distances) == (500, 9, (1, 2, 7, 8))
    assert report.compared > 4 * 500
    assert set(report.timings) == {"step", "save", "load", "hash", "render"}
    assert all(timing.p99 >= timing.p50 > 0 for timing in report.timings.values())


@pytest.mark.parametrize(
    ("example", "file", "changes"),
    [
        ("mountain_car", "mountain_car_env.py", {}),
        ("drawing_gallery", "gallery_env.py", {"action_mapping": (), "default_action": 0}),
        ("drawing_gallery", "pixels_env.py", {"action_mapping": (), "default_action": 0}),
    ],
)
def test_that_the_examples_pass(example: str, file: str, changes: dict[str, object]) -> None:
    root = EXAMPLES / example
    game = config((root / file).read_text(), fps=30, environment_filename=file, **changes)
    report = sync_test(lambda entropy: World(game, root=root, mug_globals={}, entropy=entropy), frames=150)
    assert report.passed, report.text(30)


def test_that_each_level_holds_for_a_sound_environment() -> None:
    state = """
    def get_state(self):
        return {"p": self.places, "t": self.trail, "f": self.frame, "e": self.extra, "g": self.field, "a": self.agents}

    def set_state(self, state):
        self.places, self.trail, self.frame = state["p"], state["t"], state["f"]
        self.extra, self.agents = state["e"], state["a"]
        self.field[:] = state["g"]
"""
    for level in ("own", "pickle", "walker", "deepcopy"):
        report = report_of(changed(methods=state), levels=(level,))
        assert (report.level, report.findings) == (level, ()), report.text(30)


def test_that_an_own_get_state_that_forgets_something_is_named_and_passed_over() -> None:
    state = """
    def get_state(self):
        return {"p": dict(self.places), "f": self.frame, "e": self.extra, "g": self.field.copy(), "a": self.agents}

    def set_state(self, state):
        self.places, self.frame = dict(state["p"]), state["f"]
        self.extra, self.agents = state["e"], state["a"]
        self.field[:] = state["g"]
"""
    report = report_of(changed(methods=state))
    assert report.level == "pickle"
    (finding,) = report.findings
    assert (finding.kind, finding.severity, finding.level) == ("own_incomplete", "warning", "own")
    assert finding.path.startswith("env.trail")


def test_that_an_own_state_is_completed_by_generators() -> None:
    state = """
    def get_state(self):
        return (self.places, self.trail, self.frame, self.agents, self.field, self.extra)

    def set_state(self, state):
        self.places, self.trail, self.frame, self.agents, self.field, self.extra = state
"""
    assert report_of(changed(methods=state)).level == "own"


UNSEEDED = [
    ("", "self.extra = float(np.random.default_rng().random())", "an unseeded generator"),
    ("import random", "self.extra = random.Random().random()", "an unseeded generator"),
    ("import time", "self.extra = time.time()", "a clock"),
]


@pytest.mark.parametrize(("head", "more", "source"), UNSEEDED)
def test_that_unseeded_chance_and_clocks_are_a_warning_that_names_the_line(head: str, more: str, source: str) -> None:
    code = changed(head=head, more=more)
    report = report_of(code)
    assert report.passed
    (finding,) = report.findings
    line = next(i for i, text in enumerate(code.splitlines(), 1) if text.strip() == more)
    assert (finding.kind, finding.severity, finding.path) == ("unseeded", "warning", "env.extra")
    assert (finding.episode, finding.frame) == (0, 0)
    assert finding.expected != finding.found
    assert f"environment.py, line {line}, {source}" in finding.message


def test_that_a_copy_of_an_easy_pickle_is_passed_over_and_named() -> None:
    head = """
from gymnasium.utils import EzPickle


class Inner(EzPickle):
    def __init__(self, place):
        EzPickle.__init__(self, place)
        self.place = place
"""
    report = report_of(
        changed(head=head, begin="self.inner = Inner(3)", more="self.inner.place += 1; self.extra = self.inner.place")
    )
    assert (report.level, report.findings) == ("walker", ())
    assert "env.inner.place is not restored" in report.tried["pickle"]
    only = report_of(
        changed(head=head, begin="self.inner = Inner(3)", more="self.inner.place += 1; self.extra = self.inner.place"),
        levels=("pickle", "deepcopy"),
    )
    (finding,) = errors(only)
    assert (finding.kind, finding.path, finding.found) == ("not_restored", "env.inner.place", "3")
    assert only.level is None


@pytest.mark.parametrize(
    ("head", "more", "path"),
    [
        ("COUNT = 0", "global COUNT; COUNT += 1; self.extra = COUNT", "environment.py:COUNT"),
        ("SEEN = {'n': [0]}", "SEEN['n'][0] += 1; self.extra = SEEN['n'][0]", "environment.py:SEEN['n'][0]"),
        (
            "",
            "type(self).total = getattr(type(self), 'total', 0) + 1; self.extra = self.total",
            "environment.py:Chase.total",
        ),
        ("LAST = [None]", "self.extra = LAST[0] or 0; LAST[0] = int(actions['a']) + 1", "environment.py:LAST[0]"),
    ],
)
def test_that_state_outside_the_environment_is_an_error_that_names_it(head: str, more: str, path: str) -> None:
    report = report_of(changed(head=head, more=more))
    assert report.level is None
    finding = errors(report)[0]
    assert (finding.kind, finding.path) == ("not_restored", path), report.text(30)
    assert finding.expected != finding.found
    assert set(report.tried) == {"pickle", "walker", "deepcopy"}  # it has no get_state


def test_that_the_order_of_a_set_is_named() -> None:
    begin = "self.bag = set()"
    more = (
        "self.bag.add((self.frame * 37 + int(actions['a'])) % 4096 * 8); "
        "len(self.bag) > 6 and self.bag.discard(min(self.bag)); self.extra = next(iter(self.bag))"
    )
    report = report_of(changed(begin=begin, more=more))
    assert report.level is None
    finding = errors(report)[0]
    assert (finding.kind, finding.path) == ("set_order", "env.bag"), report.text(30)
    assert sorted(finding.expected.split(", ")) == sorted(finding.found.split(", "))


def test_that_a_set_whose_order_nothing_depends_on_is_a_warning_at_most() -> None:
    report = report_of(
        changed(begin="self.bag = set()", more="self.bag.add(self.frame * 8); self.extra = len(self.bag)")
    )
    assert report.passed
    assert {finding.kind for finding in report.findings} <= {"set_order"}


@pytest.mark.parametrize(
    ("head", "begin", "more", "path", "kind"),
    [
        ("", "self.walk = (i * i for i in range(10**9))", "self.extra = next(self.walk)", "env.walk", "generator"),
        (
            "import hashlib",
            "self.digest = {'now': hashlib.sha256()}",
            "self.digest['now'].update(b'x'); self.extra = self.digest['now'].digest()[0]",
            "env.digest['now']",
            "_hashlib.HASH",
        ),
    ],
)
def test_that_what_nobody_can_read_is_an_error_that_names_it(
    head: str, begin: str, more: str, path: str, kind: str
) -> None:
    report = report_of(changed(head=head, begin=begin, more=more))
    assert report.level is None
    found = {finding.kind: finding for finding in errors(report)}
    assert set(found) == {"cannot_be_hashed", "cannot_be_saved"}
    assert {finding.path for finding in found.values()} == {path}
    assert kind in found["cannot_be_saved"].message


def test_that_state_in_a_closure_is_restored_in_place() -> None:
    head = """
def counter():
    count = 0
    def more():
        nonlocal count
        count += 1
        return count
    return more
"""
    code = changed(head=head, begin="self.next = counter()", more="self.extra = self.next()")
    report = report_of(code)
    assert (report.level, report.findings) == ("walker", ())
    assert "env.next.<count> is not restored" in report.tried["pickle"]
    finding = errors(report_of(code, levels=("pickle", "deepcopy")))[0]
    assert (finding.kind, finding.path) == ("not_restored", "env.next.<count>")


def test_that_state_in_a_lambdas_default_is_restored_in_place() -> None:
    code = changed(
        begin="self.next = lambda seen=[0]: seen.append(len(seen)) or len(seen)", more="self.extra = self.next()"
    )
    assert report_of(code).level == "walker"


def test_that_drawing_that_changes_the_state_is_named() -> None:
    report = report_of(changed(render="self.extra += self.frame == 5"))
    assert not report.passed
    (finding,) = errors(report)
    assert (finding.kind, finding.path) == ("drawing_changes_state", "env.extra")
    assert (finding.episode, finding.frame) == (0, 4)  # the picture after it


def test_that_state_which_the_first_picture_changes_is_named() -> None:
    report = report_of(changed(more="self.extra += int(actions['a'])", render="self.extra += 100"))
    assert not report.passed
    assert [(f.kind, f.path) for f in errors(report)] == [("drawing_changes_state", "env.extra")]


def test_that_what_only_pictures_change_is_no_state() -> None:
    report = report_of(changed(render="self.drawn = getattr(self, 'drawn', 0) + 1"))
    assert report.passed
    assert not report.findings


def test_that_a_reset_that_remembers_is_a_warning() -> None:
    report = report_of(changed(begin="self.count += 1; self.extra = self.count"))
    assert report.passed
    assert report.rejoin_from_start
    paths = {finding.path: (finding.expected, finding.found) for finding in report.findings}
    assert paths["env.count"] == ("1", "2")
    assert {finding.kind for finding in report.findings} == {"reset_keeps_state"}


def test_that_what_is_not_deterministic_is_an_error() -> None:
    report = report_of(changed(head="import itertools\nimport builtins", more="self.extra = id(self)"))
    assert report.level is None
    (finding,) = errors(report)
    assert (finding.kind, finding.path, finding.frame) == ("nondeterministic", "env.extra", 0)


def test_that_objects_that_pictures_hold_too_are_not_made_anew() -> None:
    """A drawing that remembers the pieces it drew would go on drawing the old ones."""
    head = """
class Piece:
    def __init__(self):
        self.x = 0
"""
    code = changed(
        head=head,
        begin="self.piece = Piece()",
        more="self.piece.x += 1; self.extra = self.piece.x",
        render="self.drawn = getattr(self, 'drawn', []); self.drawn.append(self.piece)",
    )
    report = report_of(code)
    assert report.level == "walker"
    assert "env.drawn[0] and env.piece are one object" in report.tried["pickle"]


def test_that_an_environment_that_raises_raises() -> None:
    with pytest.raises(EnvironmentFailedError, match="ZeroDivisionError"):
        report_of(changed(more="1 / (20 - self.frame)"))


def test_that_gymnasiums_wrappers_are_restored() -> None:
    game = config(CAR, max_steps=1000)
    for level in ("pickle", "walker", "deepcopy"):
        report = sync_test(
            lambda entropy: World(game, root=Path(), mug_globals={}, entropy=entropy), frames=250, levels=(level,)
        )
        assert (report.level, report.findings) == (level, ()), report.text(30)
        assert report.episodes == 2


def test_that_a_report_survives_json_and_tells_the_depth_that_fits() -> None:
    report = report_of(changed(head="COUNT = 0", more="global COUNT; COUNT += 1; self.extra = COUNT"))
    assert SyncReport.from_dict(report.to_dict()) == report
    timings = {"step": Timing(1.0, 9.0), "save": Timing(0.5, 9.0), "load": Timing(0.5, 9.0), "render": Timing(2.0, 9.0)}
    known = SyncReport(level="walker", timings=timings)
    assert known.fits_depth(30) == 10  # 20 ms, less 4 ms for load, step, save and picture, by 1.5 ms a frame
    assert known.fits_depth(200) == 0
    assert "10 frames can be taken back" in known.text(30)


def test_that_much_other_code_in_the_same_folder_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = ModuleType("crowd")
    crowd.__file__ = str(NOTHING_BESIDE.resolve() / "crowd.py")
    crowd.__dict__["things"] = [[number] for number in range(30_000)]
    before = {"crowd": crowd, **sys.modules}
    monkeypatch.setitem(sys.modules, "crowd", crowd)
    for name in before:  # the crowd comes first
        sys.modules[name] = sys.modules.pop(name)
    report = report_of(changed(head="LAST = [None]", more="self.extra = LAST[0] or 0; LAST[0] = int(actions['a']) + 1"))
    assert errors(report)[0].path == "environment.py:LAST[0]"
