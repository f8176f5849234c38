"""`check_environment`, as an author calls it."""

import io

import gymnasium
import pytest
from unsound_worlds import SOUND, changed

from mug.play import check_environment
from mug.play.errors import EnvironmentFailedError, PlayError

SPACED = """
from gymnasium import spaces


class Chase(Chase):
    def action_space(self, agent):
        return spaces.Discrete(3)
"""


def made(code: str) -> type:
    names: dict[str, object] = {"__name__": __name__}
    exec(code.replace("env = Chase()", SPACED), names)
    found = names["Chase"]
    assert isinstance(found, type)
    return found


class Blind:
    """An environment of one agent that is no `gymnasium.Env`, and draws nothing."""

    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, seed: object = None, options: object = None) -> tuple[int, dict[str, object]]:
        self.sum = 0
        return self.sum, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, object]]:
        self.sum += int(action)
        return self.sum, 1.0, self.sum > 50, False, {}


def test_that_an_environment_that_draws_nothing_is_checked_all_the_same() -> None:
    assert check_environment(Blind, frames=60, quiet=True).passed


@pytest.mark.parametrize(
    "env", [lambda: gymnasium.make("CartPole-v1"), gymnasium.make("CartPole-v1"), made(SOUND), made(SOUND)()]
)
def test_that_sound_environments_pass(env: object) -> None:
    out = io.StringIO()
    report = check_environment(env, frames=100, out=out)
    assert report.passed, out.getvalue()
    assert "fit for games of several people" in out.getvalue()
    assert "at 30 fps" in out.getvalue()


def test_that_the_report_names_what_is_wrong() -> None:
    out = io.StringIO()
    report = check_environment(
        made(changed(more="next(self.walk)", begin="self.walk = (i for i in range(10**6))")), out=out
    )
    assert not report.passed
    assert "error: env.walk (generator) cannot be saved" in out.getvalue()


def test_that_nothing_is_printed_where_nobody_wants_it(capsys: pytest.CaptureFixture[str]) -> None:
    check_environment(made(SOUND), frames=20, quiet=True)
    assert capsys.readouterr().out == ""
    check_environment(made(SOUND), frames=20)
    assert "fit for games" in capsys.readouterr().out


def test_that_what_is_no_environment_is_refused() -> None:
    with pytest.raises(PlayError, match="neither an environment nor a function"):
        check_environment(3)
    with pytest.raises(EnvironmentFailedError, match="RuntimeError: no"):
        check_environment(made(changed(more="raise RuntimeError('no')")))
